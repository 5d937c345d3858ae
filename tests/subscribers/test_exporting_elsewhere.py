"""Exports for other tools: who gets the newsletter, as our own import reads that tool's files, and who must not."""

import csv
import io
from pathlib import Path

import pytest

from subscribers.exporting import COLUMNS, export_for, export_suppressions
from subscribers.importing import import_blocked, import_file
from subscribers.models import Subscriber, Subscription, Suppression
from tests.subscribers.make import AT, add_subscription

pytestmark = pytest.mark.django_db

State = Subscription.State


@pytest.fixture(autouse=True)
def people() -> None:
    """One who gets it, and others who must not."""
    kari = add_subscription("kari@reader.example", tags=("film", "oslo"))
    Subscriber.objects.filter(pk=kari.subscriber_id).update(name="Kari Nordmann Berg")
    add_subscription("waits@reader.example", state=State.PENDING)
    left = add_subscription("left@reader.example", state=State.UNSUBSCRIBED)
    Subscription.objects.filter(pk=left.pk).update(unsubscribed_at=AT)
    add_subscription("bounced@reader.example")
    add_subscription("anna@shut.example")
    add_subscription("ola@shut.example")
    Suppression.objects.suppress("bounced@reader.example", Suppression.Reason.BOUNCED)
    Suppression.objects.suppress_domain("shut.example", Suppression.Reason.BY_HAND)
    Suppression.objects.suppress("erased@reader.example", Suppression.Reason.ERASED)


@pytest.mark.parametrize("tool", COLUMNS)
def test_only_who_gets_it_is_written_for_each_tool(tool: str, tmp_path: Path) -> None:
    with (tmp_path / f"{tool}-active.csv").open("w", newline="") as file:
        assert export_for(tool, "kinaforum", AT.date(), file) == 1
    Subscriber.objects.all().delete()
    report = import_file(tmp_path / f"{tool}-active.csv", "kinaforum", consent="back again", at=AT)
    assert (report.active, report.lines, report.refused) == (1, 1, ())
    subscription = Subscription.objects.select_related("subscriber").get()
    names = {"jetpack": "", "kit": "Kari", "buttondown": ""}
    assert (subscription.subscriber.address, subscription.subscriber.name) == (
        "kari@reader.example",
        names.get(tool, "Kari Nordmann Berg"),
    )
    assert subscription.tags == (("film", "oslo") if {"Tags", "tags", "labels"} & COLUMNS[tool].keys() else ())


def test_a_formula_is_no_formula() -> None:
    Subscriber.objects.filter(key="kari@reader.example").update(name="=cmd")
    file = io.StringIO(newline="")
    export_for("substack", "kinaforum", AT.date(), file)
    assert "'=cmd" in file.getvalue()


def test_who_must_not_get_it_is_written_with_reason_and_date(tmp_path: Path) -> None:
    path = tmp_path / "blocked.csv"
    with path.open("w", newline="") as file:
        counts = export_suppressions("kinaforum", file)
    assert counts == (3, 1), "the erased person is only a hash"
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    assert [(row["address"], row["reason"]) for row in rows] == [
        ("left@reader.example", "unsubscribed"),
        ("bounced@reader.example", "bounced"),
        ("@shut.example", "by hand"),
    ]
    assert rows[0]["date"] == AT.isoformat()
    Suppression.objects.all().delete()
    report = import_blocked(path, "by hand")
    assert (report.suppressed, report.refused) == (3, ())
    assert set(Suppression.objects.suppressed(["left@reader.example", "bounced@reader.example", "x@shut.example"])) == {
        "left@reader.example",
        "bounced@reader.example",
        "x@shut.example",
    }
