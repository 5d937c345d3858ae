"""Removes images, of uploads and of sources, that no text uses any more."""

import logging
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from django.db.models import F, Model, TextField
from django.db.models.functions import Cast

from newsletter.collecting import hosted_images, pictures
from newsletter.config import Config
from newsletter.editions.hosting import keep_images_of_drafts
from newsletter.images import names, store
from newsletter.models import ApprovedContent, Edition, EditionPost, Revision, Variant

KEPT = timedelta(days=30)
"""How long an image is kept after it was stored, whether a text uses it or not."""

REMEMBERED = timedelta(days=180)
"""How long sizes of images and pictures of videos are remembered."""

TEXTS: tuple[tuple[type[Model], str], ...] = (
    (Revision, "snapshot"),
    (Edition, "greeting"),
    (Edition, "closing"),
    (EditionPost, "text"),
    (ApprovedContent, "html"),
    (ApprovedContent, "page"),
    (Variant, "html"),
)
"""Where addresses of images are: what was sent, what is written, and what undo can restore."""

_log = logging.getLogger(__name__)


def remove(configuration: Config, now: datetime) -> None:
    """Remove images that were stored long ago and are neither in an edition nor in the history of one."""
    keep_images_of_drafts(configuration, now)
    hosted_images.forget(now - KEPT)
    pictures.forget(now - REMEMBERED)
    old = store.stored_before(configuration, now - KEPT)
    removed = store.remove(configuration, old - _used(configuration), now - KEPT) if old else 0
    if removed:
        _log.info("removed %d unused images", removed)


def _used(configuration: Config) -> set[str]:
    themes = [newsletter.theme for newsletter in configuration.newsletters.values()]
    logos = [logo for theme in themes for logo in (theme.logo, theme.logo_dark)]
    return (
        {name for text in (*logos, *_texts(TEXTS)) for name in names.used_in(text)}
        | hosted_images.stored()
        | pictures.stored()
    )


def _texts(where: Collection[tuple[type[Model], str]]) -> Iterator[str]:
    for model, field in where:
        rows = model._default_manager.annotate(as_text=Cast(F(field), TextField()))
        yield from rows.filter(as_text__contains=names.PATH).values_list("as_text", flat=True).iterator()
