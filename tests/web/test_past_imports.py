"""The pages of imports at the desk: reconciliation, refused lines, lists to block, archives, and undoing."""

import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from newsletter.models import Act, Edition
from newsletter.web.desk import guides
from subscribers.importing import import_file
from subscribers.importing.blocking import export_hashes
from subscribers.importing.tools import FORMS, SENDY
from subscribers.models import Import, Subscriber, Subscription, Suppression
from tests.web import make

pytestmark = pytest.mark.django_db

IMPORT, IMPORTS = "/desk/subscribers/import/", "/desk/subscribers/imports/"
STATES = (
    "email,status\na@reader.example,active\nwaits@reader.example,unconfirmed\nleft@reader.example,unsubscribed\n"
    "bounced@reader.example,bounced\nnone,active\n"
)


def imported(folder: Path, text: str = STATES) -> Import:
    """An import of the command line."""
    (folder / "readers.csv").write_text(text, encoding="utf-8")
    import_file(folder / "readers.csv", "kinaforum", consent="moved")
    return Import.objects.latest("pk")


def figures(text: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", text))


def token(text: str) -> dict[str, str]:
    return {name: re.findall(rf'name="{name}" value="([^"]*)"', text)[0] for name in ("token", "shown")}


def upload(client: Client, name: str, content: bytes, **fields: str) -> str:
    """The page after a file was sent."""
    given = {"newsletter": "kinaforum", "consent": "moved", "status": "active", **fields}
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, content), **given}, follow=True).text


def zipped(**files: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return target.getvalue()


def test_the_hashes_of_another_site_are_blocked_and_can_be_undone(admin: Client) -> None:
    Suppression.objects.suppress("kari@reader.example", "complained")
    Suppression.objects.suppress_domain("shut.example", "by hand")
    file = io.StringIO()
    export_hashes(file)
    Suppression.objects.filter(kind="address").delete()
    page = upload(admin, "hashes.json", file.getvalue().encode(), status="blocked", reason="by hand")
    assert "(for the reasons in it)" in page
    assert not Suppression.objects.suppressed(["kari@reader.example"])
    admin.post(IMPORT, {**token(page), "act": "import"}, follow=True)
    assert Suppression.objects.suppressed(["kari@reader.example"]) == {"kari@reader.example": "complained"}
    record = Import.objects.get()
    assert (record.lines, record.suppressed, record.present, record.file) == (2, 1, 1, "hashes.json")
    assert record.finished_at is not None
    admin.post(f"{IMPORTS}{record.pk}/undo/", follow=True)
    assert not Suppression.objects.suppressed(["kari@reader.example"])
    assert Suppression.objects.suppressed(["a@shut.example"])


def test_an_import_adds_up_and_is_kept(admin: Client, tmp_path: Path) -> None:
    record = imported(tmp_path)
    listed = admin.get(IMPORTS).text
    assert (f'href="{IMPORTS}{record.pk}/"' in listed, f">Import {record.pk}<" in listed) == (True, True)
    assert ("Refused: 1" in listed, "Already here" in listed) == (True, False)
    page = admin.get(f"{IMPORTS}{record.pk}/").text
    assert figures(page) == {
        "Lines in the file": "5",
        "Active": "1",
        "Waiting for confirmation": "1",
        "Unsubscribed or blocked": "2",
        "Already here": "0",
        "Refused": "1",
    }
    assert "It has no @" in page or "it has no @" in page
    refused = admin.get(f"{IMPORTS}{record.pk}/refused.csv")
    assert b"".join(refused.streaming_content).decode("utf-8-sig").splitlines() == [  # type: ignore[attr-defined]
        '"line","address","reason","file"',
        '"6","none","it is not an email address: it has no @",""',
    ]


def test_an_import_is_undone_and_says_so(admin: Client, tmp_path: Path) -> None:
    record = imported(tmp_path)
    page = admin.post(f"{IMPORTS}{record.pk}/undo/", follow=True).text
    assert "This import was undone on" in page
    assert "Removed: 4. Put back: 0. Kept, because somebody changed them since: 0." in page
    assert not Subscriber.objects.exists()
    assert not Suppression.objects.exists()
    assert Act.objects.get(what__code="act.import-undone").after == {"removed": 4}
    assert "Undo this import" not in page
    again = admin.post(f"{IMPORTS}{record.pk}/undo/", follow=True).text
    assert "This import was undone on" in again


def test_after_an_edition_an_import_stays(admin: Client, tmp_path: Path) -> None:
    record = imported(tmp_path)
    make.draft("First")
    Edition.objects.update(began_at=timezone.now())
    page = admin.get(f"{IMPORTS}{record.pk}/").text
    assert "was sent to the subscribers as they are since this import, so it can&#x27;t be undone any more" in page
    assert "Undo this import" not in page
    admin.post(f"{IMPORTS}{record.pk}/undo/")
    assert Subscriber.objects.exists()


def test_the_latest_import_is_undone_first(admin: Client, tmp_path: Path) -> None:
    first, second = imported(tmp_path), imported(tmp_path)
    assert (
        f"To undo this import, first undo import {second.pk}, which was made after it."
        in admin.get(f"{IMPORTS}{first.pk}/").text
    )
    assert "Undo this import" in admin.get(f"{IMPORTS}{second.pk}/").text


def test_a_list_is_blocked(admin: Client) -> None:
    preview = upload(
        admin, "blocked.txt", b"kari@reader.example\nshut.example\nnone\n", status="blocked", reason="complained"
    )
    assert "All addresses and domains in the file are blocked for every newsletter" in preview
    assert figures(preview)["Unsubscribed or blocked"] == "2"
    assert not Suppression.objects.exists()
    done = admin.post(IMPORT, {**token(preview), "act": "import"}, follow=True).text
    assert "Import complete" in done
    assert set(Suppression.objects.values_list("kind", "reason")) == {
        ("address", "complained"),
        ("domain", "complained"),
    }
    assert not Subscriber.objects.exists()


def test_an_unknown_reason_is_not_found(admin: Client) -> None:
    file = SimpleUploadedFile("blocked.txt", b"shut.example")
    assert admin.post(IMPORT, {"file": file, "status": "blocked", "reason": "why not"}).status_code == 404


def test_an_archive_is_previewed_without_choosing_columns(admin: Client) -> None:
    content = zipped(
        subscribed_email_audience_export="Email Address,MEMBER_RATING\na@reader.example,2\n",
        cleaned_email_audience_export="Email Address,MEMBER_RATING,CLEAN_TIME\nb@reader.example,2,2024-03-05\n",
        opens="Campaign,Opens\nFirst,3\n",
    )
    preview = upload(admin, "audience.zip", content)
    assert "Import preview" in preview
    assert "Left out, because they have no addresses: opens.csv" in preview
    assert "Change columns" not in preview
    done = admin.post(IMPORT, {**token(preview), "act": "import"}, follow=True).text
    assert (figures(done)["Active"], figures(done)["Unsubscribed or blocked"]) == ("1", "1")
    assert Subscription.objects.get().state == "active"


def test_a_broken_archive_is_named(admin: Client) -> None:
    assert "audience.zip: it is a ZIP archive that can't be read" in upload(
        admin, "audience.zip", b"PK\x03\x04 and no more"
    ).replace("&#x27;", "'")


def test_editors_see_no_imports(editor: Client, tmp_path: Path) -> None:
    record = imported(tmp_path)
    for address in (IMPORTS, f"{IMPORTS}{record.pk}/", f"{IMPORTS}{record.pk}/refused.csv"):
        assert editor.get(address).status_code == 403
    assert editor.post(f"{IMPORTS}{record.pk}/undo/").status_code == 403


def of_mailchimp(folder: Path, days: int) -> Import:
    """An import of one of Mailchimp's files, some days ago."""
    record = imported(folder, "Email Address,MEMBER_RATING\na@reader.example,2\n")
    Import.objects.filter(pk=record.pk).update(at=timezone.now() - timedelta(days=days))
    return record


def test_an_import_of_a_tool_leads_to_its_page_and_reminds_of_who_left(admin: Client, tmp_path: Path) -> None:
    record = of_mailchimp(tmp_path, 27)
    where = f"{IMPORTS}{record.pk}/"
    assert "/desk/guides/mailchimp/" in admin.get(where).text
    assert "who left “Kinaforum” at Mailchimp" not in admin.get("/desk/").text
    Import.objects.filter(pk=record.pk).update(at=timezone.now() - timedelta(days=29))
    home = admin.get("/desk/").text
    assert "Import the people who left “Kinaforum” at Mailchimp since" in home
    assert where in home
    assert "Has anyone left at Mailchimp since?" in admin.get(where).text
    assert "Has anyone left" not in admin.post(f"{where}dismiss/", follow=True).text
    assert "Import the people who left" not in admin.get("/desk/").text
    assert "people who leave Mailchimp ended" in str(Act.objects.latest("pk").what)


def test_importing_once_more_ends_a_reminder_for_some_weeks(admin: Client, tmp_path: Path) -> None:
    of_mailchimp(tmp_path, 60)
    imported(tmp_path, "Email Address,MEMBER_RATING,UNSUB_TIME\na@reader.example,2,2025-01-02 03:04:05\n")
    assert "Import the people who left" not in admin.get("/desk/").text


def test_files_of_no_tool_remind_of_nothing(admin: Client, tmp_path: Path) -> None:
    record = imported(tmp_path)
    Import.objects.filter(pk=record.pk).update(at=timezone.now() - timedelta(days=29))
    assert "Import the people who left" not in admin.get("/desk/").text


def test_the_page_of_each_tool(admin: Client) -> None:
    for tool in {form.name for form in FORMS[1:]} - {"WordPress Newsletter"} | {SENDY}:
        page = admin.get(f"/desk/guides/{guides.name_of(tool)}/").text
        assert f"Moving from {tool}</h1>" in page
        assert "/desk/guides/moving-in/" in page
        assert not re.search(r'\]\(|href="[^"]*\.md\b', page.partition("<article")[2])
    assert admin.get("/desk/guides/unknown/").status_code == 404
