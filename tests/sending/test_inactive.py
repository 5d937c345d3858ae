"""Newsletters that are paused or archived, and those that can't be archived or removed yet."""

from dataclasses import replace
from datetime import timedelta
from typing import Literal

import pytest
from django.test import Client

from newsletter import config
from newsletter.collecting import collect
from newsletter.config import Config
from newsletter.domain.outcome import OutcomeKind
from newsletter.editions import approval, draft
from newsletter.editions.problems import Impossible
from newsletter.models import ApprovedContent, Edition, Notice, Occurrence, Source, State
from newsletter.scheduling.schedule import tick
from newsletter.sending import lifecycle, sender, unfinished
from subscribers.models import Subscription
from subscribers.tokens import link_token
from tests.factories import DUE, NOW, configured, drafted, kinaforum
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db
INACTIVE = pytest.mark.parametrize("status", ["paused", "archived"])
Status = Literal["paused", "archived"]


def as_now(status: str, **keys: object) -> Config:
    """Put a configuration in force in which the newsletter has this status."""
    return configured(status=status, **keys)


@INACTIVE
def test_no_draft_is_made_on_schedule_or_by_hand(status: Status) -> None:
    found = as_now(status)
    tick(found, NOW)
    with pytest.raises(Impossible, match=f"Kinaforum is {status}"):
        draft.make(found, kinaforum(), now=NOW, read_sources=False)
    assert not Edition.objects.exists()


@INACTIVE
def test_an_approved_edition_is_not_queued(status: Status) -> None:
    configured()
    edition = approval.approve(config.current(), drafted(), now=NOW)
    with pytest.raises(Impossible, match=f"Kinaforum is {status}"):
        approval.queue(as_now(status), edition, now=NOW)
    tick(config.current(), DUE)
    edition.refresh_from_db()
    assert edition.state == State.APPROVED


def test_a_queued_edition_begins_when_the_newsletter_is_active_again() -> None:
    configured()
    edition = samples.queued()
    assert lifecycle.begin_due(as_now("paused"), samples.NOW) == []
    assert lifecycle.begin_due(as_now("active"), samples.NOW) == [edition]


def test_an_edition_that_was_scheduled_for_a_time_of_the_pause_waits_for_an_editor() -> None:
    configured()
    edition = approval.approve(config.current(), drafted(), now=NOW)
    approval.queue(config.current(), edition, at=NOW + timedelta(days=1), now=NOW)
    assert lifecycle.begin_due(as_now("paused"), NOW + timedelta(days=2)) == []
    assert lifecycle.begin_due(as_now("active", late=timedelta(hours=6)), NOW + timedelta(days=9)) == []
    edition.refresh_from_db()
    assert (edition.state, edition.due_at) == (State.APPROVED, None)
    assert "is waiting: it was scheduled for 2026-" in str(Notice.objects.get(kind="waiting").text)
    approval.queue(config.current(), edition, now=NOW + timedelta(days=9))
    assert lifecycle.begin_due(config.current(), NOW + timedelta(days=9)) == [edition]


def test_sending_stops_while_a_newsletter_is_paused() -> None:
    samples.sending(3)
    assert sender.has_work(config.current().active)
    assert not sender.has_work(as_now("paused").active)


def test_dates_during_a_pause_are_not_caught_up_with() -> None:
    tick(configured(), NOW - timedelta(hours=1))
    tick(as_now("paused"), NOW + timedelta(hours=1))
    assert str(Occurrence.objects.exclude(done_at=None).get().outcome) == "the newsletter was paused or archived"
    tick(as_now("active"), NOW + timedelta(hours=2))
    assert not Edition.objects.exists()
    assert Occurrence.objects.filter(done_at=None, due_at__gt=NOW).exists()


@pytest.mark.parametrize(("status", "read"), [("paused", 1), ("archived", 0)])
def test_sources_are_read_unless_the_newsletter_is_archived(status: Status, read: int) -> None:
    found = as_now(status, sources=("http://127.0.0.1:9/",))
    assert len(collect.collect(found, now=NOW)) == read
    assert Source.objects.count() == read


@pytest.mark.parametrize("state", [State.APPROVED, State.QUEUED, State.SENDING, State.PAUSED])
@pytest.mark.parametrize("removed", [True, False])
def test_a_newsletter_with_an_unfinished_edition_stays(state: State, removed: bool) -> None:
    before = config.current()
    Edition.objects.filter(pk=samples.queued().pk).update(state=state)
    others = {name: n for name, n in before.newsletters.items() if name != "kinaforum"}
    archived = {**others, "kinaforum": replace(kinaforum(), status="archived")}
    after = replace(before, newsletters=others if removed else archived)
    problem = unfinished.objections(before, after)[0]
    key = "newsletters.kinaforum" if removed else "newsletters.kinaforum.status"
    assert str(problem).startswith(
        f"{key}: it can't be {'removed' if removed else 'archived'} yet: kinaforum/2026-W06 is "
    )
    Edition.objects.update(state=State.CANCELLED)
    assert unfinished.objections(before, after) == []


def test_deferred_deliveries_count_as_unfinished() -> None:
    edition = samples.sending(2)
    box = samples.outbox()
    chunk = samples.claim(box, 2).chunk
    outcomes = [samples.outcome(1, OutcomeKind.DEFERRED), samples.outcome(2, OutcomeKind.ACCEPTED)]
    box.settle(edition.name, chunk, outcomes, finished=True)
    lifecycle.complete(["kinaforum"], samples.NOW)
    assert "are still retried" in str(unfinished.unfinished("kinaforum"))


def test_an_archived_newsletter_keeps_its_pages_and_its_unsubscribe_links(client: Client) -> None:
    edition = samples.sending(1)
    Edition.objects.update(published_at=samples.NOW)
    ApprovedContent.objects.update(html="<html><body><p>Week 6</p></body></html>")
    as_now("archived")
    subscription = Subscription.objects.get()
    assert client.get(f"/n/kinaforum/{edition.period}/").status_code == 200
    listed = client.get("/n/kinaforum/").content.decode()
    assert edition.period in listed
    assert "/subscribe" not in listed
    link = f"/u/{link_token(subscription.pk)}"
    assert client.get(link).status_code == 200
    assert client.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    subscription.refresh_from_db()
    assert subscription.state == Subscription.State.UNSUBSCRIBED


def test_nobody_can_sign_up_for_an_archived_newsletter(client: Client) -> None:
    as_now("archived")
    assert client.get("/n/kinaforum/subscribe").status_code == 410
    refused = client.post("/n/kinaforum/subscribe", '{"address": "a@example.org"}', content_type="application/json")
    assert (refused.status_code, set(refused.json())) == (410, {"error"})
    assert client.post("/n/kinaforum/subscribe", {"address": "a@example.org"}).status_code == 410
    assert not Subscription.objects.exists()


def test_people_can_sign_up_for_a_paused_newsletter(client: Client) -> None:
    as_now("paused")
    assert client.get("/n/kinaforum/subscribe").status_code == 200
