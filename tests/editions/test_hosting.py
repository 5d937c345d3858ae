"""Images of posts that the site serves itself: approved editions show copies, whatever the sources do later."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from newsletter import config
from newsletter.config import Config
from newsletter.editions import approval, editing, hosting
from newsletter.editions.rendering import make_proof
from newsletter.images import store
from newsletter.models import ApprovedContent, Edition, HostedImage, Post
from newsletter.scheduling import unused_images
from tests.doubles.pictures import SVG, moving, picture
from tests.feeds.conftest import Answer, Site
from tests.web import make
from tests.web.make import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.e2e]
TEXT = "<p>There is something to read in this post, and it goes on for a while, so that it is a text.</p>"
SOURCES = re.compile(r'<img[^>]*\bsrc="([^"]*)"')


@pytest.fixture
def site() -> Iterator[Site]:
    """The blog's server."""
    running = Site()
    running.pages["/a.png"] = Answer(picture(1600, 800, colour="red"))
    yield running
    running.close()


@pytest.fixture
def here(tmp_path: Path) -> Config:
    """A site in a folder of its own, which serves images of posts."""
    return _with_images(replace(config.current(), file=tmp_path / "config.toml"), "hosted")


def _with_images(here: Config, images: str) -> Config:
    newsletter = replace(here.newsletters["kinaforum"], images=images, body="full")
    return replace(here, newsletters={**here.newsletters, "kinaforum": newsletter})


def _draft(html: str) -> Edition:
    draft = make.draft("First")
    Post.objects.filter(title="First").update(html=html)
    return draft


def _html(here: Config, draft: Edition) -> str:
    return make_proof(Edition.objects.get(pk=draft.pk), here).rendered.html


def _sources(here: Config, draft: Edition) -> list[str]:
    return [src for src in SOURCES.findall(_html(here, draft)) if "/static/" not in src]


def _codes(here: Config, draft: Edition) -> dict[str, str]:
    return {f.code: str(f.message) for f in make_proof(draft, here).findings if f.code.startswith("images-")}


def test_a_draft_shows_the_copy_once_it_is_fetched(site: Site, here: Config) -> None:
    draft = _draft(f'{TEXT}<p><img src="{site.base}/a.png" alt="Et hus"></p>')
    assert _sources(here, draft) == [f"{site.base}/a.png"]
    assert "it has not been fetched yet" in _codes(here, draft)["images-not-hosted"]
    hosting.fetch_images(here, draft, NOW)
    name = HostedImage.objects.get().name
    assert _sources(here, draft) == [f"http://localhost:8000/images/{name}"]
    assert re.search(r'<img[^>]* width="552"[^>]* height="276"', _html(here, draft))
    assert _codes(here, draft) == {}


def test_an_image_keeps_the_width_that_its_post_gives_it(site: Site, here: Config) -> None:
    draft = _draft(f'{TEXT}<p><img src="{site.base}/a.png" alt="" width="300" height="300"></p>')
    hosting.fetch_images(here, draft, NOW)
    assert re.search(r'<img[^>]* width="300"[^>]* height="150"', _html(here, draft))


def test_the_cover_that_a_feed_names_is_hosted_too(site: Site, here: Config) -> None:
    draft = _draft(TEXT)
    Post.objects.filter(title="First").update(image={"url": f"{site.base}/a.png", "alt": "Et hus"})
    newsletter = here.newsletters["kinaforum"]
    newsletter = replace(newsletter, theme=replace(newsletter.theme, design="magazine"))
    here = replace(here, newsletters={**here.newsletters, "kinaforum": newsletter})
    hosting.fetch_images(here, draft, NOW)
    assert _sources(here, draft) == [f"http://localhost:8000/images/{HostedImage.objects.get().name}"]


def test_an_animation_is_kept(site: Site, here: Config) -> None:
    site.pages["/a.gif"] = Answer(moving(), kind="image/gif")
    draft = _draft(f'{TEXT}<p><img src="{site.base}/a.gif" alt=""></p>')
    hosting.fetch_images(here, draft, NOW)
    [address] = _sources(here, draft)
    assert address.endswith("-40x20.gif")
    config.use(here)
    answer = Client().get(address.removeprefix("http://localhost:8000"))
    assert answer["Content-Type"] == "image/gif"
    assert answer.getvalue().startswith(b"GIF89a")


def test_an_image_format_that_no_email_program_shows_is_left_out_and_counted(site: Site, here: Config) -> None:
    site.pages["/b.svg"] = Answer(SVG, kind="image/svg+xml")
    draft = _draft(f'{TEXT}<figure><img src="{site.base}/b.svg"><figcaption>En tegning</figcaption></figure>')
    hosting.fetch_images(here, draft, NOW)
    assert _sources(here, draft) == []
    assert "En tegning" not in _html(here, draft)
    assert _codes(here, draft)["images-left-out"].startswith("1 image was left out")


def test_an_image_that_cannot_be_fetched_keeps_its_address(site: Site, here: Config) -> None:
    urls = [f"{site.base}/b.png", f"{site.base}/c.png"]
    draft = _draft(TEXT + "".join(f'<p><img src="{url}" alt=""></p>' for url in urls))
    hosting.fetch_images(here, draft, NOW)
    assert _sources(here, draft) == urls
    assert list(_codes(here, draft)) == ["images-not-hosted"]
    assert "404" in _codes(here, draft)["images-not-hosted"]


def test_a_source_that_changes_an_image_changes_nothing_in_an_approved_edition(site: Site, here: Config) -> None:
    draft = _draft(f'{TEXT}<p><img src="{site.base}/a.png" alt=""></p>')
    hosting.fetch_images(here, draft, NOW)
    [address] = _sources(here, draft)
    approved = approval.approve(here, draft, now=NOW)
    path = store.path(here, address.rpartition("/")[2])
    assert path is not None
    before = path.read_bytes()
    site.pages["/a.png"] = Answer(picture(1600, 800, colour="blue"))
    hosting.fetch_images(here, approved, NOW + timedelta(days=1))
    assert _sources(here, approved) == [address]
    assert address in ApprovedContent.objects.get().html
    assert path.read_bytes() == before
    del site.pages["/a.png"]
    reopened = approval.reopen(approved, now=NOW + timedelta(days=2))
    hosting.fetch_images(here, reopened, NOW + timedelta(days=2))
    assert _sources(here, reopened) == [address]


@pytest.mark.parametrize("state", ["draft", "sent", "removed"])
def test_copies_are_kept_as_long_as_a_draft_or_an_archived_edition_shows_them(
    site: Site, here: Config, state: str
) -> None:
    draft = _draft(f'{TEXT}<p><img src="{site.base}/a.png" alt=""></p>')
    hosting.fetch_images(here, draft, NOW)
    name = HostedImage.objects.get().name
    if state == "sent":
        approval.approve(here, draft, now=NOW)
    if state == "removed":
        editing.leave_out(here, draft, "", None, Post.objects.get(title="First").pk, NOW)
    unused_images.remove(here, NOW + timedelta(days=20_000))
    assert (store.path(here, name) is not None) == (state != "removed")
    assert HostedImage.objects.exists() == (state == "draft")


def test_no_images_are_shown_with_none(site: Site, here: Config) -> None:
    figure = f'<figure><img src="{site.base}/a.png"><img src="{site.base}/b.png"></figure>'
    draft = _draft(f'{TEXT}{figure}<p>Etterpå <img src="{site.base}/a.png"> er det mer.</p>')
    assert _sources(_with_images(here, "none"), draft) == []
    assert "er det mer." in _html(_with_images(here, "none"), draft)


@pytest.mark.parametrize("images", ["source", "none"])
def test_nothing_is_fetched_unless_images_are_hosted(site: Site, here: Config, images: str) -> None:
    draft = _draft(f'{TEXT}<p><img src="{site.base}/a.png" alt=""></p>')
    hosting.fetch_images(_with_images(here, images), draft, NOW)
    assert site.requests == []


@pytest.mark.django_db(transaction=True)
def test_a_change_at_the_desk_fetches_in_the_background(
    site: Site, here: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(hosting, "enqueue", lambda task, key, **given: asked.append((task.name, given["number"])))
    draft = _draft(f'{TEXT}<p><img src="{site.base}/a.png" alt=""></p>')
    editing.set_words(here, draft, "", None, {"greeting": "Hei"}, NOW)
    assert asked == [("fetch-images", str(draft.pk))]
    assert site.requests == []
    hosting.FETCH_IMAGES.run(here, number=str(draft.pk))
    assert HostedImage.objects.get().name
