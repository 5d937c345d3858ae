"""Importing people who left: who is here, who came back, and lists of addresses and domains to block."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from subscribers import admin_actions, erasure
from subscribers.importing import ImportReport, import_blocked
from subscribers.models import Consent, Import, Subscriber, Subscription, Suppression
from tests.subscribers import conftest
from tests.subscribers.make import AT, add_subscription

pytestmark = pytest.mark.django_db

State = Subscription.State
OLDER = AT - timedelta(days=400)


def left(day: str = "") -> str:
    return f"email,status,unsubscribed_at\nkari@reader.example,unsubscribed,{day}\n"


def test_who_was_imported_and_leaves_the_old_list_is_unsubscribed(take: conftest.Import) -> None:
    take("email\nkari@reader.example\n", at=OLDER)
    report = take(left())
    subscription = Subscription.objects.get()
    assert (report.suppressed, subscription.state, subscription.unsubscribed_at) == (1, State.UNSUBSCRIBED, AT)
    assert len(take("email\nkari@reader.example\n").refused) == 1


def test_who_confirmed_here_after_leaving_elsewhere_stays(take: conftest.Import) -> None:
    subscription = add_subscription(joined=OLDER)
    Consent.objects.create(subscription=subscription, how=Consent.How.FORM, at=OLDER, confirmed_at=OLDER)
    report = take(left("2024-01-01"))
    assert [str(each.reason) for each in report.refused] == [
        "the file says that this person left, but they confirmed here on 2025-01-02 12:00 UTC that they want it"
    ]
    assert Subscription.objects.get().state == State.ACTIVE
    assert take(left("2025-06-01")).suppressed == 1
    assert Subscription.objects.get().state == State.UNSUBSCRIBED


def test_a_consent_of_an_export_is_older_than_the_import(take: conftest.Import) -> None:
    subscription = add_subscription(joined=AT - timedelta(days=1))
    Consent.objects.create(subscription=subscription, how=Consent.How.FORM, at=OLDER, confirmed_at=OLDER)
    assert take(left()).suppressed == 1


def test_who_complained_elsewhere_is_blocked_in_any_case(take: conftest.Import) -> None:
    subscription = add_subscription(joined=OLDER)
    Consent.objects.create(subscription=subscription, how=Consent.How.FORM, at=OLDER, confirmed_at=OLDER)
    assert take("email,status\nkari@reader.example,complained\n").suppressed == 1
    assert not Subscription.objects.receiving_on("kinaforum", AT.date()).exists()


def test_a_forgotten_person_is_not_stored_because_they_left_elsewhere(take: conftest.Import) -> None:
    erasure.forget(admin_actions.address_given("kari@reader.example"))
    assert take(left()).present == 1
    assert not Subscriber.objects.exists()


def test_the_worst_of_several_lines_counts_in_any_order(take: conftest.Import) -> None:
    lines = ["kari@reader.example,active", "kari@reader.example,unsubscribed"]
    take("email,status\n" + "\n".join(lines))
    take("email,status\n" + "\n".join(reversed([each.replace("kari", "ola") for each in lines])))
    assert set(Subscription.objects.values_list("state", flat=True)) == {State.UNSUBSCRIBED}


def test_a_dry_run_of_several_lines_says_the_same(take: conftest.Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscribers.importing.run.PORTION", 1)
    words = ("active", "unsubscribed", "active", "bounced", "unsubscribed", "bounced")
    content = "email,status\n" + "".join(f"kari@reader.example,{word}\n" for word in words)
    tried, done = take(content, dry_run=True), take(content)
    for figure in ("active", "waiting", "suppressed", "present", "lines"):
        assert getattr(tried, figure) == getattr(done, figure), figure
    assert [each.reason for each in tried.refused] == [each.reason for each in done.refused]


BLOCKED = (
    "Kari@Reader.Example\n@shut.example\n*@star.example\nplain.example\nBÜCHER.example\n"
    "Ola <ola@reader.example>\nnone\n\nfoo bar.example\n"
)


def block(folder: Path, text: str = BLOCKED, reason: str = "complained", **options: Any) -> ImportReport:
    (folder / "blocked.txt").write_text(text, encoding="utf-8")
    return import_blocked(folder / "blocked.txt", reason, **options)


def test_addresses_and_domains_are_blocked_and_nobody_is_subscribed(tmp_path: Path) -> None:
    tried = block(tmp_path, dry_run=True)
    assert not Suppression.objects.exists()
    report = block(tmp_path)
    assert (report.suppressed, report.present, report.lines) == (6, 0, 8)
    assert (tried.suppressed, tried.present, tried.lines) == (6, 0, 8)
    assert [(each.line, str(each.reason)) for each in report.refused] == [
        (7, "'none' is neither an address nor the name of a domain: the part after the @ has no period"),
        (9, "'foo bar.example' is neither an address nor the name of a domain: it has a space"),
    ]
    keys = ["kari@reader.example", "ola@reader.example", "x@shut.example", "x@star.example", "x@plain.example",
            "x@xn--bcher-kva.example", "per@reader.example"]  # fmt: skip
    assert set(Suppression.objects.suppressed(keys)) == set(keys) - {"per@reader.example"}
    assert set(Suppression.objects.values_list("reason", flat=True)) == {"complained"}
    assert not Subscriber.objects.exists()
    again = block(tmp_path)
    assert (again.suppressed, again.present, len(again.refused)) == (0, 6, 2)
    assert Import.objects.count() == 2


def test_a_list_may_have_a_header_and_dates(tmp_path: Path) -> None:
    report = block(tmp_path, "email,unsubscribed_at\nkari@reader.example,2024-03-05\n", "unsubscribed")
    assert (report.suppressed, report.lines) == (1, 1)
    assert f"{Suppression.objects.get().at:%F}" == "2024-03-05"
    assert block(tmp_path, "Domain\nshut.example\n").suppressed == 1


def test_a_weaker_reason_changes_nothing(tmp_path: Path) -> None:
    block(tmp_path, "kari@reader.example\n")
    assert block(tmp_path, "kari@reader.example\n", "bounced").present == 1
    assert Suppression.objects.get().reason == "complained"
