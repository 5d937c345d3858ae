"""How sets grow when an audience is fixed, and variants that are made only then."""

from collections.abc import Iterable
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletter import config
from newsletter.config import Topic
from newsletter.domain.ordinals import Ordinals
from newsletter.editions import approval, draft, editing
from newsletter.editions.composing import standalone
from newsletter.editions.offers import candidate_posts, groups
from newsletter.editions.problems import Impossible
from newsletter.messages import posts as posts_messages
from newsletter.models import Delivery, Edition, EditionPost, Listing, Post, Source, Variant
from newsletter.scheduling import housekeeping
from newsletter.sending import lifecycle
from newsletter.sending.sql import offers
from subscribers import personal_data, preferences
from subscribers.models import Base, OfferedSet, Subscription, sets_of
from tests.editions.renderings import renderings
from tests.factories import DAY, HOUR, NOW, collected, collected_before, configured, found, kinaforum
from tests.sending.emailed import Newsletter

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_rendering_in_transactions")]


@pytest.fixture
def paper() -> Newsletter:
    """Return a newsletter with daily and weekly subscribers; the daily ones had post one."""
    paper = Newsletter(NOW - 60 * DAY)
    paper.configure("week", "week", "day")
    paper.read()
    paper.now = NOW
    paper.subscribe("weekly")
    paper.subscribe("daily", "day")
    paper.publish("one")
    paper.send("day")
    return paper


def approved(paper: Newsletter, cadence: str = "") -> Edition:
    newsletter = kinaforum().at(cadence)
    made = draft.make(config.current(), newsletter, now=paper.now, read_sources=False)
    return approval.approve(config.current(), made, now=paper.now)


def test_a_missing_variant_is_made_from_what_was_approved(paper: Newsletter) -> None:
    paper.publish("two")
    edition = approved(paper)
    paper.choose("daily", "week")
    Post.objects.filter(title="Post two").update(html="<p>This is the text of another, which nobody approved.</p>")
    paper.deliver(edition)
    assert paper.mailed["daily"] == ["one", "two"]
    assert sorted(paper.mailed["weekly"]) == ["one", "two"]


def test_a_missing_variant_is_rendered_before_the_audience_is_fixed(paper: Newsletter) -> None:
    paper.publish("two")
    edition = approved(paper)
    paper.choose("daily", "week")
    with renderings() as in_transaction:
        paper.deliver(edition)
    assert in_transaction == [False]


def test_subscribers_of_variants_that_are_too_many_wait_at_most_two_editions(
    paper: Newsletter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offers, "MADE_AT_ONCE", 0)
    for name in ("other", "another"):
        paper.subscribe(name)
    for number in range(3):
        paper.publish(f"p{number}")
        edition = approved(paper)
        if number == 0:
            paper.choose("daily", "week")
            expected = paper.subscription("daily").offered
            assert expected is not None
        else:
            edition.variants.exclude(position=0).delete()
        paper.deliver(edition)
        paper.wait(days=7)
    assert sorted(paper.mailed["weekly"]) == ["one", "p0", "p1", "p2"]
    assert sorted(paper.mailed["daily"]) == ["one", "p0", "p1", "p2"]
    assert paper.subscription("daily").waited == 0


def test_sets_of_paused_subscribers_grow_without_an_email(paper: Newsletter) -> None:
    preferences.pause(paper.subscription("weekly"), date(9000, 1, 1))
    paper.deliver(approved(paper))
    preferences.pause(paper.subscription("weekly"), None)
    paper.wait(days=7)
    paper.publish("two")
    paper.deliver(approved(paper))
    assert paper.mailed["weekly"] == ["two"]


def test_too_few_posts_on_topic_wait_for_the_next_edition() -> None:
    configured(topics={"film": Topic(categories=("film",))}, minimum_posts=2)
    collected_before()
    paper = Newsletter(NOW)
    for name, picks in (("all", ""), ("film", "film")):
        paper.subscribe(name)
        preferences.choose_topics(paper.subscription(name), [picks] if picks else [], NOW - DAY)
    listed = [found("a", NOW - DAY, categories=("film",)), found("b", NOW - DAY)]
    collected(*listed)
    paper.deliver(approved(paper))
    assert (sorted(paper.mailed["all"]), paper.mailed["film"]) == (["a", "b"], [])
    paper.wait(days=7)
    collected(*listed, found("c", NOW + DAY, categories=("film",)), found("d", NOW + DAY), now=paper.now)
    paper.deliver(approved(paper))
    assert sorted(paper.mailed["all"]) == ["a", "b", "c", "d"]
    assert sorted(paper.mailed["film"]) == ["a", "c"]


def test_a_letter_to_a_segment_is_offered_to_those_who_get_it(paper: Newsletter) -> None:
    """Others get its posts in other editions, but no old ones, which an editor included only for the segment."""
    paper.subscribe("other")
    paper.publish("old", at=NOW - 90 * DAY)
    letter = standalone.make(config.current(), kinaforum(), now=paper.now, subject="Hei")
    for each in Post.objects.all():
        editing.include(config.current(), letter, "e@example.org", None, each.pk, paper.now)
    Subscription.objects.filter(pk=paper.subscription("weekly").pk).update(tags="|oslo|")
    Edition.objects.filter(pk=letter.pk).update(segment="oslo", segment_where="tag = oslo")
    paper.deliver(approval.approve(config.current(), Edition.objects.get(pk=letter.pk), now=paper.now))
    assert sorted(paper.mailed["weekly"]) == ["old", "one"]
    assert str(Base.objects.get(cadence="week").offered) == ""
    paper.publish("two")
    paper.deliver(approved(paper))
    assert sorted(paper.mailed["weekly"]) == ["old", "one", "two"]
    assert sorted(paper.mailed["other"]) == ["one", "two"]


@pytest.mark.parametrize("where", ["frequency = month", "topic = film"])
def test_a_letter_to_a_segment_that_is_empty_without_its_frequency_or_topic_is_sent_to_nobody(
    paper: Newsletter, where: str
) -> None:
    """It ended the process that begins editions."""
    letter = standalone.make(config.current(), kinaforum(), now=paper.now, subject="Hei", greeting="Hei!")
    Edition.objects.filter(pk=letter.pk).update(segment="some", segment_where=where)
    paper.deliver(approval.approve(config.current(), Edition.objects.get(pk=letter.pk), now=paper.now))
    assert Edition.objects.get(pk=letter.pk).audience == 0


def test_who_leaves_and_comes_back_gets_nothing_twice_nor_what_was_dealt_with(paper: Newsletter) -> None:
    preferences.unsubscribe(paper.subscription("daily").pk, paper.now)
    paper.publish("two")
    paper.send("day")
    Subscription.objects.filter(pk=paper.subscription("daily").pk).update(state=Subscription.State.ACTIVE)
    paper.choose("daily", "week")
    paper.publish("three")
    paper.deliver(approved(paper))
    assert paper.mailed["daily"] == ["one", "three"]


def test_cancelling_keeps_what_was_offered(paper: Newsletter) -> None:
    edition = approved(paper)
    approval.queue(config.current(), edition, now=paper.now)
    lifecycle.begin_due(config.current(), paper.now)
    lifecycle.cancel(config.current(), Edition.objects.get(pk=edition.pk), now=paper.now)
    paper.wait(days=7)
    paper.publish("two")
    paper.deliver(approved(paper))
    assert paper.mailed["weekly"] == ["two"]


def test_a_post_is_sent_before_its_date_only_if_an_editor_includes_it_by_name(paper: Newsletter) -> None:
    paper.publish("ahead", at=paper.now + 2 * HOUR)
    made = draft.make(config.current(), kinaforum(), now=paper.now, read_sources=False)
    edition = approval.approve(config.current(), made, now=paper.now)
    with pytest.raises(Impossible, match="dated"):
        approval.queue(config.current(), edition, now=paper.now)
    approval.queue(config.current(), edition, at=paper.now + 2 * HOUR, now=paper.now)
    with pytest.raises(Impossible, match="dated"):
        approval.send_now(config.current(), edition, now=paper.now)
    again = approval.reopen(edition, now=paper.now)
    ahead = Post.objects.get(title="Post ahead").pk
    editing.include(config.current(), again, "e@example.org", None, ahead, paper.now)
    paper.deliver(approval.approve(config.current(), again, now=paper.now))
    assert sorted(paper.mailed["weekly"]) == ["ahead", "one"]


def test_a_set_that_is_replaced_and_deleted_while_subscribers_are_counted_is_read_again(
    paper: Newsletter, monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = draft.make(config.current(), kinaforum(), now=paper.now, read_sources=False)
    before, after = (OfferedSet.objects.key_of("kinaforum", Ordinals.of(posts)) for posts in ([7], [7, 8]))
    Subscription.objects.filter(pk=paper.subscription("weekly").pk).update(offered=before)

    def with_housekeeping(keys: Iterable[int | None]) -> dict[int, Ordinals]:
        Subscription.objects.filter(offered=before).update(offered=after)
        housekeeping.remove_unused_sets()
        return sets_of(keys)

    monkeypatch.setattr(groups, "sets_of", with_housekeeping)
    [group] = groups.groups_of(Subscription.objects.filter(pk=paper.subscription("weekly").pk), kinaforum(), edition)
    assert (group.key, str(group.had)) == (after, "7:8")


def test_what_is_stored_about_a_person_says_what_was_offered_and_what_is_due(paper: Newsletter) -> None:
    paper.publish("two")
    found_posts = {name: _stored(paper, name) for name in ("daily", "weekly")}
    assert found_posts["daily"] == ([("Post one", "kinaforum/day-2026-02-06")], ["Post two"])
    assert found_posts["weekly"] == ([], ["Post one", "Post two"])


def test_refused_posts_make_the_statements_that_find_due_ones_no_longer(paper: Newsletter) -> None:
    paper.publish("two")
    had = groups.base_of(kinaforum())

    def longest() -> int:
        with CaptureQueriesContext(connection) as captured:
            keys = candidate_posts.due({"kinaforum": had}, paper.now)["kinaforum"]
            titles = Post.objects.filter(pk__in=keys).values_list("title", flat=True)
            assert sorted(titles) == ["Post one", "Post two"]
        return max(len(query["sql"]) for query in captured.captured_queries)

    before, source = longest(), Source.objects.get()
    for number in range(50):
        fields = {"url": f"https://kinaforum.example/old-{number}", "refusal": posts_messages.THERE_BEFORE()}
        old = Post.objects.create(newsletter="kinaforum", first_seen=NOW, changed_at=NOW, **fields)
        Listing.objects.create(source=source, post=old, uid=old.url, last_seen=NOW)
    assert longest() == before


def test_what_was_offered_names_the_edition_whose_variant_a_person_got(paper: Newsletter) -> None:
    subscription = paper.subscription("daily")
    paper.publish("two", "three", "four", "five")
    posts = {name: Post.objects.get(title=f"Post {name}") for name in ("two", "three", "four", "five")}
    had = Ordinals.of(post.ordinal for post in posts.values())
    Subscription.objects.filter(pk=subscription.pk).update(offered=OfferedSet.objects.key_of("kinaforum", had))

    def sent(period: str, number: int, variants: list[tuple[list[str], int | None, int | None]]) -> Edition:
        moments = dict.fromkeys(("since", "until", "created_at", "refreshed_at", "began_at"), paper.now)
        edition = Edition.objects.create(newsletter="kinaforum", period=period, **moments)
        Delivery.objects.create(edition=edition, number=number, subscription=subscription)
        for position, (names, first, last) in enumerate(variants):
            keys = [posts[name].pk for name in names]
            Variant.objects.create(edition=edition, position=position, posts=keys, first=first, last=last)
        return edition

    sent("of-another-variant", 7, [(["two"], 1, 5), (["three"], 6, 9)])
    sent("same-for-all", 3, [(["four"], None, None)])
    without = sent("without-variants", 2, [])
    EditionPost.objects.create(edition=without, post=posts["five"], included=True)
    offered, _due = _stored(paper, "daily")
    assert dict(offered) == {
        "Post two": None,
        "Post three": "kinaforum/of-another-variant",
        "Post four": "kinaforum/same-for-all",
        "Post five": "kinaforum/without-variants",
    }


def _stored(paper: Newsletter, name: str) -> tuple[list[tuple[str, str]], list[str]]:
    [posts] = personal_data.personal_data_of(paper.subscription(name).subscriber)["posts"]
    return [(post["title"], post["edition"]) for post in posts["offered"]], [post["title"] for post in posts["due"]]
