"""Work on many rows is done in transactions of few rows, since SQLite's other writers wait for each; work that was
interrupted between two of them is finished by the next attempt. `tests/bench/bench_transactions.py` has the times.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from newsletter import config
from newsletter.models import DeliveryStatus, Edition, Result, Retry, State, Tally
from newsletter.scheduling import housekeeping
from newsletter.sending import lifecycle, progress, resending, results, unknown_deliveries
from subscribers import delayed_confirmations, erasure, pacing, signup
from subscribers.models import EmailKind, Fingerprint, Hits, Subscriber, Subscription, Suppression, TransactionalEmail
from tests.sending import outbox_samples as samples
from tests.write_transactions import recorded

pytestmark = pytest.mark.django_db
ROWS, BOUND = 12, 5
NOW = timezone.now()
LONG_AGO = NOW - timedelta(days=4 * 366)


class Killed(Exception):
    """Stands for the end of the program."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let transactions have few rows."""
    monkeypatch.setattr(pacing.PacedTransactions, "__init__", _small(pacing.PacedTransactions.__init__))
    monkeypatch.setattr(results, "AGAIN_AT_ONCE", BOUND)
    monkeypatch.setattr(pacing, "LONGEST", float("inf"))  # however busy the machine is
    monkeypatch.setattr(erasure, "empty_write_ahead_log", lambda: None)  # impossible in the test's transaction


def _small(usual: Callable[..., None]) -> Callable[..., None]:
    def begin(self: pacing.PacedTransactions, most: int) -> None:
        usual(self, min(most, BOUND))

    return begin


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Do something and end it before its third transaction."""

    def run(act: Callable[[], object]) -> None:
        count, usual = 0, pacing.PacedTransactions.begin

        def begin(self: pacing.PacedTransactions) -> Any:
            nonlocal count
            count += 1
            if count > 2:
                raise Killed
            return usual(self)

        with monkeypatch.context() as patched:
            patched.setattr(pacing.PacedTransactions, "begin", begin)
            with suppress(Killed):
                act()
        assert count > 2

    return run


def delayed() -> None:
    for subscription in samples.subscribers(ROWS):
        TransactionalEmail.objects.create(
            kind=EmailKind.CONFIRM,
            subscriber=subscription.subscriber,
            subscription=subscription,
            newsletter="kinaforum",
            payload={"consent": subscription.pk},
            delayed_at=NOW,
        )


def release() -> int:
    return delayed_confirmations.release(delayed_confirmations.waiting(), NOW)


def expired() -> None:
    samples.subscribers(ROWS)
    Subscription.objects.update(state=Subscription.State.PENDING, created=LONG_AGO)
    Subscriber.objects.update(created=LONG_AGO)
    Hits.objects.bulk_create(Hits(what=str(n), start=0, until=1, count=1) for n in range(ROWS))


def former() -> None:
    samples.subscribers(ROWS)
    Subscription.objects.update(state=Subscription.State.UNSUBSCRIBED, unsubscribed_at=LONG_AGO)
    Subscriber.objects.update(created=LONG_AGO)


def sessions() -> None:
    Session.objects.bulk_create(
        Session(session_key=f"{n:040}", session_data="", expire_date=LONG_AGO) for n in range(ROWS)
    )


def tidy() -> None:
    housekeeping.tidy_database(config.current(), NOW)


@pytest.mark.parametrize(
    ("prepare", "act", "left"),
    [
        (delayed, release, delayed_confirmations.waiting),
        (expired, lambda: signup.delete_expired(NOW), Subscription.objects.all),
        (former, lambda: erasure.erase_former_subscribers(NOW), Subscriber.objects.all),
        (sessions, tidy, Session.objects.all),
    ],
    ids=["delayed confirmations", "expired requests", "former subscribers", "expired sessions"],
)
def test_rows_are_changed_in_portions_and_after_an_interruption_the_rest(
    prepare: Callable[[], None],
    act: Callable[[], object],
    left: Callable[[], Any],
    killed: Callable[[Callable[[], object]], None],
) -> None:
    prepare()
    with recorded() as recorder:
        killed(act)
    assert left().count() == ROWS - 2 * BOUND
    assert len(recorder.ended) == 2
    act()
    assert not left().exists()


def test_emails_to_one_person_become_one_however_many_are_in_a_portion() -> None:
    delayed()
    first = TransactionalEmail.objects.order_by("pk").first()
    assert first is not None
    other = Subscription.objects.create(subscriber=first.subscriber, newsletter="daily")
    Subscription.objects.update(state=Subscription.State.PENDING)
    TransactionalEmail.objects.create(
        kind=EmailKind.CONFIRM,
        subscriber=first.subscriber,
        subscription=other,
        newsletter="kinaforum",
        payload={"consent": -1},
        delayed_at=NOW,
    )
    assert release() == ROWS + 1
    assert TransactionalEmail.objects.count() == ROWS
    first.refresh_from_db()
    assert first.payload["more"] == [-1]


def test_hashes_are_recomputed_in_portions_and_an_interruption_is_repaired(
    killed: Callable[[Callable[[], object]], None], settings: Any
) -> None:
    samples.subscribers(ROWS)
    Suppression.objects.suppress("r1@reader.example", Suppression.Reason.BY_HAND)
    Fingerprint.objects.store()
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another key that is long enough to be one"
    settings.SECRET_KEY_FALLBACKS = [old]
    fingerprint = Fingerprint.objects.get(pk=1)
    before = fingerprint.value
    killed(lambda: fingerprint.rekey(old))
    assert Fingerprint.objects.get(pk=1).value == before
    fingerprint.rekey(old)
    assert Fingerprint.objects.get(pk=1).value != before
    stored = Subscriber.objects.values_list("key", "address_hash")
    assert all(Subscriber.hashed(key)["address_hash"] == digest for key, digest in stored)


def ended(kind: DeliveryStatus) -> Edition:
    """Return an edition that was sent, all of whose deliveries have this result."""
    edition = samples.sending(ROWS)
    Result.objects.bulk_create(
        Result(edition=edition, number=n + 1, attempt=1, kind=kind, at=NOW.timestamp()) for n in range(ROWS)
    )
    Tally.objects.create(edition=edition, at=NOW, **{kind.value: ROWS})
    Edition.objects.filter(pk=edition.pk).update(state=State.SENT, ended_at=NOW)
    edition.refresh_from_db()
    return edition


def test_unknown_deliveries_are_sent_again_in_portions_and_after_an_interruption_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edition = ended(DeliveryStatus.UNKNOWN)
    with monkeypatch.context() as patched, suppress(Killed):
        patched.setattr(unknown_deliveries, "rest_again", raise_killed)
        unknown_deliveries.resend(edition)
    assert Retry.objects.filter(edition=edition).count() == BOUND
    with recorded() as recorder:
        assert unknown_deliveries.resend(edition) == ROWS - BOUND
    assert Retry.objects.filter(edition=edition).count() == ROWS
    assert max(each.rows for each in recorder.ended) <= 3 * BOUND


def raise_killed(*_: Any) -> int:
    raise Killed


def test_skipped_deliveries_are_sent_again_in_portions() -> None:
    edition = ended(DeliveryStatus.SKIPPED)
    with recorded() as recorder:
        assert resending.send_to_missed(config.current(), edition) == ROWS
    assert Retry.objects.filter(edition=edition).count() == ROWS
    assert not Result.objects.filter(edition=edition).exists()
    assert max(each.rows for each in recorder.ended) <= 3 * BOUND


def test_retries_of_a_cancelled_edition_are_skipped_in_portions_and_after_an_interruption_the_rest(
    killed: Callable[[Callable[[], object]], None],
) -> None:
    edition = ended(DeliveryStatus.DEFERRED)
    Retry.objects.bulk_create(Retry(edition=edition, number=n + 1, attempt=2, due=NOW) for n in range(ROWS))
    with recorded() as recorder:
        killed(lambda: lifecycle.cancel(config.current(), edition))
        assert Retry.objects.count() == ROWS - 2 * BOUND
        housekeeping.tidy_database(config.current(), NOW)
    assert max(each.rows for each in recorder.ended) <= 4 * BOUND
    counted = progress.counts(edition)
    assert (counted.state, counted.skipped, counted.deferred) == (State.CANCELLED, ROWS, 0)
    assert not Retry.objects.exists()


def test_retries_are_kept_once_the_cancelled_edition_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    edition = ended(DeliveryStatus.DEFERRED)
    Retry.objects.bulk_create(Retry(edition=edition, number=n + 1, attempt=2, due=NOW) for n in range(ROWS))

    def sent_again_first(*arguments: Any) -> int:
        Edition.objects.filter(pk=edition.pk).update(state=State.SENDING)
        return pacing.in_portions(*arguments)

    monkeypatch.setattr("newsletter.sending.lifecycle.in_portions", sent_again_first)
    lifecycle.cancel(config.current(), edition)
    assert Retry.objects.count() == ROWS


def test_nothing_more_is_sent_again_once_the_edition_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    edition = ended(DeliveryStatus.UNKNOWN)

    def cancelled_first(*arguments: Any) -> int:
        lifecycle.cancel(config.current(), edition)
        return pacing.in_portions(*arguments)

    monkeypatch.setattr("newsletter.sending.results.in_portions", cancelled_first)
    assert unknown_deliveries.resend(edition) == BOUND
    assert Result.objects.filter(edition=edition, kind=DeliveryStatus.UNKNOWN).count() == ROWS - BOUND
