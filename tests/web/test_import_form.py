"""The form for importing subscribers: what was entered and chosen is kept when something is missing."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from subscribers.importing import import_file
from subscribers.models import Consent, Subscriber

pytestmark = pytest.mark.django_db

IMPORT = "/desk/subscribers/import/"


def hidden(text: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, text
    return found[1]


def upload() -> SimpleUploadedFile:
    return SimpleUploadedFile("people.csv", b"email\nkari@reader.example\n")


def test_the_file_need_not_be_chosen_again_when_the_consent_is_missing(admin: Client) -> None:
    refused = admin.post(IMPORT, {"file": upload(), "newsletter": "daily", "status": "active", "welcome": "on"})
    assert refused.status_code == 422
    assert "people.csv is chosen." in refused.text
    assert '<option value="daily" selected>' in refused.text
    assert 'name="welcome" checked' in refused.text
    again = {
        "upload": hidden(refused.text, "upload"),
        "newsletter": "daily",
        "status": "active",
        "consent": "at the fair",
    }
    columns = admin.post(IMPORT, again)
    assert columns.status_code == 200
    assert "Match columns" in columns.text
    assert "kari@reader.example" in columns.text


def test_the_consent_and_the_choices_stay_when_the_file_is_missing(admin: Client) -> None:
    refused = admin.post(IMPORT, {"newsletter": "daily", "status": "pending", "consent": "at the fair"})
    assert 'value="at the fair"' in refused.text
    assert 'value="pending" checked' in refused.text
    assert '<option value="daily" selected>' in refused.text


def test_a_forged_upload_is_refused(admin: Client) -> None:
    data = {"newsletter": "daily", "status": "active", "consent": "at the fair", "upload": "../../etc/passwd"}
    assert admin.post(IMPORT, data).status_code == 422


@pytest.mark.parametrize(
    ("header", "cell", "said"),
    [("Påmeldt dato", "2019-03-04", "Confirmed 4 Mar 2019."), ("Note", "a friend", "import, ")],
)
def test_a_subscriber_s_page_says_when_they_confirmed_or_were_imported(
    admin: Client, tmp_path: Path, header: str, cell: str, said: str
) -> None:
    file = tmp_path / "people.csv"
    file.write_text(f"E-post,{header}\nkari@reader.example,{cell}\n", encoding="utf-8")
    import_file(file, "kinaforum", consent="at the fair")
    text = admin.get(f"/desk/subscribers/{Subscriber.objects.get().pk}/").text
    assert said in text, re.findall("Confirmed[^<]*|import,[^<]*", text)
    assert ("Confirmed" in text) is (header != "Note")
    at = Consent.objects.get()
    assert isinstance(at.confirmed_at, datetime)
