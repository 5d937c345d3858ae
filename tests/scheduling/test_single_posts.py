"""Editions with a single post: made when the post is found, sent at once or when approved, in the order of posts."""

from datetime import datetime, timedelta
from typing import Literal

import pytest

from newsletter import config
from newsletter.config import CadenceSettings
from newsletter.editions import approval, draft, editing
from newsletter.editions.draft import NoNewPost
from newsletter.editions.problems import Impossible
from newsletter.editions.rendering import digest_of, make_proof
from newsletter.editions.selection.windows import RequestedWindow
from newsletter.models import Edition, Notice, Occurrence, Post, State
from newsletter.scheduling import schedule
from newsletter.sending import lifecycle
from subscribers.models import Base, Subscription
from tests import factories
from tests.factories import DAY, HOUR, collected, collected_before, configured, found, inside, kinaforum
from tests.sending.outbox_samples import subscribers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_rendering_in_transactions")]
MINUTE = timedelta(minutes=1)
NOW = factories.NOW - HOUR
"""Before the weekly's draft is made."""


def offered(approval: Literal["editor", "none"] = "none") -> None:
    own = CadenceSettings(approval=approval)
    configured(cadences=("week", "post"), cadence={"post": own})


@pytest.fixture(autouse=True)
def several() -> None:
    offered()
    collected_before()
    ran(NOW - 3 * DAY)


def ran(now: datetime) -> None:
    """One look of the clock."""
    schedule.tick(config.current(), now)


def listed(*names: str, hours: int = 0) -> None:
    """The blog publishes posts, a minute apart, and they are read."""
    now = NOW + hours * HOUR
    posts = [found(name, now - (len(names) - n) * MINUTE) for n, name in enumerate(names)]
    collected(*posts, now=now)


def posts() -> list[Edition]:
    return list(Edition.objects.filter(cadence="post").order_by("pk"))


def test_a_post_is_sent_when_it_is_found() -> None:
    listed("a")
    ran(NOW)
    (edition,) = posts()
    assert (edition.name, inside(edition)) == ("kinaforum/post-2026-02-06", ["Post a"])
    assert edition.state == State.QUEUED


def test_each_post_has_an_edition_of_its_own_in_their_order() -> None:
    listed("a", "b", "c")
    ran(NOW)
    assert [(e.period, *inside(e)) for e in posts()] == [
        ("post-2026-02-06", "Post a"),
        ("post-2026-02-06.2", "Post b"),
        ("post-2026-02-06.3", "Post c"),
    ]
    assert [list(e.candidate_ordinals) for e in posts()] == [[1], [2], [3]]


def test_nothing_is_made_without_a_post() -> None:
    ran(NOW)
    ran(NOW + DAY)
    assert not posts()


def test_a_post_with_a_later_date_is_sent_at_its_date() -> None:
    collected(found("a", NOW + HOUR), now=NOW)
    ran(NOW)
    assert not posts()
    ran(NOW + HOUR)
    assert [inside(e) for e in posts()] == [["Post a"]]


def test_the_clock_rests_until_the_next_post() -> None:
    listed("a")
    ran(NOW)
    before = Occurrence.objects.filter(cadence="post").count()
    for minutes in range(1, 5):
        ran(NOW + minutes * MINUTE)
    assert Occurrence.objects.filter(cadence="post").count() == before


def test_posts_of_a_skipped_date_are_sent_afterwards() -> None:
    configured(cadences=("week", "post"), cadence={"post": CadenceSettings(approval="none")}, skip=(NOW.date(),))
    listed("a")
    ran(NOW)
    listed("a", "b", hours=1)
    ran(NOW + HOUR)
    assert not posts()
    ran(NOW + DAY - 6 * HOUR)
    assert [sorted(inside(e)) for e in posts()] == [["Post a", "Post b"]]


def test_posts_that_a_pause_held_back_come_in_one_email() -> None:
    own = {"post": CadenceSettings(approval="none")}
    configured(cadences=("week", "post"), cadence=own, status="paused")
    published = [found(name, NOW + day * DAY - MINUTE) for day, name in enumerate("abc")]
    for day in range(3):
        collected(*published[: day + 1], now=NOW + day * DAY)
        for minutes in range(0, 24 * 60, 160):
            ran(NOW + day * DAY + minutes * MINUTE)
    assert not posts()
    configured(cadences=("week", "post"), cadence=own, status="active")
    for minutes in range(0, 24 * 60, 160):
        ran(NOW + 3 * DAY + minutes * MINUTE)
    (edition,) = posts()
    assert sorted(inside(edition)) == ["Post a", "Post b", "Post c"]
    assert (edition.state, list(edition.candidate_ordinals)) == (State.QUEUED, [1, 2, 3])


def test_posts_that_were_published_while_no_program_ran_come_in_one_email() -> None:
    everything = [found(name, NOW + day * DAY - MINUTE) for day, name in enumerate("abcd")]
    collected(*everything, now=NOW + 3 * DAY)
    ran(NOW + 3 * DAY)
    ran(NOW + 3 * DAY + MINUTE)
    assert [sorted(inside(e)) for e in posts()] == [["Post a", "Post b", "Post c", "Post d"]]
    collected(*everything, found("e", NOW + 3 * DAY + HOUR), now=NOW + 3 * DAY + HOUR)
    ran(NOW + 3 * DAY + HOUR)
    assert inside(posts()[-1]) == ["Post e"]


def test_with_approval_editors_have_one_draft_at_a_time() -> None:
    offered("editor")
    listed("a", "b")
    ran(NOW)
    ran(NOW + MINUTE)
    (edition,) = posts()
    assert (edition.state, inside(edition)) == (State.DRAFT, ["Post a"])
    assert [str(text) for text in Notice.objects.values_list("text", flat=True)] == [
        "The draft kinaforum/post-2026-02-06 is ready, with 1 post. It will be sent as soon as it is approved."
    ]


def test_without_approval_a_draft_made_by_hand_keeps_nothing_back() -> None:
    listed("a")
    draft.make(config.current(), kinaforum().at("post"), now=NOW, read_sources=False)
    listed("a", "b", hours=1)
    ran(NOW + HOUR)
    assert [(inside(e), e.state) for e in posts()] == [(["Post a"], State.QUEUED), (["Post b"], State.QUEUED)]


def test_an_approved_one_is_sent_and_the_next_drafted() -> None:
    offered("editor")
    listed("a", "b")
    ran(NOW)
    approval.approve(config.current(), posts()[0], now=NOW + MINUTE)
    ran(NOW + 2 * MINUTE)
    assert [(e.state, *inside(e)) for e in posts()] == [(State.QUEUED, "Post a"), (State.DRAFT, "Post b")]


def test_an_editor_can_put_the_next_post_in_too() -> None:
    offered("editor")
    listed("a", "b", "c")
    ran(NOW)
    editing.include(config.current(), posts()[0], "e@example.org", None, Post.objects.get(title="Post b").pk, NOW)
    assert sorted(inside(posts()[0])) == ["Post a", "Post b"]
    assert list(approval.approve(config.current(), posts()[0], now=NOW).candidate_ordinals) == [1, 2]


def test_a_post_that_is_left_out_makes_room_for_the_next() -> None:
    offered("editor")
    listed("a", "b")
    ran(NOW)
    editing.leave_out(config.current(), posts()[0], "e@example.org", None, Post.objects.get(title="Post a").pk, NOW)
    assert inside(draft.refresh(config.current(), posts()[0], now=NOW, read_sources=False)) == ["Post b"]


def test_a_draft_keeps_a_post_that_the_weekly_edition_has_too() -> None:
    offered("editor")
    listed("a")
    ran(NOW)
    weekly = draft.make(config.current(), kinaforum(), now=NOW, read_sources=False)
    approval.queue(config.current(), approval.approve(config.current(), weekly, now=NOW), now=NOW)
    lifecycle.begin_due(config.current(), NOW + MINUTE)
    collected(found("a", NOW - MINUTE), found("b", NOW + 2 * MINUTE), now=NOW + 3 * MINUTE)
    ran(NOW + 4 * MINUTE)
    assert [inside(e) for e in posts()] == [["Post a"]]


def test_without_a_post_there_is_no_draft_by_hand() -> None:
    with pytest.raises(NoNewPost):
        draft.make(config.current(), kinaforum().at("post"), now=NOW, read_sources=False)
    assert not posts()


def test_no_period_can_be_asked_for() -> None:
    with pytest.raises(Impossible, match="no period"):
        draft.make(config.current(), kinaforum().at("post"), RequestedWindow(until=NOW), now=NOW, read_sources=False)


def test_its_subject_is_the_headline_and_it_has_no_heading_of_a_day() -> None:
    listed("a")
    ran(NOW)
    digest = digest_of(posts()[0], config.current())
    assert digest.subject == "Post a"
    assert [group.heading for group in digest.groups] == [""]
    html = make_proof(posts()[0], config.current()).rendered.html
    assert "In this edition" not in html
    assert "6. februar 2026" in html


def test_the_weekly_edition_has_the_same_posts() -> None:
    listed("a", "b")
    ran(NOW)
    weekly = draft.make(config.current(), kinaforum(), now=NOW, read_sources=False)
    assert sorted(inside(weekly)) == ["Post a", "Post b"]


def test_a_subscriber_of_each_post_gets_them_once_and_a_weekly_subscriber_all_at_the_end() -> None:
    daily, weekly = subscribers(2)
    Subscription.objects.filter(pk=daily.pk).update(cadence="post")
    listed("a", "b")
    ran(NOW)
    lifecycle.begin_due(config.current(), NOW + MINUTE)
    assert [e.deliveries.values_list("subscription_id", flat=True).count() for e in posts()] == [1, 1]
    sets = {base.cadence: str(base.offered) for base in Base.objects.all()}
    assert sets == {"week": "", "post": "1:2"}
    assert Subscription.objects.get(pk=weekly.pk).offered is None
