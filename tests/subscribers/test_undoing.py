"""Undoing an import: what it added is removed and what it changed is put back, except where somebody acted since."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from newsletter import config
from subscribers import admin_actions, erasure, preferences
from subscribers.importing import (
    ImportReport,
    ImportUndone,
    UndoRefused,
    import_blocked,
    import_file,
    run as running,
    undo_import,
)
from subscribers.models import (
    Consent,
    Import,
    ImportChange,
    RefusedLine,
    Subscriber,
    Subscription,
    Suppression,
    TopicChange,
)
from subscribers.signup import confirm
from subscribers.tokens import Purpose, timed_token
from tests.subscribers.make import add_subscription

pytestmark = pytest.mark.django_db

State = Subscription.State
STATES = (
    "email,status,name,tags,cadence,topics\n"
    "new@reader.example,active,New,film,,\n"
    "waits@reader.example,unconfirmed,,,,\n"
    "left@reader.example,unsubscribed,,,,\n"
    "bounced@reader.example,bounced,,,,\n"
    "here@reader.example,active,Here,film,day,books\n"
    "pending@reader.example,active,,,,\n"
    "leaves@reader.example,unsubscribed,,,,\n"
    "weak@reader.example,complained,,,,\n"
    "none,active,,,,\n"
)
Take = Callable[..., ImportReport]


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Import text for `kinaforum`, now."""

    def do(text: str = STATES, **options: Any) -> ImportReport:
        (tmp_path / "readers.csv").write_text(text, encoding="utf-8")
        return import_file(tmp_path / "readers.csv", "kinaforum", **{"consent": "moved", **options})

    return do


def undone(report: ImportReport) -> Import:
    assert report.number is not None
    return undo_import(Import.objects.get(pk=report.number), timezone.now())


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of people, without what says when and by which import."""
    models = (Subscriber, Subscription, Suppression, Consent, RefusedLine, ImportChange)
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


@pytest.fixture
def before() -> dict[str, list[dict[str, Any]]]:
    """People whom the import changes: here, pending, about to leave, and weakly blocked."""
    add_subscription("here@reader.example", tags=("oslo",))
    add_subscription("pending@reader.example", state=State.PENDING)
    add_subscription("leaves@reader.example")
    Suppression.objects.suppress("weak@reader.example", Suppression.Reason.UNSUBSCRIBED, "at the fair")
    return everything()


def test_undoing_leaves_what_was_there_before(take: Take, before: dict[str, list[dict[str, Any]]]) -> None:
    report = take()
    assert (report.active, report.waiting, report.suppressed, report.present) == (2, 1, 4, 1)
    assert len(report.refused) == 1
    record = undone(report)
    assert record.undo == {"removed": 4, "restored": 5}
    after = everything()
    (offered,) = {
        row.pop("offered_id") for row in after["Subscription"][:1]
    }  # the base that they were offered is stored
    assert offered is None or isinstance(offered, int)
    before["Subscription"][0].pop("offered_id")
    assert after == before
    change = TopicChange.objects.get(before="books")
    assert change.subscription.subscriber.key == "here@reader.example"


def test_undoing_twice_does_nothing_more(take: Take, before: dict[str, list[dict[str, Any]]]) -> None:
    report = take()
    first = undone(report)
    add_subscription("later@reader.example")
    again = undone(report)
    assert (again.undo, again.undone_at) == (first.undo, first.undone_at)
    assert Subscriber.objects.filter(key="later@reader.example").exists()


def test_an_interrupted_undo_is_continued(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscribers.importing.undoing.PORTION", 2)
    report = take("email\n" + "".join(f"k{n}@reader.example\n" for n in range(7)))
    with monkeypatch.context() as broken:
        calls: list[object] = []

        def fail_at_the_third(*arguments: object, **figures: int) -> None:
            calls.append(figures)
            if len(calls) == 3:
                raise KeyboardInterrupt

        broken.setattr("subscribers.importing.undoing._count", fail_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            undone(report)
    assert Subscriber.objects.exists()
    undone(report)
    assert not Subscriber.objects.exists()


def test_who_unsubscribed_since_stays_unsubscribed(take: Take) -> None:
    report = take("email\nkari@reader.example\nola@reader.example\n")
    preferences.unsubscribe(Subscription.objects.get(subscriber__key="kari@reader.example").pk, timezone.now())
    record = undone(report)
    assert record.undo == {"removed": 1, "kept": 1}
    assert Subscription.objects.get().state == State.UNSUBSCRIBED
    assert len(take("email\nkari@reader.example\n").refused) == 1


def test_who_confirmed_since_stays_subscribed(take: Take) -> None:
    report = take("email,status\nkari@reader.example,unsubscribed\nola@reader.example,unconfirmed\n")
    for subscription in Subscription.objects.all():
        consent = Consent.objects.create(subscription=subscription, how=Consent.How.FORM, at=timezone.now())
        confirm(config.current(), timed_token(Purpose.CONFIRM, consent.pk, 60), timezone.now())
    assert undone(report).undo == {"kept": 2}
    assert set(Subscription.objects.values_list("state", flat=True)) == {State.ACTIVE}


def test_whom_an_editor_added_since_stays_subscribed(take: Take) -> None:
    report = take("email\nkari@reader.example\n", status="pending")
    admin_actions.add("kari@reader.example", "kinaforum", consent="by telephone")
    assert undone(report).undo == {"kept": 1}
    assert Subscription.objects.get().state == State.ACTIVE


def test_a_changed_name_stays(take: Take) -> None:
    subscription = add_subscription("kari@reader.example")
    report = take("email,name,tags\nkari@reader.example,K,film\n")
    preferences.update_profile(subscription.subscriber, {"name": "Kari", "language": "nb"})
    record = undone(report)
    subscription.refresh_from_db()
    subscription.subscriber.refresh_from_db()
    assert (subscription.subscriber.name, subscription.tags, record.undo) == ("Kari", (), {"restored": 1, "kept": 1})


def test_an_import_is_undone_that_is_older_than_a_personal_field(take: Take) -> None:
    add_subscription("kari@reader.example")
    report = take("email,name\nkari@reader.example,Kari\n")
    change = ImportChange.objects.get()
    for values in (change.before, change.after):
        del values["language"]
    change.save()
    assert undone(report).undo == {"restored": 1}
    assert Subscriber.objects.get().name == ""


def test_the_latest_import_is_undone_first(take: Take) -> None:
    """The later one may have found present what the earlier one had added."""
    first = take("email,status\nkari@reader.example,active\nleft@reader.example,unsubscribed\n")
    second = take("email,status\nkari@reader.example,unsubscribed\nleft@reader.example,unsubscribed\n")
    with pytest.raises(UndoRefused, match=f"first undo import {second.number}, which was made after it"):
        undone(first)
    assert set(Subscription.objects.values_list("state", flat=True)) == {State.UNSUBSCRIBED}
    undone(second)
    assert Subscription.objects.get(subscriber__key="kari@reader.example").state == State.ACTIVE
    undone(first)
    assert not Subscriber.objects.exists()


def test_a_block_that_was_strengthened_since_stays(tmp_path: Path) -> None:
    (tmp_path / "blocked.txt").write_text("kari@reader.example\nola@reader.example\nshut.example\n")
    report = import_blocked(tmp_path / "blocked.txt", "bounced")
    Suppression.objects.suppress("kari@reader.example", Suppression.Reason.COMPLAINED)
    assert undone(report).undo == {"removed": 2, "kept": 1}
    assert Suppression.objects.get().reason == "complained"


def test_an_import_that_is_undone_meanwhile_stops(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PORTION", 1)

    def undo(done: int, total: int) -> None:
        undo_import(Import.objects.get(), timezone.now())

    with pytest.raises(ImportUndone, match="is being undone"):
        take("email\nkari@reader.example\nola@reader.example\n", progress=undo)
    assert not Subscriber.objects.exists()


def test_an_erased_person_is_in_no_refused_line(take: Take) -> None:
    others = ["k.ari@reader.example", "ari@reader.example.org"]
    for blocked in ("ari@reader.example", *others):
        Suppression.objects.suppress(blocked, Suppression.Reason.BY_HAND)
    take("\n".join(["email", "Ari@reader.example", "Ari N <ari@reader.example>", *others]))
    assert RefusedLine.objects.count() == 4
    erasure.forget(admin_actions.address_given("ari@reader.example"))
    assert [row.address for row in RefusedLine.objects.all()] == others


def test_refused_lines_are_deleted_after_a_month(take: Take) -> None:
    from subscribers import signup

    take("email\nnone\n", at=timezone.now() - timedelta(days=31))
    signup.delete_expired(timezone.now())
    assert not RefusedLine.objects.exists()
    assert Import.objects.get().refused == 1
