"""The folder of images: complete files under a name of their content, private, removed only when they are old."""

import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.config import Config, parse
from newsletter.images import store
from newsletter.images.mail_image import MailImage
from newsletter.images.names import size_of, used_in
from tests.settings import TEXT

NOW = datetime(2026, 2, 6, tzinfo=UTC)
IMAGE = MailImage(b"an image", "jpg", 1104, 736)


@pytest.fixture
def configuration(tmp_path: Path) -> Config:
    """A site in a folder of its own."""
    return parse(TEXT, tmp_path / "config.toml")


def _age(configuration: Config, name: str, at: datetime) -> None:
    os.utime(store.folder(configuration) / name, (at.timestamp(), at.timestamp()))


def test_a_name_is_made_of_content_and_size(configuration: Config) -> None:
    name = store.keep(configuration, IMAGE)
    assert store.keep(configuration, IMAGE) == name
    assert size_of(name) == (1104, 736)
    assert store.keep(configuration, replace(IMAGE, data=b"another")) != name
    found = store.path(configuration, name)
    assert found is not None
    assert found.read_bytes() == b"an image"


def test_files_are_private(configuration: Config) -> None:
    name = store.keep(configuration, IMAGE)
    place = store.folder(configuration)
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE((place / name).stat().st_mode) == 0o600


def test_it_is_beside_the_database(tmp_path: Path) -> None:
    text = TEXT.replace("sqlite:///newsletter.db", "sqlite:///data/newsletter.db")
    assert store.folder(parse(text, tmp_path / "config.toml")) == tmp_path / "data" / "images"


@pytest.mark.parametrize("name", ["../config.toml", "x.jpg", "0" * 32 + "-1x1.svg", "0" * 32 + "-0x1.jpg"])
def test_other_names_are_not_found(configuration: Config, name: str) -> None:
    store.keep(configuration, IMAGE)
    assert store.path(configuration, name) is None


def test_a_name_is_found_in_a_text(configuration: Config) -> None:
    name = store.keep(configuration, IMAGE)
    assert list(used_in(f"Text ![Et hus](/images/{name}) and <img src=https://a.example/images/{name}>")) == [name] * 2
    assert list(used_in(name)) == []


def test_only_old_images_are_removed(configuration: Config) -> None:
    name = store.keep(configuration, IMAGE)
    _age(configuration, name, NOW)
    assert store.stored_before(configuration, NOW) == set()
    later = NOW + timedelta(seconds=1)
    assert store.stored_before(configuration, later) == {name}
    assert store.remove(configuration, {name}, NOW) == 0
    assert store.remove(configuration, {name}, later) == 1
    assert store.path(configuration, name) is None


def test_an_image_that_is_stored_again_counts_as_new(configuration: Config) -> None:
    name = store.keep(configuration, IMAGE)
    _age(configuration, name, NOW)
    store.keep(configuration, IMAGE)
    assert store.remove(configuration, {name}, NOW + timedelta(days=1)) == 0


def test_an_unfinished_file_is_removed_with_the_old_ones(configuration: Config) -> None:
    store.keep(configuration, IMAGE)
    (store.folder(configuration) / "tmp123.part").write_bytes(b"half")
    _age(configuration, "tmp123.part", NOW)
    assert store.stored_before(configuration, NOW + timedelta(days=1)) == {"tmp123.part"}


def test_other_files_in_the_folder_stay(configuration: Config) -> None:
    store.keep(configuration, IMAGE)
    (store.folder(configuration) / "README").write_bytes(b"by hand")
    _age(configuration, "README", NOW)
    assert store.stored_before(configuration, NOW + timedelta(days=1)) == set()
