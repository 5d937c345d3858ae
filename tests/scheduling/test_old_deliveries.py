"""Deliveries of old editions are rolled up, and the counts stay."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from newsletter import config
from newsletter.config import Config
from newsletter.domain.outcome import OutcomeKind
from newsletter.editions import draft
from newsletter.editions.problems import Impossible
from newsletter.models import Delivery, Edition, Result, State
from newsletter.scheduling import old_deliveries
from newsletter.sending import lifecycle, progress
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db
LATER = datetime(2027, 6, 1, tzinfo=UTC)


def keeping(days: int) -> Config:
    found = config.current()
    return replace(found, delivery=replace(found.delivery, keep_deliveries=timedelta(days=days)))


def sent(kind: OutcomeKind = OutcomeKind.REFUSED) -> Edition:
    """An edition to ten, of which one delivery has this outcome."""
    edition, box = samples.sending(10), samples.outbox()
    batch = box.begin(box.next(500))
    outcomes = [samples.outcome(n, kind if n == 4 else OutcomeKind.ACCEPTED) for n in range(1, 11)]
    box.settle(edition.name, batch.chunk, outcomes, finished=True)
    lifecycle.complete((edition.newsletter,), samples.NOW)
    edition.refresh_from_db()
    assert edition.state == State.SENT
    return edition


def test_accepted_deliveries_are_deleted_and_the_counts_stay() -> None:
    edition = sent()
    before = progress.counts(edition)
    assert old_deliveries.roll_up(keeping(0), LATER) == 0
    assert old_deliveries.roll_up(keeping(1_000), LATER) == 0
    assert old_deliveries.roll_up(keeping(400), LATER) == 1
    assert [d.number for d in Delivery.objects.all()] == [r.number for r in Result.objects.all()] == [4]
    assert progress.counts(edition) == before
    assert (before.accepted, before.refused) == (9, 1)
    assert old_deliveries.roll_up(keeping(400), LATER) == 0


def test_an_edition_with_an_open_decision_is_kept() -> None:
    edition = sent(OutcomeKind.UNKNOWN)
    assert old_deliveries.roll_up(keeping(400), LATER) == 0
    Result.objects.filter(edition=edition, number=4).update(settled=True)
    assert old_deliveries.roll_up(keeping(400), LATER) == 1


def test_an_edition_without_its_deliveries_can_not_be_corrected() -> None:
    edition = sent()
    old_deliveries.roll_up(keeping(400), LATER)
    edition.refresh_from_db()
    with pytest.raises(Impossible, match="record of who received kinaforum/2026-W06 has been deleted"):
        draft.correct(config.current(), edition, now=LATER)
