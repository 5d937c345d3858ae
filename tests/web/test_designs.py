"""The desk's page of designs, and the preview beside the settings of a design."""

from collections.abc import Iterator
from pathlib import Path

import lxml.html
import pytest
from django.test import Client

from newsletter import config
from newsletter.render.theme.designs import DESIGNS
from tests import settings
from tests.web import make

pytestmark = pytest.mark.django_db
PAGE = "/desk/settings/n/kinaforum/designs/"
SETTINGS = "/desk/settings/n/kinaforum/design/"


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Path]:
    """The configuration in force as a file."""
    before, file = config.current(), tmp_path / "config.toml"
    file.write_text(settings.TEXT)
    config.use(config.load(file, {}))
    yield file
    config.use(before)


def test_every_design_has_a_frame_with_the_newsletters_posts(admin: Client) -> None:
    make.draft("Tea at four")
    page = admin.get(PAGE).content.decode()
    for design in DESIGNS:
        assert f"{PAGE}{design}/frame/" in page
        frame = admin.get(f"{PAGE}{design}/frame/")
        assert "Tea at four" in frame.content.decode()
        assert "sandbox" in frame["Content-Security-Policy"]


def test_no_design_can_be_chosen_where_the_environment_sets_it(
    admin: Client, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.draft("Tea at four")
    monkeypatch.setenv("NEWSLETTER__NEWSLETTERS__KINAFORUM__THEME__DESIGN", "letter")
    page = admin.get(PAGE).content.decode()
    assert "Set by $NEWSLETTER__NEWSLETTERS__KINAFORUM__THEME__DESIGN; change it there." in page
    assert page.count("<button disabled>") == len(DESIGNS) - 1
    refused = admin.post(f"{PAGE}use/", {"design": "magazine"}, follow=True).content.decode()
    assert "set by $NEWSLETTER__NEWSLETTERS__KINAFORUM__THEME__DESIGN; change it there" in refused


def test_a_frame_can_be_dark(admin: Client) -> None:
    make.draft("Tea at four")
    frame = admin.get(f"{PAGE}magazine/frame/", {"dark": "1"}).content.decode()
    assert "@media (min-width: 0)" in frame
    assert f"{PAGE}magazine/frame/?dark=1" in admin.get(PAGE, {"dark": "1"}).content.decode()


def test_without_posts_the_page_says_so(admin: Client) -> None:
    assert "There are no posts yet to show." in admin.get(PAGE).content.decode()
    assert admin.get(f"{PAGE}letter/frame/").status_code == 404


def test_an_unknown_design_is_not_found(admin: Client) -> None:
    make.draft("Tea at four")
    assert admin.get(f"{PAGE}baroque/frame/").status_code == 404


def _typed(client: Client, **typed: str) -> str:
    """The preview with what is typed into the form of the design, which is not saved."""
    page = lxml.html.fromstring(client.get(SETTINGS).content)
    form = next(form for form in page.forms if form.inputs and "theme.accent" in form.fields)
    given = dict(form.form_values()) | {f"theme.{key}": text for key, text in typed.items()}
    answer = client.post(f"{SETTINGS}preview/", given)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_design_is_previewed_as_it_is_typed_and_nothing_is_saved(admin: Client, written: Path) -> None:
    make.draft("Tea at four")
    before = written.read_text()
    saved = admin.get(f"{SETTINGS}preview/").content.decode()
    assert "Tea at four" in saved
    assert "#00aa77" not in saved
    typed = _typed(admin, accent="#00aa77", tagline="Every Friday")
    assert "#00aa77" in typed
    assert "Every Friday" in typed
    assert written.read_text() == before


def test_errors_are_shown_in_the_preview(admin: Client, written: Path) -> None:
    make.draft("Tea at four")
    assert "&#x27;reddish&#x27; is not a colour" in _typed(admin, accent="reddish")


def test_a_preview_without_posts_says_so(admin: Client) -> None:
    assert "There are no posts yet to show." in admin.get(f"{SETTINGS}preview/").content.decode()


def test_editors_see_no_preview_of_settings(editor: Client) -> None:
    assert editor.get(f"{SETTINGS}preview/").status_code == 403


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"= [", b"a = " + b"[" * 3_000])
def test_a_file_that_can_not_be_read_any_more_leaves_the_preview(
    content: bytes | None, written: Path, admin: Client
) -> None:
    make.draft("Tea at four")
    if content is None:
        written.unlink()
    else:
        written.write_bytes(content)
    answer = admin.post(f"{SETTINGS}preview/", {"theme.accent": "#00aa77"})
    assert "Tea at four" in answer.content.decode()
    dark = admin.post(f"{SETTINGS}preview/", {"theme.accent": "#00aa77", "dark": "1"})
    assert "(min-width: 0)" in dark.content.decode()
    assert "(min-width: 0)" not in answer.content.decode()
    assert admin.get(SETTINGS).status_code == 200
