"""Images that editors upload: stored safely, served to everybody with long cache headers, refused with a sentence."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from newsletter import config
from newsletter.config import parse
from newsletter.images import store
from newsletter.web.desk import body_limits, writing as writing
from tests.settings import TEXT

UPLOAD = "/desk/editor/image/"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """The site's folder; the database stays the tests' own."""
    before = config.current()
    config.use(parse(TEXT, tmp_path / "config.toml"))
    yield tmp_path
    config.use(before)


def _file(width: int = 40, height: int = 20, form: str = "PNG") -> SimpleUploadedFile:
    data = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(data, form)
    return SimpleUploadedFile("hus.png", data.getvalue())


@pytest.mark.e2e
def test_an_image_that_takes_too_much_memory_costs_only_itself(editor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MEGABYTES", 60)
    answer = editor.post(UPLOAD, {"image": _file(4_000, 4_000)})
    assert (answer.status_code, "60 MB of memory" in answer.json()["problem"]) == (422, True)


@pytest.mark.e2e
def test_an_upload_is_served_to_everybody_for_a_year(editor: Client, folder: Path) -> None:
    answer = editor.post(UPLOAD, {"image": _file()})
    assert answer.status_code == 200
    url = answer.json()["url"]
    assert re.fullmatch(r"/images/[0-9a-f]{32}-40x20\.(png|jpg)", url)
    shown = Client().get(url)
    assert Image.open(io.BytesIO(shown.getvalue())).size == (40, 20)
    assert shown["Cache-Control"] == "public, max-age=31536000, immutable"
    assert shown["Content-Type"] in ("image/png", "image/jpeg")
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert shown["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Set-Cookie" not in shown


@pytest.mark.e2e
def test_a_file_that_is_no_image_is_refused_with_a_sentence(editor: Client, folder: Path) -> None:
    answer = editor.post(UPLOAD, {"image": SimpleUploadedFile("hus.png", b"<svg onload='alert(1)'/>")})
    assert answer.status_code == 422
    expected = "This is not an image that can be used; choose a JPEG, PNG, GIF, WebP or AVIF file."
    assert answer.json() == {"problem": expected}
    assert not store.folder(config.current()).exists()


def test_a_form_without_a_file_is_refused(editor: Client) -> None:
    assert editor.post(UPLOAD).json() == {"problem": "No image was chosen; choose a file."}


@pytest.mark.e2e
def test_a_folder_that_cannot_be_written_is_named(editor: Client, folder: Path) -> None:
    (folder / "images").write_text("a file, not a folder")
    answer = editor.post(UPLOAD, {"image": _file()})
    assert answer.status_code == 422
    assert answer.json()["problem"].startswith("The image can't be stored: File exists;")


@pytest.mark.parametrize("name", ["x.png", "..%2fconfig.toml", "0" * 32 + "-40x20.png", "0" * 32 + "-40x20.svg"])
def test_no_other_file_is_served(name: str, db: None) -> None:
    assert Client().get(f"/images/{name}").status_code == 404


def test_an_image_may_be_larger_than_a_form(editor: Client) -> None:
    cookie = f"sessionid={editor.cookies['sessionid'].value}".encode()
    sizes = [body_limits.body_limit({"path": path, "headers": [(b"cookie", cookie)]}) for path in (UPLOAD, "/desk/")]
    assert sizes == [30_000_000, 3_000_000]


def test_the_editor_begins_with_the_html_of_a_text(editor: Client) -> None:
    answer = editor.post("/desk/editor/rendered/", {"text": "**Hei** <script>x</script>"})
    assert answer.content.decode() == "<p><strong>Hei</strong> &lt;script&gt;x&lt;/script&gt;</p>"
    assert editor.post("/desk/editor/rendered/").content == b""
