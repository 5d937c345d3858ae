"""Admins look after subscribers; the log never names them."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from newsletter.config import OwnField
from newsletter.models import Act
from newsletter.web.desk.subscribers import tags
from subscribers import admin_actions
from subscribers.models import Consent, Import, Subscriber, Subscription, Suppression
from tests.subscribers.own_fields import FIELDS, declare
from tests.web.field_errors import said_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def kari() -> Subscriber:
    """A subscriber of kinaforum."""
    admin_actions.add("Kari@reader.example", "kinaforum", consent="test", name="Kari")
    return Subscriber.objects.get()


def _act(client: Client, who: Subscriber, act: str, **fields: str) -> None:
    fields = {"act": act, "address": who.address, **fields}
    assert client.post(f"/desk/subscribers/{who.pk}/act/", fields).status_code == 302


def test_people_are_found_by_part_of_name_or_address(admin: Client, kari: Subscriber) -> None:
    for query in ("text=reader", "text=KARI", "newsletter=kinaforum&state=active", ""):
        assert "Kari@reader.example" in admin.get(f"/desk/subscribers/?{query}").content.decode()
    for query in ("text=nobody", "newsletter=daily", "state=pending", "tag=film"):
        assert "Kari@reader.example" not in admin.get(f"/desk/subscribers/?{query}").content.decode()


@pytest.mark.parametrize("text", ["Åse", "åse", "ÅSE", "A\u030ase", "øRJAN", "straße"])
def test_names_are_found_whatever_their_case_and_alphabet(admin: Client, text: str) -> None:
    admin_actions.add("a@reader.example", "kinaforum", consent="test", name="Åse Ørjansen Straße")
    assert "a@reader.example" in admin.get("/desk/subscribers/", {"text": text}).content.decode()


@pytest.mark.parametrize("blocked", ["Kari@reader.example", "@reader.example"])
def test_a_blocked_subscriber_is_not_shown_as_active(admin: Client, kari: Subscriber, blocked: str) -> None:
    admin_actions.suppress(blocked)
    for page in ("", f"{kari.pk}/"):
        body = admin.get(f"/desk/subscribers/{page}").content.decode()
        assert '<span class="state failed">Blocked' in body
        assert '<span class="state active">' not in body


def test_counts_follow_an_import_at_once(admin: Client) -> None:
    def active() -> list[str]:
        return re.findall(r"<dt>Kinaforum</dt> <dd>(\d+)</dd>", admin.get("/desk/subscribers/").content.decode())

    assert active() == ["0"]
    _step(admin, _step(admin, _upload(admin, "email\na@reader.example\n"), "try", "address"), "import")
    assert active() == ["1"]
    _act(admin, Subscriber.objects.get(), "leave", newsletter="kinaforum")
    assert active() == ["0"]


def test_the_list_goes_on_below(admin: Client) -> None:
    for number in range(60):
        admin_actions.add(f"r{number}@reader.example", "kinaforum", consent="test")
    first = admin.get("/desk/subscribers/").content.decode()
    older = re.search(r'href="\?(before=\d+)"', first)
    assert older is not None
    assert "r0@reader.example" in admin.get(f"/desk/subscribers/?{older[1]}").content.decode()


def test_tags_are_changed(admin: Client, kari: Subscriber) -> None:
    _act(admin, kari, "tags", newsletter="kinaforum", tags="Film, oslo")
    assert Subscription.objects.get().tags == ("film", "oslo")


def test_a_tag_with_a_comma_survives_the_form(admin: Client, kari: Subscriber) -> None:
    tags = ("film", '"quoted", too', "oslo, east", 'the 5" disk')
    Subscription.objects.update(tags=tags)
    page = admin.get(f"/desk/subscribers/{kari.pk}/").content.decode()
    shown = unescape(str(re.findall(r'name="tags" value="([^"]*)"', page)[0]))
    _act(admin, kari, "tags", newsletter="kinaforum", tags=f"{shown}, new")
    assert set(Subscription.objects.get().tags) == {*tags, "new"}
    assert "A tag that has a comma itself stands in quotation marks." in page
    assert kari.address in admin.get("/desk/subscribers/", {"tag": "Oslo,  east"}).content.decode()


def test_tags_are_read_from_a_text_as_they_were_written() -> None:
    cases = {"": [], "a,,b": ["a", "b"], '"a, b" c': ['"a', 'b" c'], '"a, b" , c': ["a, b", "c"], '"a': ['"a']}
    assert {text: tags.from_text(text) for text in cases} == cases


def test_somebody_is_unsubscribed(admin: Client, kari: Subscriber) -> None:
    _act(admin, kari, "leave", newsletter="kinaforum")
    assert Subscription.objects.get().state == "unsubscribed"


@pytest.mark.parametrize(("days", "state", "is_shown"), [(9, "active", 1), (-9, "active", 0), (9, "unsubscribed", 0)])
def test_a_pause_is_shown_until_it_ends(admin: Client, kari: Subscriber, days: int, state: str, is_shown: int) -> None:
    until = timezone.localdate() + timedelta(days=days)
    Subscription.objects.update(paused_until=until, state=state)
    page = admin.get(f"/desk/subscribers/{kari.pk}/").text
    assert [page.count(words) for words in ("Paused until", "Due after the pause")] == [is_shown] * 2


def test_an_address_is_suppressed_and_freed(admin: Client, kari: Subscriber) -> None:
    _act(admin, kari, "suppress", note="asked by phone")
    assert Suppression.objects.get().reason == "by hand"
    assert "Blocked " in admin.get(f"/desk/subscribers/{kari.pk}/").content.decode()
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


@pytest.mark.parametrize("act", ["leave", "suppress", "erase"])
def test_nothing_is_done_to_an_address_that_was_not_shown(admin: Client, kari: Subscriber, act: str) -> None:
    given = {"act": act, "address": "old@reader.example", "newsletter": "kinaforum", "typed": "kari@reader.example"}
    body = admin.post(f"/desk/subscribers/{kari.pk}/act/", given, follow=True).content.decode()
    assert "Address: old@reader.example before, Kari@reader.example now." in body
    assert Subscription.objects.get().state == "active"
    assert not Suppression.objects.exists()


def test_a_refused_form_keeps_its_values(admin: Client) -> None:
    given = {"address": "ola@reader.example", "newsletter": "kinaforum", "how": "given", "name": "Ola Nordmann"}
    answer = admin.post("/desk/subscribers/add/", given)
    assert answer.status_code == 422
    for kept in (">\nola@reader.example</textarea>", 'value="Ola Nordmann"', 'value="given" id="how-given" checked'):
        assert kept in answer.content.decode()


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"address": "Ola@", "how": "mail"}, "add-address", "'Ola@' is not an email address"),
        ({"address": "ola@reader.example", "how": "given"}, "add-consent", "Enter when and where they agreed"),
    ],
)
def test_a_new_subscriber_is_refused_beside_the_field(
    admin: Client, given: dict[str, str], field: str, said: str
) -> None:
    answer = admin.post("/desk/subscribers/add/", {"newsletter": "kinaforum", **given})
    assert said in said_at(answer.content, field)


def test_somebody_is_added_with_their_consent(admin: Client) -> None:
    given = {"address": "ola@reader.example", "newsletter": "kinaforum", "how": "given", "consent": "at the fair"}
    admin.post("/desk/subscribers/add/", {**given, "consent": ""})
    assert not Subscriber.objects.exists()
    admin.post("/desk/subscribers/add/", given)
    assert Subscription.objects.get().consents.get().text == "at the fair"


def test_somebody_is_asked_to_confirm(admin: Client) -> None:
    admin.post("/desk/subscribers/add/", {"address": "ola@reader.example", "newsletter": "kinaforum", "how": "mail"})
    assert Subscription.objects.get().state == "pending"


PASTED = "Åse Berg <ase@reader.example>; kari@reader.example\nDahl, Ola <ola@reader.example>\n\nnobody\n"


def test_a_list_is_shown_before_it_is_added(admin: Client) -> None:
    given = {"address": PASTED, "newsletter": "kinaforum", "how": "mail"}
    refused = admin.post("/desk/subscribers/add/", given)
    assert "For a list, enter when and where they agreed." in said_at(refused.content, "add-consent")
    assert "Dahl, Ola &lt;ola@reader.example&gt;" in refused.text
    given |= {"how": "given", "consent": "at the fair"}
    preview = admin.post("/desk/subscribers/add/", given, follow=True).text
    assert "Import preview" in preview
    assert "nobody" in preview
    assert "with this consent: at the fair" in preview
    assert not Subscriber.objects.exists()
    assert "Import complete" in _step(admin, preview, "import")
    assert set(Subscription.objects.values_list("subscriber__address", "subscriber__name", "state")) == {
        ("ase@reader.example", "Åse Berg", "active"),
        ("kari@reader.example", "", "active"),
        ("ola@reader.example", "Dahl, Ola", "active"),
    }


def test_one_address_with_a_name_is_one_subscriber(admin: Client) -> None:
    given = {"address": "Dahl, Ola <ola@reader.example>\n", "newsletter": "kinaforum", "how": "mail"}
    admin.post("/desk/subscribers/add/", given)
    assert Subscriber.objects.get().name == "Dahl, Ola"
    assert Subscription.objects.get().state == "pending"


def test_nonsense_is_refused_in_words(admin: Client) -> None:
    given = {"address": "no address", "newsletter": "kinaforum", "how": "mail"}
    body = admin.post("/desk/subscribers/add/", given, follow=True).content.decode()
    assert "is not an email address" in body


@pytest.mark.parametrize("text", ["Åse", "ÅSE", "åse", "A\u030ase", "åSe"])
def test_a_name_is_found_in_any_case_and_form(admin: Client, text: str) -> None:
    for address, name in (("one@reader.example", "Åse Berg"), ("two@reader.example", "Ase Dahl")):
        admin_actions.add(address, "kinaforum", consent="at the fair", name=name)
    body = admin.get("/desk/subscribers/", {"text": text}).content.decode()
    assert "one@reader.example" in body
    assert "two@reader.example" not in body


def test_blocked_subscribers_have_a_filter_of_their_own(admin: Client) -> None:
    for address in ("free@reader.example", "blocked@reader.example", "a@blocked.example"):
        admin_actions.add(address, "kinaforum", consent="at the fair")
    admin_actions.suppress("blocked@reader.example")
    admin_actions.suppress("@blocked.example")
    body = admin.get("/desk/subscribers/?state=blocked").content.decode()
    assert "blocked@reader.example" in body
    assert "a@blocked.example" in body
    assert "free@reader.example" not in body


def test_a_name_is_changed_and_the_log_holds_only_a_number(admin: Client, kari: Subscriber) -> None:
    given = {"act": "name", "name": "  Kari   Nordmann-Berg "}
    assert "Name saved." in admin.post(f"/desk/subscribers/{kari.pk}/act/", given, follow=True).content.decode()
    kari.refresh_from_db()
    assert kari.name == "Kari Nordmann-Berg"
    act = Act.objects.get(what__code="act.name-changed")
    assert (act.about, act.before, act.after) == (f"subscriber {kari.pk}", None, None)


def test_values_of_own_fields_are_changed_and_the_log_has_none(admin: Client, kari: Subscriber) -> None:
    declare(**{**FIELDS, "member": OwnField(label="Member", kind="yes-no", changed_by=("subscriber",))})
    values = {"field-town": " Oslo ", "field-shoe-size": "42,5", "field-level": "Old hand", "field-member": "yes"}
    page = admin.post(f"/desk/subscribers/{kari.pk}/values/", values, follow=True).text
    kari.refresh_from_db()
    assert kari.field_values == {"town": "Oslo", "shoe-size": 42.5, "level": "Old hand"}
    assert "Values saved." in page
    assert 'value="42.5"' in page
    assert "Only the subscriber changes this." in page
    act = Act.objects.get(what__code="act.values-changed")
    assert (act.about, act.before, act.after) == (f"subscriber {kari.pk}", None, None)


def test_a_wrong_value_is_shown_again_with_the_remedy_and_nothing_is_saved(admin: Client, kari: Subscriber) -> None:
    declare()
    answer = admin.post(f"/desk/subscribers/{kari.pk}/values/", {"field-town": "Oslo", "field-shoe-size": "large"})
    assert answer.status_code == 422
    assert "Enter a number, such as 12 or 3.5." in answer.text
    assert 'value="large"' in answer.text
    kari.refresh_from_db()
    assert kari.field_values is None


def test_the_fields_are_listed_with_who_changes_them(admin: Client) -> None:
    declare()
    page = admin.get("/desk/subscribers/fields/").text
    assert "new, Old hand" in page
    assert page.count("Subscribers, when they sign up") == len(FIELDS) - 1


def _upload(client: Client, text: str) -> str:
    file = SimpleUploadedFile("readers.csv", text.encode())
    given = {"file": file, "newsletter": "kinaforum", "consent": "the old list", "status": "active"}
    return client.post("/desk/subscribers/import/", given).content.decode()


def _step(client: Client, body: str, act: str, *meanings: str) -> str:
    """The next step, from the page before it."""
    token = re.search(r'name="token" value="([^"]+)"', body)
    assert token is not None
    shown = re.search(r'name="shown" value="([^"]+)"', body)
    given = {"token": token[1], "act": act, "meaning": meanings, "shown": shown[1] if shown else ""}
    return client.post("/desk/subscribers/import/", given, follow=True).content.decode()


def _chosen(body: str) -> list[str]:
    """What each column is said to hold."""
    return re.findall(r'<option value="(\w*)" selected>', body)


def test_an_import_is_looked_at_first(admin: Client) -> None:
    columns = _upload(admin, "email,name\na@reader.example,A\nbroken,B\n")
    assert "Match columns" in columns
    assert _chosen(columns) == ["address", "name"]
    body = _step(admin, columns, "try", "address", "name")
    assert "Import preview" in body
    assert not Subscriber.objects.exists()
    assert "Import complete" in _step(admin, body, "import")
    assert Subscriber.objects.get().address == "a@reader.example"
    assert "has already been imported" in _step(admin, body, "import")


def test_an_import_does_what_its_preview_showed_or_nothing(admin: Client) -> None:
    tried = _step(admin, _upload(admin, "email\na@reader.example\nb@reader.example\n"), "try", "address")
    assert "New subscribers become active in Kinaforum, with this consent: the old list" in tried
    admin_actions.suppress("b@reader.example")
    again = _step(admin, tried, "import")
    assert "nothing was imported" in again
    assert "Import preview" in again
    assert not Subscriber.objects.exists()
    assert "Import complete" in _step(admin, again, "import")
    assert Subscriber.objects.get().address == "a@reader.example"


def test_columns_that_nobody_knows_are_named_by_hand(admin: Client) -> None:
    columns = _upload(admin, "Kontakt;Merke;Hvem\na@reader.example;film;Anna\n")
    assert _chosen(columns) == ["", "", ""]
    assert "film" in columns
    wrong = _step(admin, columns, "try", "", "tags", "name")
    assert "hoose the column with the email addresses." in wrong
    assert _chosen(wrong) == ["", "tags", "name"], "what was chosen stays"
    tried = _step(admin, wrong, "try", "address", "tags", "name")
    assert _chosen(_step(admin, tried, "columns")) == ["address", "tags", "name"]
    _step(admin, tried, "import")
    subscription = Subscription.objects.select_related("subscriber").get()
    assert (subscription.subscriber.name, subscription.tags) == ("Anna", ("film",))


def test_a_person_says_whether_the_day_or_the_month_comes_first(admin: Client) -> None:
    columns = _upload(admin, "email,joined\na@reader.example,01/02/2025\n")
    tried = _step(admin, columns, "try", "address", "joined")
    assert "can be read in two ways; say whether the day or the month comes first" in tried
    again = _step(admin, tried, "columns")
    _step(admin, _step(admin, again, "try", "address", "joined_day"), "import")
    joined = Subscription.objects.get().joined
    assert joined is not None
    assert joined.date().isoformat() == "2025-02-01"


@pytest.mark.parametrize(("order", "joined"), [("day", "2025-02-01"), ("month", "2025-01-02")])
def test_an_ambiguous_date_is_asked_about(admin: Client, order: str, joined: str) -> None:
    tried = _step(admin, _upload(admin, "email,joined\na@reader.example,01/02/2025\n"), "try", "address", "joined")
    assert "Which day is 01/02/2025?" in tried
    token = re.search(r'name="token" value="([^"]+)"', tried)
    assert token is not None
    given = {"token": token[1], "act": "try", "dates": order}
    again = admin.post("/desk/subscribers/import/", given, follow=True).content.decode()
    assert "Which day is" not in again
    assert "Import complete" in _step(admin, again, "import")
    found = Subscription.objects.get().joined
    assert found is not None
    assert found.date().isoformat() == joined


def test_lines_without_their_dates_are_listed_after_the_import_too(admin: Client) -> None:
    content = "email,joined\na@reader.example,13/13/2024\nb@reader.example,2024-03-05\n"
    tried = _step(admin, _upload(admin, content), "try", "address", "joined")
    assert "Lines that will be imported without a date or value that can’t be read: 1" in tried
    done = _step(admin, tried, "import")
    record = Import.objects.get()
    for body in (done, admin.get(f"/desk/subscribers/imports/{record.pk}/").text):
        assert "Lines that were imported without a date or value that can’t be read: 1" in body
        assert "13/13/2024" in body
    assert (record.active, record.refused) == (2, 0)


def test_a_forged_import_is_refused(admin: Client) -> None:
    assert admin.post("/desk/subscribers/import/", {"token": "forged"}).status_code == 422


def test_a_file_that_is_none_is_refused_by_its_own_name(admin: Client) -> None:
    body = _upload(admin, "\n\n")
    assert "readers.csv" in body
    assert "newsletter-import-" not in body


def test_everybody_is_exported(admin: Client, kari: Subscriber) -> None:
    answer = admin.get("/desk/subscribers/export/?newsletter=kinaforum")
    text = answer.getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["address"] for row in rows] == ["Kari@reader.example"]
    assert Act.objects.get(what__code="act.exported").about == "kinaforum"
    answer.close()


def test_times_of_a_person_are_in_the_time_zone_of_the_newsletter(admin: Client, kari: Subscriber) -> None:
    late = datetime(2026, 2, 6, 23, 30, tzinfo=UTC)
    Consent.objects.update(at=late, confirmed_at=late)
    Subscription.objects.update(joined=late)
    page = admin.get(f"/desk/subscribers/{kari.pk}/").content.decode()
    assert page.count("Sat 7 Feb, 00:30") == 2
    assert "7 Feb 2026" in page
