"""Static files: kept by browsers as long as their address is the present one, and compressed."""

import gzip
import re
from graphlib import TopologicalSorter
from importlib.resources import files
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.test import Client

from newsletter.web import static_files

pytestmark = pytest.mark.django_db
STYLE = "desk/desk.css"
ON_DISK = (files("newsletter") / "static" / STYLE).read_bytes()


def _content(client: Client, address: str, **headers: str) -> tuple[bytes, dict[str, str]]:
    response = client.get(address, headers=headers)
    assert response.status_code == 200, address
    content = response.getvalue()
    response.close()
    return content, dict(response.headers)


def test_the_present_version_is_kept_for_a_year(client: Client) -> None:
    address = static(STYLE)
    assert address == f"/static/v/{static_files.version()}/{STYLE}"
    content, headers = _content(client, address)
    assert content == ON_DISK
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("address", [f"/static/v/0123456789ab/{STYLE}", f"/static/{STYLE}"])
def test_another_version_gets_the_present_file_and_is_not_kept(client: Client, address: str) -> None:
    content, headers = _content(client, address)
    assert content == ON_DISK
    assert headers["Cache-Control"] == "max-age=60, public"


def test_a_changed_file_changes_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = static_files.version()
    static_files.version.cache_clear()
    assert static_files.version() == before
    monkeypatch.setattr(finders, "get_finders", lambda: iter(()))
    static_files.version.cache_clear()
    assert static_files.version() != before
    static_files.version.cache_clear()


def test_text_is_compressed_for_a_browser_that_accepts_it(client: Client) -> None:
    for _ in range(2):
        content, headers = _content(client, static(STYLE), Accept_Encoding="br, gzip")
        assert gzip.decompress(content) == ON_DISK
        assert headers["Content-Encoding"] == "gzip"
        assert headers["Content-Length"] == str(len(content))
        assert len(content) < len(ON_DISK) / 3
    plain, headers = _content(client, static(STYLE))
    assert plain == ON_DISK
    assert headers["Vary"] == "Accept-Encoding"


def test_images_are_not_compressed(client: Client) -> None:
    content, headers = _content(client, "/static/email/play.png", Accept_Encoding="gzip")
    assert content.startswith(b"\x89PNG")
    assert "Content-Encoding" not in headers


@pytest.mark.parametrize("address", ["/static/v/", "/static/v/0123456789ab/", "/static/v/x/../../settings.py"])
def test_other_addresses_are_not_found(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_an_unchanged_file_is_not_sent_again(client: Client) -> None:
    _, seen = _content(client, static(STYLE))
    again = client.get(static(STYLE), headers={"If-Modified-Since": seen["Last-Modified"]})
    assert again.status_code == 304


IMPORTED = re.compile(r"""(?:\bimport|\bfrom|\bimport\()\s*["'](\.[^"']+)["']""")


def test_scripts_import_no_others_in_a_circle() -> None:
    folder = Path(str(files("newsletter") / "static"))
    imports = {
        path: [(path.parent / name).resolve() for name in IMPORTED.findall(path.read_text(encoding="utf-8"))]
        for path in folder.rglob("*.js")
    }
    assert imports[folder / "desk" / "editor.js"], "also what is imported when it is needed"
    TopologicalSorter(imports).prepare()
