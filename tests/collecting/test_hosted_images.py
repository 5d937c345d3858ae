"""Images of posts are fetched once and stored; whatever a server sends costs little and gives one message."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from newsletter import config
from newsletter.collecting import hosted_images
from newsletter.config import Config
from newsletter.images import store
from newsletter.models import HostedImage
from newsletter.sandbox import Sandbox
from tests.doubles.pictures import HEIC, SVG, bomb, megabytes_of_refusing, picture
from tests.feeds.conftest import Answer, Site
from tests.web.make import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.e2e]


@pytest.fixture
def site() -> Iterator[Site]:
    """The server of the images."""
    running = Site()
    yield running
    running.close()


@pytest.fixture
def here(tmp_path: Path) -> Config:
    """A site in a folder of its own."""
    return replace(config.current(), file=tmp_path / "config.toml")


def fetched(here: Config, url: str, now: datetime = NOW) -> HostedImage:
    """What came of an address."""
    hosted_images.fetch(here, [url], now)
    return HostedImage.objects.get(url=url)


def limited(here: Config, **limits: object) -> Config:
    """The configuration with other limits of `[collect]`."""
    return replace(here, collect=replace(here.collect, **limits))


def stored(here: Config, image: HostedImage) -> tuple[str | None, tuple[int, int]]:
    """Format and size of the stored file."""
    path = store.path(here, image.name)
    assert path is not None
    with Image.open(path) as found:
        return found.format, found.size


def test_an_image_is_fetched_once_and_stored(site: Site, here: Config) -> None:
    site.pages["/a.webp"] = Answer(picture(60, 40, "WEBP"))
    image = fetched(here, site.base + "/a.webp")
    assert stored(here, image) == ("JPEG", (60, 40))
    assert fetched(here, site.base + "/a.webp", NOW + timedelta(days=9)).name == image.name
    assert len(site.requests) == 1
    assert site.requests[0][1]["accept"].startswith("image/")


def test_the_same_image_at_two_addresses_is_one_file(site: Site, here: Config) -> None:
    site.pages |= {"/a": Answer(picture()), "/b": Answer(picture())}
    hosted_images.fetch(here, [site.base + "/a", site.base + "/b"], NOW)
    assert len({image.name for image in HostedImage.objects.all()}) == len(list(store.folder(here).iterdir())) == 1


def test_a_file_that_is_missing_is_fetched_again(site: Site, here: Config) -> None:
    site.pages["/a"] = Answer(picture())
    image = fetched(here, site.base + "/a")
    (store.folder(here) / image.name).unlink()
    assert stored(here, fetched(here, site.base + "/a", NOW + timedelta(hours=1))) == ("PNG", (60, 40))


def test_a_failed_image_is_tried_again_later(site: Site, here: Config) -> None:
    url = site.base + "/a"
    assert str(fetched(here, url).problem).startswith(f"{url}: ")
    site.pages["/a"] = Answer(picture())
    assert not fetched(here, url, NOW + timedelta(minutes=9)).name
    image = fetched(here, url, NOW + timedelta(minutes=10))
    assert image.name
    assert image.problem is None


UNUSABLE = {
    "svg": SVG,
    "heic": HEIC,
    "bomb": bomb(),
    "truncated": picture()[:-30],
    "page": b"<html>not found</html>",
    "empty": b"",
    "polyglot": b"GIF89a" + b"<script>alert(1)</script>" * 9,
    "noise": b"\x89PNG\r\n\x1a\n" + b"\xff" * 500,
}


def test_an_unusable_image_is_refused_permanently(site: Site, here: Config) -> None:
    site.pages |= {f"/{name}": Answer(data, kind="image/png") for name, data in UNUSABLE.items()}
    urls = [f"{site.base}/{name}" for name in UNUSABLE]
    hosted_images.fetch(here, urls, NOW)
    images = hosted_images.known(urls)
    assert [url for url in urls if not images[url].unusable or images[url].problem is None] == []
    hosted_images.fetch(here, urls, NOW + timedelta(days=9))
    assert len(site.requests) == len(urls)
    assert not store.folder(here).exists()


def test_only_the_pixels_of_a_polyglot_are_kept(site: Site, here: Config) -> None:
    site.pages["/a"] = Answer(picture() + b"<script>alert(1)</script>PK\x03\x04")
    path = store.path(here, fetched(here, site.base + "/a").name)
    assert path is not None
    assert b"script" not in path.read_bytes()


def test_a_bomb_costs_little_memory() -> None:
    with Sandbox(20, 400) as sandbox:
        assert sandbox.run(megabytes_of_refusing, bomb()) < 300


def test_an_image_of_very_many_pixels_ends_the_child_at_most(
    site: Site, here: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosted_images, "_MEGABYTES", 150)
    site.pages |= {"/large": Answer(bomb(7_700, 7_700)), "/small": Answer(picture())}
    assert fetched(here, site.base + "/large").unusable
    assert fetched(here, site.base + "/small").name


def test_a_redirect_to_a_private_address_is_not_followed(here: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    image = fetched(limited(here, allow_private_addresses=False), "http://127.0.0.1:9/a.png")
    assert (image.name, image.unusable) == ("", False)
    assert "is not a public address" in str(image.problem)


def test_a_large_file_is_not_read_to_its_end(site: Site, here: Config) -> None:
    site.pages["/a"] = Answer(b"\xff" * 65_536 for _ in range(10_000))
    image = fetched(limited(here, maximum_bytes=200_000), site.base + "/a")
    assert "it is larger than 200,000 bytes" in str(image.problem)


def test_a_slow_server_is_left_at_the_timeout(site: Site, here: Config) -> None:
    def drip() -> Iterator[bytes]:
        for octet in picture():
            time.sleep(0.05)
            yield bytes([octet])

    site.pages |= {"/slow": Answer(drip()), "/a": Answer(picture())}
    urls = [site.base + "/slow", site.base + "/a"]
    hosted_images.fetch(limited(here, timeout=timedelta(seconds=0.4)), urls, NOW)
    images = hosted_images.known(urls)
    assert "no complete answer within 0.4 s" in str(images[urls[0]].problem)
    assert images[urls[1]].name


@pytest.mark.parametrize("limit", ["MOST", "MOST_BYTES", "SECONDS"])
def test_images_beyond_the_limit_are_left_to_the_next_call(
    site: Site, here: Config, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    urls = [f"{site.base}/{number}" for number in range(6)]
    site.pages |= {f"/{number}": Answer(picture(10, 10 + number)) for number in range(6)}
    with monkeypatch.context() as patch:
        patch.setattr(hosted_images, "_SIDE_BY_SIDE", 1)
        patch.setattr(hosted_images, limit, 1 if limit != "SECONDS" else -1.0)
        hosted_images.fetch(here, urls, NOW)
    assert len(hosted_images.known(urls)) == (0 if limit == "SECONDS" else 1)
    hosted_images.fetch(here, urls, NOW)
    assert len(hosted_images.known(urls)) == 6
    assert len(site.requests) == 6
