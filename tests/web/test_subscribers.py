"""Admins look after subscribers; the log never names them."""

import csv
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from newsletter.models import Act
from subscribers import byhand
from subscribers.models import Subscriber, Subscription, Suppression

pytestmark = pytest.mark.django_db


@pytest.fixture
def kari() -> Subscriber:
    """A subscriber of kinaforum."""
    byhand.add("Kari@reader.example", "kinaforum", consent="test", name="Kari")
    return Subscriber.objects.get()


def _act(client: Client, who: Subscriber, act: str, **fields: str) -> None:
    assert client.post(f"/desk/subscribers/{who.pk}/act/", {"act": act, **fields}).status_code == 302


def test_people_are_found_by_part_of_name_or_address(admin: Client, kari: Subscriber) -> None:
    for query in ("text=reader", "text=KARI", "newsletter=kinaforum&state=active", ""):
        assert "Kari@reader.example" in admin.get(f"/desk/subscribers/?{query}").content.decode()
    for query in ("text=nobody", "newsletter=daily", "state=pending", "tag=film"):
        assert "Kari@reader.example" not in admin.get(f"/desk/subscribers/?{query}").content.decode()


def test_the_list_goes_on_below(admin: Client) -> None:
    for number in range(60):
        byhand.add(f"r{number}@reader.example", "kinaforum", consent="test")
    first = admin.get("/desk/subscribers/").content.decode()
    older = re.search(r'href="\?(before=\d+)"', first)
    assert older is not None
    assert "r0@reader.example" in admin.get(f"/desk/subscribers/?{older[1]}").content.decode()


def test_tags_are_changed(admin: Client, kari: Subscriber) -> None:
    _act(admin, kari, "tags", newsletter="kinaforum", tags="Film, oslo")
    assert Subscription.objects.get().tags == ("film", "oslo")


def test_somebody_is_unsubscribed(admin: Client, kari: Subscriber) -> None:
    _act(admin, kari, "leave", newsletter="kinaforum")
    assert Subscription.objects.get().state == "unsubscribed"


def test_an_address_is_suppressed_and_freed(admin: Client, kari: Subscriber) -> None:
    _act(admin, kari, "suppress", note="asked by phone")
    assert Suppression.objects.get().reason == "by hand"
    assert "Suppressed (by hand)" in admin.get(f"/desk/subscribers/{kari.pk}/").content.decode()
    _act(admin, kari, "lift")
    assert not Suppression.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_erasing_wants_the_address_typed_and_leaves_no_name(admin: Client, kari: Subscriber) -> None:
    _act(admin, kari, "tags", newsletter="kinaforum", tags="film")
    _act(admin, kari, "erase", typed="yes")
    assert Subscriber.objects.exists()
    _act(admin, kari, "erase", typed="kari@reader.example")
    assert not Subscriber.objects.exists()
    log = str(list(Act.objects.values()))
    assert "erased" in log
    assert "reader.example" not in log


def test_somebody_is_added_with_their_consent(admin: Client) -> None:
    given = {"address": "ola@reader.example", "newsletter": "kinaforum", "how": "given", "consent": "at the fair"}
    admin.post("/desk/subscribers/add/", {**given, "consent": ""})
    assert not Subscriber.objects.exists()
    admin.post("/desk/subscribers/add/", given)
    assert Subscription.objects.get().consents.get().text == "at the fair"


def test_somebody_is_asked_to_confirm(admin: Client) -> None:
    admin.post("/desk/subscribers/add/", {"address": "ola@reader.example", "newsletter": "kinaforum", "how": "mail"})
    assert Subscription.objects.get().state == "pending"


def test_nonsense_is_refused_in_words(admin: Client) -> None:
    given = {"address": "no address", "newsletter": "kinaforum", "how": "mail"}
    body = admin.post("/desk/subscribers/add/", given, follow=True).content.decode()
    assert "is no mail address" in body


def _upload(client: Client, text: str) -> str:
    file = SimpleUploadedFile("readers.csv", text.encode())
    given = {"file": file, "newsletter": "kinaforum", "consent": "the old list", "status": "active"}
    return client.post("/desk/subscribers/import/", given).content.decode()


def _step(client: Client, body: str, act: str, *meanings: str) -> str:
    """The next step, from the page before it."""
    token = re.search(r'name="token" value="([^"]+)"', body)
    assert token is not None
    given = {"token": token[1], "act": act, "meaning": meanings}
    return client.post("/desk/subscribers/import/", given).content.decode()


def _chosen(body: str) -> list[str]:
    """What each column is said to hold."""
    return re.findall(r'<option value="(\w*)" selected>', body)


def test_an_import_is_looked_at_first(admin: Client) -> None:
    columns = _upload(admin, "email,name\na@reader.example,A\nbroken,B\n")
    assert "Which column is which" in columns
    assert _chosen(columns) == ["address", "name"]
    body = _step(admin, columns, "try", "address", "name")
    assert "What would come of it" in body
    assert not Subscriber.objects.exists()
    assert "Imported" in _step(admin, body, "import")
    assert Subscriber.objects.get().address == "a@reader.example"
    assert "was imported already" in _step(admin, body, "import")


def test_columns_that_nobody_knows_are_named_by_hand(admin: Client) -> None:
    columns = _upload(admin, "Kontakt;Merke;Hvem\na@reader.example;film;Anna\n")
    assert _chosen(columns) == ["", "", ""]
    assert "film" in columns
    wrong = _step(admin, columns, "try", "", "tags", "name")
    assert "no column is to hold addresses; choose one." in wrong
    assert _chosen(wrong) == ["", "tags", "name"], "what was chosen stays"
    tried = _step(admin, wrong, "try", "address", "tags", "name")
    assert _chosen(_step(admin, tried, "columns")) == ["address", "tags", "name"]
    _step(admin, tried, "import")
    tie = Subscription.objects.select_related("subscriber").get()
    assert (tie.subscriber.name, tie.tags) == ("Anna", ("film",))


def test_a_forged_import_is_refused(admin: Client) -> None:
    assert admin.post("/desk/subscribers/import/", {"token": "forged"}).status_code == 422


def test_a_file_that_is_none_is_refused_by_its_own_name(admin: Client) -> None:
    body = _upload(admin, "\n\n")
    assert "readers.csv" in body
    assert "newsletter-import-" not in body


def test_everybody_is_exported(admin: Client, kari: Subscriber) -> None:
    answer = admin.get("/desk/subscribers/export/?newsletter=kinaforum")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["address"] for row in rows] == ["Kari@reader.example"]
    assert Act.objects.get(what="export").about == "kinaforum"
    answer.close()
