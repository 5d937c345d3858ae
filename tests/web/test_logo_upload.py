"""A logo is uploaded on the page of the design."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from newsletter import config
from newsletter.images import store
from newsletter.scheduling import unused_images
from tests.web.settings_site import Site, serve

pytestmark = pytest.mark.django_db
UPLOAD = "/desk/settings/n/kinaforum/design/logo/"


@pytest.fixture
def site(tmp_path: Path, admin: Client) -> Iterator[Site]:
    yield from serve(tmp_path / "config.toml", admin)


def _picture() -> SimpleUploadedFile:
    octets = BytesIO()
    Image.new("RGB", (300, 96), "red").save(octets, "PNG")
    return SimpleUploadedFile("logo.png", octets.getvalue(), "image/png")


@pytest.mark.parametrize("key", ["logo", "logo_dark"])
def test_an_uploaded_image_becomes_the_logo_and_stays(site: Site, key: str) -> None:
    answer = site.client.post(UPLOAD, {"image": _picture(), "key": key}, follow=True)
    assert "The logo has been changed." in answer.content.decode()
    address = site.newsletter["theme"][key]
    assert address.startswith("http://localhost:8000/images/")
    name = address.rpartition("/")[2]
    unused_images.remove(config.current(), datetime.now(UTC) + timedelta(days=60))
    assert store.path(config.current(), name) is not None


def test_what_is_no_image_is_refused_with_a_sentence(site: Site) -> None:
    file = SimpleUploadedFile("logo.png", b"no picture", "image/png")
    site.client.post(UPLOAD, {"image": file, "key": "logo"}, follow=True)
    assert "theme" not in site.newsletter


def test_editors_may_not_change_the_logo(site: Site, editor: Client) -> None:
    assert editor.post(UPLOAD, {"image": _picture(), "key": "logo"}).status_code == 403
