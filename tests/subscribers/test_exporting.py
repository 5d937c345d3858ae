"""Exporting: all of it, harmless in spreadsheets, and good for importing again."""

import csv
import io
import json
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


def test_what_was_exported_can_be_imported(tmp_path: Path) -> None:
    subscription("+kari@reader.example", tags=("film",))
    subscription("left@reader.example", state=Subscription.State.UNSUBSCRIBED)
    with (tmp_path / "all.csv").open("w", newline="") as file:
        export_csv("kinaforum", file)
    Subscriber.objects.all().delete()
    report = import_file(tmp_path / "all.csv", "daily")
    assert (report.added, len(report.refused)) == (1, 1)
    tie = Subscription.objects.get()
    assert (tie.subscriber.address, tie.tags, tie.joined) == ("+kari@reader.example", ("film",), AT)
