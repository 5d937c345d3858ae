"""Exports: complete, safe in spreadsheets, and importable."""

import csv
import io
import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from subscribers.exporting import export_csv, export_json
from subscribers.importing import import_file
from subscribers.models import Consent, Subscriber, Subscription
from subscribers.spreadsheets import escape_formulas, unescape_formulas
from tests.subscribers.make import AT, add_subscription

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("  =1", "  '=1"),
        ("Kari;=1+1;x; +2", "Kari;'=1+1;x; '+2"),
        ("Kari\n=1", "Kari\n'=1"),
        ("'=1", "''=1"),
        ("a=b, c-d;e+f", "a=b, c-d;e+f"),
    ],
)
def test_no_formula_survives_any_delimiter(text: str, written: str) -> None:
    assert escape_formulas(text) == written


@given(st.text(alphabet="=+-@\t\r\n; 'a"))
def test_escaping_can_be_reversed(text: str) -> None:
    cell = escape_formulas(text)
    assert unescape_formulas(cell) == text
    for part in re.split(r"[;\t\r\n]", cell):
        assert not part.lstrip(" ").startswith(("=", "+", "-", "@"))


def test_every_cell_is_quoted() -> None:
    """LibreOffice splits at commas and semicolons alike, but not inside quotes."""
    subscription = add_subscription()
    Subscriber.objects.filter(pk=subscription.subscriber_id).update(name="Kari;=1+1")
    file = io.StringIO(newline="")
    export_csv("kinaforum", file)
    assert '","Kari;\'=1+1","' in file.getvalue()


def test_a_row_has_the_current_consent() -> None:
    subscription = add_subscription("=cmd@reader.example", tags=("film", "oslo"))
    Consent.objects.create(subscription=subscription, how=Consent.How.FORM, text="asked again", at=AT)
    Consent.objects.create(
        subscription=subscription, how=Consent.How.FORM, text="agreed", network="192.0.2.7", at=AT, confirmed_at=AT
    )
    file = io.StringIO(newline="")
    assert export_csv("kinaforum", file) == 1
    (row,) = csv.DictReader(io.StringIO(file.getvalue()))
    assert row["address"] == "'=cmd@reader.example"
    assert (row["tags"], row["consent"], row["consent_network"]) == ("film, oslo", "agreed", "192.0.2.7")
    assert row["confirmed_at"] == "2026-02-06T12:00:00+00:00"


def test_json_is_one_document() -> None:
    add_subscription()
    add_subscription("ola@reader.example", state=Subscription.State.UNSUBSCRIBED)
    file = io.StringIO()
    assert export_json("kinaforum", file) == 2
    assert [row["state"] for row in json.loads(file.getvalue())] == ["active", "unsubscribed"]


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """Export a paused, a pending and an unsubscribed person, and delete them."""
    rests = add_subscription("+kari@reader.example", tags=("film",), language="nn")
    Subscriber.objects.filter(pk=rests.subscriber_id).update(name="=Kari")
    Subscription.objects.filter(pk=rests.pk).update(paused_until=date(2026, 4, 1))
    waits = add_subscription("waits@reader.example", state=Subscription.State.PENDING)
    add_subscription("left@reader.example", state=Subscription.State.UNSUBSCRIBED)
    for subscription, confirmed in ((rests, AT), (waits, None)):
        Consent.objects.create(
            subscription=subscription,
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


def test_an_export_can_be_imported_unchanged(exported: Path) -> None:
    report = import_file(exported, "kinaforum", consent="moved to another server")
    assert (report.added, report.suppressed, report.refused) == (2, 1, ())
    rests, waits = Subscription.objects.exclude(state=Subscription.State.UNSUBSCRIBED).order_by("subscriber__key")
    assert Subscription.objects.filter(state=Subscription.State.UNSUBSCRIBED).count() == 1
    kari = rests.subscriber
    assert (kari.address, kari.name, kari.language) == ("+kari@reader.example", "=Kari", "nn")
    assert (rests.state, rests.tags, rests.joined, rests.paused_until) == ("active", ("film",), AT, date(2026, 4, 1))
    assert (waits.state, waits.joined, waits.paused_until) == ("pending", AT, None)
    for subscription, confirmed in ((rests, AT), (waits, None)):
        given = Consent.objects.get(subscription=subscription)
        assert (given.how, given.wording, given.text) == ("form", "2026-1", 'Yes, "send" me,\nplease')
        assert (given.language, given.at, given.network) == ("nn", AT - timedelta(days=3), "192.0.2.7")
        assert (given.page, given.confirmed_at) == ("https://blog.example", confirmed)
    again = import_file(exported, "kinaforum")
    assert (again.added, again.updated, again.unchanged) == (0, 0, 3)


def test_consent_is_valid_for_its_newsletter_only(exported: Path) -> None:
    import_file(exported, "daily", consent="told by letter", at=AT)
    subscription = Subscription.objects.get(subscriber__key="+kari@reader.example")
    given = Consent.objects.get(subscription=subscription)
    assert (subscription.tags, subscription.joined, subscription.paused_until) == (("film",), AT, None)
    assert (given.how, given.text, given.at, given.page) == ("import", "told by letter", AT, "")


def test_importing_keeps_a_newer_pause(exported: Path) -> None:
    import_file(exported, "kinaforum")
    Subscription.objects.update(paused_until=None)
    import_file(exported, "kinaforum")
    assert set(Subscription.objects.values_list("paused_until", flat=True)) == {None}


def _spoil(exported: Path, cell: str) -> None:
    """Overwrite a column with invalid values."""
    with exported.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with exported.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(row | {cell: "x" * 600} for row in rows)


@pytest.mark.parametrize("cell", ["consent_at", "paused_until", "confirmed_at", "joined"])
def test_an_invalid_date_in_an_export_is_refused(exported: Path, cell: str) -> None:
    _spoil(exported, cell)
    report = import_file(exported, "kinaforum", consent="told by letter")
    assert {str(line.reason) for line in report.refused} == {
        f"'{'x' * 40}' is not a date; write it as 2025-12-31, or ignore that column"
    }
    assert not Consent.objects.exists()


@pytest.mark.parametrize("cell", ["consent_how", "consent_network"])
def test_other_invalid_values_in_an_export_are_ignored(exported: Path, cell: str) -> None:
    _spoil(exported, cell)
    assert import_file(exported, "kinaforum", consent="told by letter").added == 2
    assert Consent.objects.count() == 2


def _exported(path: Path) -> str:
    with path.open("w", newline="") as file:
        export_csv("kinaforum", file)
    return path.read_text(encoding="utf-8")


def test_a_round_trip_changes_nothing(exported: Path, tmp_path: Path) -> None:
    """People in every state, with choices, a pause and a reason; the second site has nobody."""
    import_file(exported, "kinaforum")
    Subscription.objects.filter(subscriber__key="left@reader.example").update(
        unsubscribed_at=AT, reason="too many; =1+1", cadence="month", topics="film"
    )
    Subscription.objects.filter(subscriber__key="+kari@reader.example").update(cadence="day", topics="books,film")
    first = _exported(tmp_path / "first.csv")
    Subscriber.objects.all().delete()
    report = import_file(tmp_path / "first.csv", "kinaforum")
    assert (report.lines, report.active, report.waiting, report.suppressed, report.refused) == (3, 1, 1, 1, ())
    assert sorted(_exported(tmp_path / "second.csv").splitlines()) == sorted(first.splitlines())
