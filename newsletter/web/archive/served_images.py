"""The images of the site: uploads that emails and archived editions show. Those that were only in editions which were
removed from the archive are gone.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.db.models import Max, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from newsletter.config import Config
from newsletter.images import names, store
from newsletter.models import ApprovedContent, Edition, EditionPost, HostedImage, State, Variant
from subscribers.requests import config_of

KEPT = f"public, max-age={365 * 86400}, immutable"
TYPES = {".jpg": "image/jpeg", ".png": "image/png", ".gif": "image/gif"}


@require_safe
def image(request: HttpRequest, name: str) -> HttpResponseBase:
    """Return an image. Its name is a hash of its content, so that caches may keep it indefinitely.

    410 if it was only in editions that were removed from the archive.
    """
    path = store.path(config_of(request), name)
    if path is None:
        raise Http404(f"there is no image {name}")
    if is_removed(config_of(request), name):
        return HttpResponse(
            "This image was removed.\n", status=410, content_type="text/plain", headers={"Cache-Control": "no-store"}
        )
    return served(path)


def served(path: Path) -> FileResponse:
    """Return the file of a stored image, with the headers that keep it from being anything else."""
    headers = {
        "Cache-Control": KEPT,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return FileResponse(path.open("rb"), content_type=TYPES[path.suffix], headers=headers)


_DRAFTED = ("greeting", "closing", "blocks")
"""The fields of a draft that may have addresses of images."""


def is_removed(configuration: Config, name: str) -> bool:
    """Return whether an image was only in editions that were removed from the archive. One query if there are none."""
    removed = Edition.objects.filter(removed_from_archive_at__isnull=False).order_by("pk")
    editions = tuple(removed.values_list("pk", "removed_from_archive_at"))
    if not editions:
        return False
    newest = ApprovedContent.objects.aggregate(newest=Max("pk"))["newest"] or 0
    if name not in _only_in(tuple(key for key, _ in editions), newest):
        return False
    return not _in_logos(configuration, name) and not _in_drafts(name, max(at for _, at in editions if at))


@lru_cache(maxsize=2)
def _only_in(editions: tuple[int, ...], _newest: int) -> frozenset[str]:
    """Return the images of these editions that no other approved edition has.

    What was approved never changes, so they are the same until something is approved, which changes `newest`.
    """
    theirs = set(_used_in(editions, inside=True))
    return frozenset(theirs.difference(_used_in(editions, inside=False))) if theirs else frozenset()


def _used_in(editions: tuple[int, ...], *, inside: bool) -> Iterator[str]:
    contents: tuple[tuple[QuerySet[ApprovedContent] | QuerySet[Variant], tuple[str, ...]], ...] = (
        (ApprovedContent.objects.all(), ("html", "page")),
        (Variant.objects.all(), ("html",)),
    )
    for rows, fields in contents:
        chosen = rows.filter(edition__in=editions) if inside else rows.exclude(edition__in=editions)
        for field in fields:
            texts = chosen.filter(**{f"{field}__contains": names.PATH}).values_list(field, flat=True)
            for text in texts.iterator(chunk_size=20):
                yield from names.used_in(text)


def _in_logos(configuration: Config, name: str) -> bool:
    themes = (newsletter.theme for newsletter in configuration.newsletters.values())
    return any(name in logo for theme in themes for logo in (theme.logo, theme.logo_dark))


def _in_drafts(name: str, since: datetime) -> bool:
    """Return whether a draft has the image, in a text or, since this moment, in a post."""
    drafts = Edition.objects.filter(state=State.DRAFT)
    texts = (drafts.annotate(as_text=Cast(field, TextField())).filter(as_text__contains=name) for field in _DRAFTED)
    written = EditionPost.objects.filter(edition__in=drafts, text__contains=name)
    hosted = HostedImage.objects.filter(name=name, used_at__gt=since)
    return any(rows.exists() for rows in (*texts, written, hosted))
