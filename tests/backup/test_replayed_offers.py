"""A restored database repeats what its readers were offered, with the cadences of that time, judged by later emails."""

from datetime import UTC, date, datetime, timedelta

import pytest

from newsletter.backup.replayed_sending import replay_offers
from newsletter.editions.offers import bases
from newsletter.models import Numbering, Post
from subscribers import preferences
from subscribers.models import Base, Subscription
from tests.factories import kinaforum
from tests.sending.emailed import Newsletter

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("recorded", [("day", "week"), ()], ids=["recorded", "by an earlier version"])
def test_a_period_that_changed_since_the_backup(recorded: tuple[str, ...]) -> None:
    """Whoever got a daily edition doesn't get its posts from a weekly one; whoever was paused doesn't, either."""
    paper = Newsletter(MONDAY - timedelta(days=60))
    paper.configure("day", "day", "week")
    paper.read()
    paper.now = MONDAY
    paper.subscribe("r")
    paper.subscribe("paused")
    preferences.pause(paper.subscription("paused"), date(2026, 3, 4))
    paper.publish("one")
    bases.follow(kinaforum(), paper.now)
    backup = Base.objects.get(is_default=True).offered_id
    edition = paper.send()
    assert edition is not None
    Base.objects.update(offered=backup)
    Subscription.objects.update(offered=None)
    paper.configure("week", "week", "day")
    replay_offers(kinaforum(), edition, set(), paper.now, (), recorded)
    paper.wait(days=3)
    paper.publish("two")
    paper.send()
    assert paper.mailed["r"] == ["one", "two"]
    if recorded:
        assert paper.mailed["paused"] == ["two"]


def test_posts_that_were_not_judged_yet_in_the_backup() -> None:
    """Readers of each post don't get what the first reading had, though its posts precede those of an edition."""
    paper = Newsletter(MONDAY)
    paper.configure("week", "week", "post")
    paper.subscribe("r", "post")
    paper.publish("old", at=MONDAY - timedelta(days=1))
    paper.wait(hours=1)
    paper.publish("one")
    edition = paper.send("post")
    assert edition is not None
    Base.objects.all().delete()
    Numbering.objects.update(last=1)
    Post.objects.update(judged=False)
    replay_offers(kinaforum(), edition, set(), paper.now, (), ("week", "post"))
    paper.wait(hours=1)
    paper.publish("two")
    paper.send("post")
    assert paper.mailed["r"] == ["one", "two"]
