"""Uploaded images are kept while an edition, its history or a logo uses them, and removed later."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter import config
from newsletter.config import Config
from newsletter.editions import editing
from newsletter.images import store
from newsletter.images.mail_image import MailImage
from newsletter.models import ApprovedContent, Edition, Post
from newsletter.scheduling import unused_images
from tests.web import make

pytestmark = pytest.mark.django_db
NOW = make.NOW
Use = Callable[[Config, Edition, str], object]


@pytest.fixture
def configuration(tmp_path: Path) -> Config:
    """A site in a folder of its own."""
    return replace(config.current(), file=tmp_path / "config.toml")


def _stored(configuration: Config, age: timedelta) -> str:
    name = store.keep(configuration, MailImage(b"an image", "jpg", 10, 10))
    at = (NOW - age).timestamp()
    os.utime(store.folder(configuration) / name, (at, at))
    return name


def _is_kept(configuration: Config, name: str) -> bool:
    unused_images.remove(configuration, NOW)
    return store.path(configuration, name) is not None


@pytest.mark.parametrize(("days", "kept"), [(29, True), (31, False)])
def test_an_image_that_nothing_uses_is_removed_after_a_month(configuration: Config, days: int, kept: bool) -> None:
    assert _is_kept(configuration, _stored(configuration, timedelta(days=days))) is kept


def _in_greeting(configuration: Config, edition: Edition, text: str) -> object:
    return editing.set_words(configuration, edition, "", None, {"greeting": text}, NOW)


def _in_post(configuration: Config, edition: Edition, text: str) -> object:
    return editing.rewrite(configuration, edition, "", None, Post.objects.get(title="First").pk, text, NOW)


def _in_an_earlier_revision(configuration: Config, edition: Edition, text: str) -> object:
    _in_greeting(configuration, edition, text)
    return _in_greeting(configuration, edition, "Without an image")


def _in_what_was_sent(configuration: Config, edition: Edition, text: str) -> object:
    return ApprovedContent.objects.create(
        edition=edition, revision=1, subject="", preheader="", html=text, text="", placeholders=[], headers={},
        segments=b"",
    )  # fmt: skip


@pytest.mark.parametrize("use", [_in_greeting, _in_post, _in_an_earlier_revision, _in_what_was_sent])
def test_a_used_image_is_kept(configuration: Config, use: Use) -> None:
    draft, name = make.draft("First"), _stored(configuration, timedelta(days=400))
    use(configuration, draft, f"Text ![Et hus](/images/{name})")
    assert _is_kept(configuration, name)


def test_a_logo_is_kept(configuration: Config) -> None:
    name = _stored(configuration, timedelta(days=400))
    newsletter = configuration.newsletters["kinaforum"]
    theme = replace(newsletter.theme, logo=f"https://brev.example.org/images/{name}")
    newsletters = {**configuration.newsletters, "kinaforum": replace(newsletter, theme=theme)}
    assert _is_kept(replace(configuration, newsletters=newsletters), name)


def test_a_site_without_uploads_has_nothing_to_remove(configuration: Config) -> None:
    unused_images.remove(configuration, datetime(2026, 2, 6, tzinfo=UTC))
    assert not store.folder(configuration).exists()
