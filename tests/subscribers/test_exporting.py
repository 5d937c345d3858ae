"""Exporting: all of it, harmless in spreadsheets, and good for importing again."""

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from subscribers.exporting import export_csv, export_json
from subscribers.importing import import_file
from subscribers.models import Consent, Subscriber, Subscription
from subscribers.spreadsheets import harmless
from tests.subscribers.make import AT, subscription

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_begins_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


def test_a_row_has_the_consent_that_holds() -> None:
    tie = subscription("=cmd@reader.example", tags=("film", "oslo"))
    Consent.objects.create(subscription=tie, how=Consent.How.FORM, text="asked again", at=AT)
    Consent.objects.create(
        subscription=tie, how=Consent.How.FORM, text="agreed", network="192.0.2.7", at=AT, confirmed_at=AT
    )
    file = io.StringIO(newline="")
    assert export_csv("kinaforum", file) == 1
    (row,) = csv.DictReader(io.StringIO(file.getvalue()))
    assert row["address"] == "'=cmd@reader.example"
    assert (row["tags"], row["consent"], row["consent_network"]) == ("film, oslo", "agreed", "192.0.2.7")
    assert row["confirmed_at"] == "2026-02-06T12:00:00+00:00"


def test_json_is_one_document() -> None:
    subscription()
    subscription("ola@reader.example", state=Subscription.State.UNSUBSCRIBED)
    file = io.StringIO()
    assert export_json("kinaforum", file) == 2
    assert [row["state"] for row in json.loads(file.getvalue())] == ["active", "unsubscribed"]


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """An export of three: one who rests, one who has asked, one who has left; of whom the database then knows none."""
    rests = subscription("+kari@reader.example", tags=("film",), language="nn")
    Subscriber.objects.filter(pk=rests.subscriber_id).update(name="=Kari")
    Subscription.objects.filter(pk=rests.pk).update(paused_until=date(2026, 4, 1))
    waits = subscription("waits@reader.example", state=Subscription.State.PENDING)
    subscription("left@reader.example", state=Subscription.State.UNSUBSCRIBED)
    for tie, confirmed in ((rests, AT), (waits, None)):
        Consent.objects.create(
            subscription=tie,
            how=Consent.How.FORM,
            wording="2026-1",
            text='Yes, "send" me,\nplease',
            language="nn",
            at=AT - timedelta(days=3),
            network="192.0.2.7",
            page="https://blog.example",
            confirmed_at=confirmed,
        )
    with (tmp_path / "all.csv").open("w", newline="") as file:
        export_csv("kinaforum", file)
    Subscriber.objects.all().delete()
    return tmp_path / "all.csv"


def test_what_was_exported_comes_back_as_it_was(exported: Path) -> None:
    """But who left."""
    report = import_file(exported, "kinaforum", consent="moved to another server")
    assert (report.added, len(report.refused)) == (2, 1)
    rests, waits = Subscription.objects.order_by("subscriber__key")
    kari = rests.subscriber
    assert (kari.address, kari.name, kari.language) == ("+kari@reader.example", "=Kari", "nn")
    assert (rests.state, rests.tags, rests.joined, rests.paused_until) == ("active", ("film",), AT, date(2026, 4, 1))
    assert (waits.state, waits.joined, waits.paused_until) == ("pending", None, None)
    for tie, confirmed in ((rests, AT), (waits, None)):
        given = Consent.objects.get(subscription=tie)
        assert (given.how, given.wording, given.text) == ("form", "2026-1", 'Yes, "send" me,\nplease')
        assert (given.language, given.at, given.network) == ("nn", AT - timedelta(days=3), "192.0.2.7")
        assert (given.page, given.confirmed_at) == ("https://blog.example", confirmed)
    again = import_file(exported, "kinaforum")
    assert (again.added, again.updated, again.unchanged) == (0, 0, 2)


def test_consent_for_one_newsletter_is_none_for_another(exported: Path) -> None:
    import_file(exported, "daily", consent="told by letter", at=AT)
    tie = Subscription.objects.get(subscriber__key="+kari@reader.example")
    given = Consent.objects.get(subscription=tie)
    assert (tie.tags, tie.joined, tie.paused_until) == (("film",), AT, None)
    assert (given.how, given.text, given.at, given.page) == ("import", "told by letter", AT, "")


def test_a_pause_that_a_reader_chose_since_stays(exported: Path) -> None:
    import_file(exported, "kinaforum")
    Subscription.objects.update(paused_until=None)
    import_file(exported, "kinaforum")
    assert set(Subscription.objects.values_list("paused_until", flat=True)) == {None}


@pytest.mark.parametrize("cell", ["consent_at", "paused_until", "confirmed_at", "consent_how", "consent_network"])
def test_what_was_spoilt_by_hand_is_read_all_the_same(exported: Path, cell: str) -> None:
    with exported.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with exported.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(row | {cell: "x" * 600} for row in rows)
    assert import_file(exported, "kinaforum", consent="told by letter").added == 2
    assert Consent.objects.count() == 2
