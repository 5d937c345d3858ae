"""Imports of archives, and of files that have old issues instead of subscribers."""

import io
import zipfile
from pathlib import Path

import pytest

from subscribers.importing import FileProblem, outline
from subscribers.models import Import as ImportRecord
from tests.subscribers.conftest import Import

GHOST = '{"db":[{"meta":{"version":"5.80.0"},"data":{"posts":[{"title":"Spring"}],"users":[{"email":"a@x.example"}]}}]}'
SUBSTACK = "post_id,post_date,is_published,email_sent_at,title\n11.spring,2023-01-05T10:00:00.000Z,true,,Spring\n"


@pytest.mark.parametrize(
    "files",
    [
        {
            "campaigns.csv": "Title,Subject,List,Send Date\nSpring,Spring,Readers,2023-01-05\n",
            "campaigns_content/7_spring.txt": "Write to a@x.example\n",
        },
        {"campaigns_content/7_spring.html": "<p>Spring</p>"},
        {"posts.csv": SUBSTACK, "posts/11.spring.html": "<p>Spring</p>", "terms.txt": "Terms\n"},
        {"export/ghost.json": GHOST},
        {"emails.csv": 'subject,publish_date,body\nSpring,2023-01-05,"Hello,\nyou"\n'},
    ],
    ids=["Mailchimp", "Mailchimp's texts", "Substack", "Ghost", "Buttondown"],
)
def test_an_archive_of_old_issues_is_named_as_one(take: Import, files: dict[str, str]) -> None:
    with pytest.raises(FileProblem) as refused:
        take(zipped(files))
    assert "readers.csv: it has old issues, not subscribers" in str(refused.value)
    assert "newsletter archive import FILE" in str(refused.value)
    assert not ImportRecord.objects.exists()


@pytest.mark.parametrize(
    "content",
    [GHOST, "\ufeff" + GHOST, SUBSTACK, '{"results":[{"id":"em-1","subject":"Spring","body":"a@x.example"}]}'],
    ids=["Ghost", "with a byte order mark", "Substack", "Buttondown"],
)
def test_a_file_of_old_issues_is_named_as_one(take: Import, tmp_path: Path, content: str) -> None:
    with pytest.raises(FileProblem, match="it has old issues, not subscribers"):
        take(content)
    with pytest.raises(FileProblem, match="it has old issues, not subscribers"):
        outline(tmp_path / "readers.csv")


def test_subscribers_are_imported_from_an_archive_that_has_issues_too(take: Import) -> None:
    files = {"posts.csv": SUBSTACK, "email_list.kari.csv": "email,created_at\nkari@reader.example,2024-03-05\n"}
    report = take(zipped(files))
    assert (report.active, report.left_out) == (1, ("posts.csv",))


@pytest.mark.parametrize("name", ["xl/workbook.xml", "content.xml", ""])
def test_a_spreadsheet_is_named_as_one(take: Import, name: str) -> None:
    with pytest.raises(FileProblem, match="it is a spreadsheet; save it as “CSV UTF-8” in Excel"):
        take(zipped({name: "<x/>"}) if name else b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100))


def test_an_image_is_no_list_of_subscribers(take: Import) -> None:
    with pytest.raises(FileProblem, match="it is not a text file, but perhaps an image"):
        take(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01,a@reader.example\n" + bytes(range(256)) * 4)


def test_a_file_in_an_archive_is_named_as_it_is_there(take: Import) -> None:
    with pytest.raises(FileProblem) as refused:
        take(zipped({"lists/towns.txt": "name,town\nKari,Oslo\n"}))
    sentence = str(refused.value)
    assert "readers.csv: lists/towns.txt: no column has addresses" in sentence
    assert "newsletter-import-" not in sentence


def zipped(files: dict[str, str]) -> bytes:
    """Return a ZIP archive with these files."""
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return octets.getvalue()
