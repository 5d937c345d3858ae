"""Old issues at the desk: a file is imported in the background, listed with what was left out, and undone."""

import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from newsletter import config
from newsletter.models import Act, ArchiveImport, Edition, State
from newsletter.sandbox import Sandbox

pytestmark = pytest.mark.django_db

PAGE = "/desk/old-issues/"
BREAD = "/desk/editions/kinaforum/issue-2019-05-03/"


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read archives in this process: a child takes a second to start."""
    monkeypatch.setattr(Sandbox, "run", lambda _sandbox, function, *arguments: function(*arguments))


def upload(client: Client, content: bytes, name: str = "issues.zip", **fields: str) -> str:
    """Return the page after a file was sent."""
    file = SimpleUploadedFile(name, content)
    return client.post(PAGE, {"file": file, "newsletter": "kinaforum", "base": "", **fields}, follow=True).text


def issues() -> bytes:
    """Return an archive of a page with a date, and one without."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("2019-05-03-bread.md", "# On bread\n\nRye and wheat.\n")
        archive.writestr("undated.md", "# Undated\n\nWords.\n")
    return target.getvalue()


def test_an_archive_is_imported_listed_and_undone(admin: Client) -> None:
    held = set(config.current().path(".imports").glob("*"))
    page = upload(admin, issues())
    record = ArchiveImport.objects.get()
    assert record.finished_at is not None
    assert "issues.zip" in page
    assert "undated.md: It has no date" in page
    assert set(config.current().path(".imports").glob("*")) <= held
    edition = Edition.objects.get()
    assert (edition.state, edition.name) == (State.IMPORTED, "kinaforum/issue-2019-05-03")
    assert "On bread" in admin.get("/desk/n/kinaforum/").text
    admin.post(f"{PAGE}{record.pk}/undo/")
    assert not Edition.objects.exists()
    assert "Undone" in admin.get(PAGE).text
    assert Act.objects.filter(what__code="act.archive-import-undone").exists()


def test_a_document_of_ghost_is_imported(admin: Client) -> None:
    post = {"id": "p", "uuid": "u", "title": "On rye", "slug": "rye", "status": "published", "visibility": "public"}
    post |= {"published_at": "2019-05-03T08:00:00.000Z", "html": "<p>How to bake.</p>", "type": "post"}
    document = {"db": [{"meta": {"version": "5.0.0"}, "data": {"posts": [post]}}]}
    upload(admin, json.dumps(document).encode(), "My-Ghost.json", base="https://old.example")
    assert Edition.objects.get().name == "kinaforum/issue-2019-05-03"


def test_the_page_of_an_imported_edition(admin: Client) -> None:
    upload(admin, issues())
    for address in (BREAD, f"{BREAD}report/"):
        assert admin.get(address)["Location"] == f"{BREAD}imported/"
    page = admin.get(f"{BREAD}imported/").text
    assert "/2019-05-03-bread" in page
    assert "Remove from the archive" in page
    admin.post(f"{BREAD}archive/", {"act": "remove"})
    assert admin.get("/n/kinaforum/issue-2019-05-03/").status_code == 410
    assert "Undo removal" in admin.get(f"{BREAD}imported/").text
    for name in ("preview", "more", "history", "notes"):
        assert admin.get(f"{BREAD}{name}/").status_code == 200, name


def test_the_table_of_old_addresses(admin: Client) -> None:
    upload(admin, issues())
    assert "/desk/old-issues/kinaforum/addresses/nginx/" in admin.get(PAGE).text
    table = admin.get(f"{PAGE}kinaforum/addresses/caddy/").text
    assert "redir /2019-05-03-bread http://localhost:8000/n/kinaforum/issue-2019-05-03/ permanent" in table
    assert admin.get(f"{PAGE}kinaforum/addresses/other/").status_code == 404


@pytest.mark.parametrize(
    ("content", "base", "sentence"),
    [
        (b"not an archive", "", "has no issues that we can read"),
        (issues()[:60], "", "can&#x27;t be read"),
        (issues(), "old.example", "The old address must begin with https://"),
    ],
    ids=["no archive", "cut off", "an address without a scheme"],
)
def test_what_cannot_be_imported_is_said(admin: Client, content: bytes, base: str, sentence: str) -> None:
    assert sentence in upload(admin, content, base=base)
    assert not Edition.objects.exists()
