"""Sizes of images and pictures of videos are looked up once when posts are collected."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from newsletter import config
from newsletter.collecting import pictures
from newsletter.config import Config
from newsletter.domain.found_post import Image
from newsletter.editions import editing, hosting
from newsletter.editions.rendering import digest_of, make_proof
from newsletter.images import store
from newsletter.models import MeasuredImage, VideoPreview
from tests.doubles.pictures import SVG, bomb, picture
from tests.factories import NAME, NOW, collected, collected_before, configured, drafted, found
from tests.feeds.conftest import Answer, Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Iterator[Site]:
    """The server of images and pages."""
    running = Site()
    yield running
    running.close()


@pytest.fixture
def here(tmp_path: Path) -> Config:
    """A newsletter in a folder of its own, which shows posts in full."""
    collect = replace(config.current().collect, allow_private_addresses=True)
    made = replace(configured(body="full"), file=tmp_path / "config.toml", collect=collect)
    collected_before()
    return config.use(made)


def looked_up(here: Config, html: str, now: datetime = NOW, **fields: object) -> None:
    """Collect a post and look up its pictures."""
    collected(found("one", html=html, **fields), now=now)
    pictures.look_up(here, [NAME], now)


def test_an_image_without_a_size_is_measured_once_and_shown_in_its_size(site: Site, here: Config) -> None:
    site.pages["/a.png"] = Answer(picture(300, 200))
    looked_up(here, f'<p><img src="{site.base}/a.png" alt="A"></p>')
    pictures.look_up(here, [NAME], NOW + timedelta(hours=1))
    assert len(site.requests) == 1
    assert 'width="300" height="200"' in make_proof(drafted(), here).rendered.html


def test_only_the_beginning_of_a_large_file_is_read(site: Site, here: Config) -> None:
    def endless() -> Iterator[bytes]:
        yield picture(300, 200, "JPEG")
        while True:
            yield b"\0" * 65_536

    site.pages["/a.jpg"] = Answer(endless())
    looked_up(here, f'<p><img src="{site.base}/a.jpg" alt="A"></p>')
    assert pictures.sizes([f"{site.base}/a.jpg"]) == {f"{site.base}/a.jpg": (300, 200)}


def test_a_failed_lookup_has_no_effect_and_is_repeated_the_next_day(site: Site, here: Config) -> None:
    site.pages["/svg"], site.pages["/good.png"] = Answer(SVG), Answer(picture(300, 200))
    images = "".join(f'<p><img src="{site.base}/{name}"></p>' for name in ("missing.png", "svg", "good.png"))
    looked_up(here, images + '<p><img src="http://no-such-host.invalid/a.png"></p>')
    assert list(pictures.sizes([row.url for row in MeasuredImage.objects.all()])) == [f"{site.base}/good.png"]
    count = len(site.requests)
    pictures.look_up(here, [NAME], NOW + timedelta(hours=23))
    assert len(site.requests) == count
    pictures.look_up(here, [NAME], NOW + timedelta(hours=25))
    assert len(site.requests) == count + 2


def test_private_addresses_are_not_fetched(site: Site, here: Config) -> None:
    site.pages["/a.png"] = Answer(picture())
    guarded = replace(here, collect=replace(here.collect, allow_private_addresses=False))
    looked_up(guarded, f'<p><img src="{site.base}/a.png"></p><p><a href="{site.base}/w/{"x" * 22}">▶ Film</a></p>')
    assert site.requests == []


@pytest.mark.parametrize(
    "image",
    ['<img src="BASE/a.png" width="20">', '<img src="BASE/a-300x200.png">', '<img src="BASE/twemoji/1.png" alt="x">'],
)
def test_images_whose_size_is_known_are_not_fetched(site: Site, here: Config, image: str) -> None:
    looked_up(here, f"<p>{image.replace('BASE', site.base)}</p>")
    assert site.requests == []


def test_nothing_is_fetched_that_is_not_shown(site: Site, here: Config) -> None:
    for images in ("none", "hosted"):
        newsletters = {NAME: replace(here.newsletters[NAME], images=images)}
        looked_up(replace(here, newsletters=newsletters), f'<p><img src="{site.base}/a.png"></p>')
    assert site.requests == []


def test_a_call_stops_when_its_time_is_over(site: Site, here: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "SECONDS", 0.0)
    looked_up(here, f'<p><img src="{site.base}/a.png"></p>')
    assert (site.requests, MeasuredImage.objects.count()) == ([], 0)


def watch(site: Site) -> str:
    return f"{site.base}/videos/watch/1f2e3d4c"


def film(site: Site, title: str = "127.0.0.1") -> str:
    return f'<p>Look:</p><p><a href="{watch(site)}">▶ {title}</a></p>'


@pytest.mark.e2e
def test_a_video_gets_the_picture_and_the_title_of_its_page(site: Site, here: Config) -> None:
    head = '<meta property="og:title" content="Harbour &amp; dawn"><meta property="og:image" content="/thumb.jpg">'
    site.pages["/videos/watch/1f2e3d4c"] = Answer(f"<html><head>{head}</head></html>".encode())
    site.pages["/thumb.jpg"] = Answer(picture(640, 360, "JPEG"))
    looked_up(here, film(site))
    preview = VideoPreview.objects.get()
    assert preview.title == "Harbour & dawn"
    assert store.path(here, preview.name) is not None
    shown = make_proof(drafted(), here).rendered
    assert f'<a href="{watch(site)}"' in shown.html
    assert f'src="{here.site.url}/images/{preview.name}" alt="" width="552"' in shown.html
    assert "▶ Harbour &amp; dawn<" in shown.html
    assert f"▶ Harbour & dawn: {watch(site)}" in shown.text


@pytest.mark.e2e
def test_a_page_can_lead_to_oembed(site: Site, here: Config) -> None:
    link = '<link rel="alternate" type="application/json+oembed" href="/services/oembed?url=x">'
    site.pages["/videos/watch/1f2e3d4c"] = Answer(f"<html><head>{link}</head></html>".encode())
    answer = {"title": "By oEmbed", "thumbnail_url": f"{site.base}/thumb.jpg"}
    site.pages["/services/oembed"] = Answer(json.dumps(answer).encode(), "application/json")
    site.pages["/thumb.jpg"] = Answer(picture(640, 360, "JPEG"))
    looked_up(here, film(site))
    assert [(row.title, bool(row.name)) for row in VideoPreview.objects.all()] == [("By oEmbed", True)]


@pytest.mark.e2e
def test_the_picture_of_the_feed_is_used_where_the_post_is_the_video(site: Site, here: Config) -> None:
    site.pages["/feed.jpg"] = Answer(picture(640, 360, "JPEG"))
    looked_up(here, film(site), url=watch(site), image=Image(f"{site.base}/feed.jpg"))
    assert [path for path, _ in site.requests if path != "/feed.jpg"] == []
    (post,) = digest_of(drafted(), here).posts
    assert post.previews[0].image is not None


@pytest.mark.e2e
@pytest.mark.parametrize("field", ["greeting", "closing", "text"])
def test_a_video_in_an_editors_text_gets_them_too(site: Site, here: Config, field: str) -> None:
    head = '<meta property="og:title" content="Dawn"><meta property="og:image" content="/thumb.jpg">'
    site.pages["/videos/watch/1f2e3d4c"] = Answer(f"<html><head>{head}</head></html>".encode())
    site.pages["/thumb.jpg"] = Answer(picture(640, 360, "JPEG"))
    collected(found("one", html="<p>Some text of a post.</p>"), now=NOW)
    edition, written = drafted(), f"Look:\n\n[▶ 127.0.0.1]({watch(site)})"
    if field == "text":
        edition.entries.update(text=written)
    else:
        edition = editing.set_words(here, edition, "editor", edition.revision, {field: written}, NOW)
    hosting.fetch_images(here, edition, NOW)
    rendered = make_proof(edition, here).rendered
    assert f'src="{here.site.url}/images/{VideoPreview.objects.get().name}" alt="" width="552"' in rendered.html
    assert f"▶ Dawn: {watch(site)}" in rendered.text
    hosting.fetch_images(here, edition, NOW)
    assert len(site.requests) == 2


@pytest.mark.e2e
def test_without_a_picture_our_own_stands_there(site: Site, here: Config) -> None:
    site.pages["/videos/watch/1f2e3d4c"] = Answer(
        b'<html><head><meta property="og:image" content="/bomb"></head></html>'
    )
    site.pages["/bomb"] = Answer(bomb())
    looked_up(here, film(site, "Harbour at dawn"))
    assert VideoPreview.objects.get().name == ""
    assert "/static/email/play.png" in make_proof(drafted(), here).rendered.html


def test_a_slow_server_takes_no_longer_than_the_limits_of_collecting(site: Site, here: Config) -> None:
    def slow() -> Iterator[bytes]:
        while True:
            yield b"<"
            time.sleep(0.05)

    site.pages["/videos/watch/1f2e3d4c"] = Answer(slow())
    limited = replace(here, collect=replace(here.collect, timeout=timedelta(seconds=0.3)))
    looked_up(limited, film(site))
    assert VideoPreview.objects.get().name == ""
