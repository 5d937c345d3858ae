"""A logo is uploaded on the page of the design."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image, ImageDraw

from newsletter import config
from newsletter.images import store
from newsletter.scheduling import unused_images
from newsletter.web.desk.body_limits import LARGEST, body_limit
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


def test_a_logo_may_have_as_many_octets_as_other_images(site: Site) -> None:
    cookie = f"{settings.SESSION_COOKIE_NAME}={site.client.cookies[settings.SESSION_COOKIE_NAME].value}".encode()
    sizes = [body_limit({"path": path, "headers": [(b"cookie", cookie)]}) for path in (UPLOAD, "/desk/none/")]
    assert sizes == [30_000_000, LARGEST]


def test_the_page_of_a_form_that_was_too_large_says_how_much_it_may_send(site: Site) -> None:
    design = "/desk/settings/n/kinaforum/design/"
    answer = site.client.get("/desk/too-large/", {"most": "30000000", "page": design}, follow=True)
    assert answer.redirect_chain == [(design, 302)]
    assert "Nothing was saved: a form may have at most 30 MB here." in answer.content.decode()
    for elsewhere in ("//example.org/desk/", "https://example.org/"):
        assert site.client.get("/desk/too-large/", {"page": elsewhere}).status_code == 404


def _drawn(ground: str, *letters: str) -> SimpleUploadedFile:
    """A logo with a letter in each colour."""
    octets, image = BytesIO(), Image.new("RGBA", (300, 96), ground)
    for number, colour in enumerate(letters):
        ImageDraw.Draw(image).text((20 + 60 * number, 10), "K", colour, font_size=70)
    image.save(octets, "PNG")
    return SimpleUploadedFile("logo.png", octets.getvalue(), "image/png")


def test_the_logo_for_dark_mode_is_made_from_dark_letters_on_a_transparent_ground(site: Site) -> None:
    upload = {"image": _drawn("#00000000", "#000000", "#333333"), "key": "logo", "make_dark": "on"}
    page = site.client.post(UPLOAD, upload, follow=True).content.decode()
    assert "A light one was made from it for dark mode." in page
    names = [site.newsletter["theme"][key].rpartition("/")[2] for key in ("logo", "logo_dark")]
    files = [store.path(config.current(), name) for name in names]
    assert None not in files
    logo, dark = (Image.open(file).convert("RGBA") for file in files if file)
    assert dark.getchannel("A").tobytes() == logo.getchannel("A").tobytes(), "the letters have their shape"
    letters = dark.getchannel("A").point(lambda value: 255 if value >= 64 else 0)
    assert not any(dark.convert("L").histogram(letters)[:190])
    site.client.post(UPLOAD, {"image": _drawn("white", "black"), "key": "logo", "make_dark": "on"}, follow=True)
    assert site.newsletter["theme"]["logo_dark"].endswith(names[1]), "a logo of one's own is not removed"


@pytest.mark.parametrize(
    ("ground", "letters"),
    [
        ("#ffffff", ["#000000"]),
        ("#00000000", ["#000000", "#c01020"]),
        ("#00000000", ["#ffffff"]),
        ("#00000000", ["#000000", "#ffffff"]),
        ("#00000000", []),
    ],
)
def test_no_logo_for_dark_mode_is_made_where_it_could_lose_its_look(
    site: Site, ground: str, letters: list[str]
) -> None:
    upload = {"image": _drawn(ground, *letters), "key": "logo", "make_dark": "on"}
    page = site.client.post(UPLOAD, upload, follow=True).content.decode()
    assert "In dark mode the logo stands on white" in page
    assert set(site.newsletter["theme"]) == {"logo"}


def test_what_is_no_image_is_refused_with_a_sentence(site: Site) -> None:
    file = SimpleUploadedFile("logo.png", b"no picture", "image/png")
    site.client.post(UPLOAD, {"image": file, "key": "logo"}, follow=True)
    assert "theme" not in site.newsletter


def test_editors_may_not_change_the_logo(site: Site, editor: Client) -> None:
    assert editor.post(UPLOAD, {"image": _picture(), "key": "logo"}).status_code == 403
