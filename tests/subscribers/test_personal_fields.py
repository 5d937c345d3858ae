"""Each personal field is imported, exported, in personal data and the API, and on the pages, built in or declared."""

import io
import json
from pathlib import Path

import pytest
from django.test import Client

from newsletter.api.routes.subscribers import SubscriberOut
from newsletter.config import OwnField
from subscribers import admin_actions, personal_data, preferences
from subscribers.exporting import export_csv, json_lines
from subscribers.forms import embedded_form
from subscribers.importing import import_file, outline
from subscribers.importing.undoing import undo_import
from subscribers.models import EmailKind, Import, Subscriber, Subscription
from subscribers.personal_fields import BUILT_IN, number, personal_fields, personal_values
from tests.factories import kinaforum
from tests.subscribers.make import AT, only_email, path
from tests.subscribers.own_fields import VALUES as OWN_VALUES, declare

pytestmark = pytest.mark.django_db
VALUES = {name: next(iter(field.choices), f"my {name}") for name, field in BUILT_IN.items()} | OWN_VALUES


def imported(tmp_path: Path, text: str, **options: object) -> Subscription:
    """The only subscription after an import of this text."""
    file = tmp_path / "readers.csv"
    file.write_text(text)
    import_file(file, "kinaforum", consent="moved", **options)
    return Subscription.objects.select_related("subscriber").get()


def test_a_field_is_wherever_the_others_are(client: Client, tmp_path: Path) -> None:
    """A new field is only declared: this test has no list of them."""
    declare()
    head = f"a,{','.join(f'column {n}' for n, _ in enumerate(VALUES))}"
    imported(tmp_path, f"{head}\nkari@reader.example,{','.join(VALUES.values())}\n", meanings=("address", *VALUES))
    own = io.StringIO(newline="")
    export_csv("kinaforum", own)
    Subscriber.objects.all().delete()
    subscription = imported(tmp_path, own.getvalue())
    assert [column.meaning for column in outline(tmp_path / "readers.csv") if column.header in VALUES] == list(VALUES)
    assert personal_values(subscription.subscriber) == VALUES
    assert personal_data.personal_data_of(subscription.subscriber).items() >= VALUES.items()
    assert json.loads(next(json_lines("kinaforum"))).items() >= VALUES.items()
    assert SubscriberOut.model_fields.keys() >= {*BUILT_IN, "fields"}
    preferences.send_profile_link(subscription, AT)
    profile = path(only_email(kind=EmailKind.ME).context["link"])
    page = client.get(profile).text
    public = {name: field for name, field in personal_fields().items() if "subscriber" in field.changed_by}
    for name in VALUES:
        assert (f'name="{name}"' in page) is (name in public)
        assert (f'value="{VALUES[name]}"' in page) is (name in public)
    changed = {**VALUES, "name": "new", "town": "Bergen", "shoe-size": "7", "born": "2000-01-01", "member": "no"}
    client.post(profile, {**changed, "level": "new", "do": "save"})  # the level is not theirs to change
    client.post(profile, {"language": VALUES["language"], "do": "save"})  # a page of the site's own that has no others
    subscription.subscriber.refresh_from_db()
    assert personal_values(subscription.subscriber) == changed


def test_a_wrong_value_is_not_saved_and_the_page_says_what_is_right(client: Client, tmp_path: Path) -> None:
    declare()
    subscription = imported(tmp_path, "email\nkari@reader.example\n")
    preferences.send_profile_link(subscription, AT)
    profile = path(only_email(kind=EmailKind.ME).context["link"])
    answer = client.post(
        f"{profile}?lang=en", {"shoe-size": "large", "born": "yesterday", "town": "Oslo", "do": "save"}
    )
    assert answer.status_code == 400
    assert "Enter a number, such as 12 or 3.5." in answer.text
    assert "Enter a date, such as 2026-02-06." in answer.text
    subscription.subscriber.refresh_from_db()
    assert subscription.subscriber.field_values is None


@pytest.mark.parametrize("as_json", [False, True])
def test_the_sign_up_form_takes_the_values_that_readers_may_give(client: Client, as_json: bool) -> None:
    declare()
    data: dict[str, object] = {"address": "kari@reader.example", **OWN_VALUES}
    if as_json:
        data |= {"member": True, "shoe-size": 42.5}
    answer = (
        client.post("/n/kinaforum/subscribe", data, content_type="application/json")
        if as_json
        else client.post("/n/kinaforum/subscribe", data)
    )
    assert answer.status_code == 202
    assert personal_values(Subscriber.objects.get()).items() >= {**OWN_VALUES, "level": ""}.items()


def test_a_sign_up_with_a_wrong_value_is_answered_with_the_field_and_the_remedy(client: Client) -> None:
    declare()
    wrong = {"address": "kari@reader.example", "shoe-size": "large"}
    answer = client.post("/n/kinaforum/subscribe?lang=en", wrong, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"] == "Shoe size: Enter a number, such as 12 or 3.5."
    page = client.post("/n/kinaforum/subscribe?lang=en", wrong)
    assert page.status_code == 400
    assert 'aria-describedby="shoe-size-fault' in page.text
    assert not Subscriber.objects.exists()


def test_the_forms_have_the_label_and_the_purpose_in_the_language_of_the_page(client: Client) -> None:
    declare()
    assert "Sted" in client.get("/n/kinaforum/subscribe?lang=nb").text
    page = client.get("/n/kinaforum/subscribe?lang=en").text
    assert "Town" in page
    assert "Meetings near you" in page
    assert 'name="town"' in embedded_form(kinaforum(), "https://news.example")
    assert 'name="level"' not in page, "only editors change it"


def test_an_import_names_the_columns_of_which_nothing_is_stored(tmp_path: Path) -> None:
    declare()
    file = tmp_path / "readers.csv"
    file.write_text("email,Sted,town,points\nkari@reader.example,,Oslo,7\n")
    report = import_file(file, "kinaforum", consent="moved")
    assert report.ignored == ("Sted", "points")
    assert personal_values(Subscriber.objects.get())["town"] == "Oslo"


def test_a_value_that_cannot_be_read_costs_nobody_a_subscriber(tmp_path: Path) -> None:
    declare()
    file = tmp_path / "readers.csv"
    file.write_text("email,shoe size,member,town\na@reader.example,large,,\nb@reader.example,41,x,Oslo\n")
    report = import_file(file, "kinaforum", consent="moved")
    assert (report.active, [line.line for line in report.incomplete]) == (2, [2])
    values = [subscriber.field_values for subscriber in Subscriber.objects.order_by("key")]
    assert values == [None, {"shoe-size": 41, "member": "yes", "town": "Oslo"}]


@pytest.mark.parametrize(
    ("cell", "value"), [("06.02.1950", "1950-02-06"), ("1950-02-06", "1950-02-06"), ("31/12/2030", "2030-12-31")]
)
def test_an_import_reads_days_as_files_have_them(tmp_path: Path, cell: str, value: str) -> None:
    declare()
    subscription = imported(tmp_path, f"email,born\nkari@reader.example,{cell}\n")
    assert subscription.subscriber.field_values == {"born": value}


def test_an_import_keeps_values_and_adds_missing_ones_and_can_be_undone(tmp_path: Path) -> None:
    declare()
    imported(tmp_path, "email,town\nkari@reader.example,Oslo\n")
    file = tmp_path / "more.csv"
    file.write_text("email,town,member\nkari@reader.example,Bergen,ja\n")
    report = import_file(file, "kinaforum", consent="moved")
    assert Subscriber.objects.get().field_values == {"town": "Oslo", "member": "yes"}
    assert report.number is not None
    undo_import(Import.objects.get(pk=report.number), AT)
    assert Subscriber.objects.get().field_values == {"town": "Oslo"}


def test_values_of_a_field_that_is_no_longer_declared_stay_in_personal_data_until_erasure(tmp_path: Path) -> None:
    declare()
    subscription = imported(tmp_path, "email,town\nkari@reader.example,Oslo\n")
    declare(member=OwnField(label="Member", kind="yes-no"))
    admin_actions.change_values(subscription.subscriber, {"member": "yes"})
    data = personal_data.personal_data_of(Subscriber.objects.get())
    assert (data["town"], data["member"]) == ("Oslo", "yes")


@pytest.mark.parametrize(
    ("text", "value"), [("12", "12"), ("12,50", "12.5"), ("-3", "-3"), ("1 234", "1234"), ("1e3", "1000")]
)
def test_numbers_are_taken_as_people_write_them(text: str, value: str) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["1,234", "nan", "inf", "1_000", "ten", "1e300", "१२"])
def test_what_is_no_certain_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        number(text)
