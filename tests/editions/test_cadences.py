"""Editions of several cadences: their names, their posts, their variants, and what an editor leaves out."""

import pytest

from newsletter import config
from newsletter.editions import approval, draft, editing
from newsletter.editions.composing import standalone
from newsletter.editions.problems import Impossible
from newsletter.editions.selection.windows import RequestedWindow
from newsletter.editions.variants.listing import post_counts
from newsletter.editions.variants.planning import prepare
from newsletter.models import CountedLink, Edition, Post, Variant
from newsletter.sending import lifecycle
from newsletter.sending.audience import receiving
from subscribers import preferences
from subscribers.models import Base, Subscription
from tests.factories import DAY, HOUR, NOW, approved, collected, collected_before, configured, found, inside, kinaforum
from tests.sending.outbox_samples import subscribers

pytestmark = pytest.mark.django_db
LISTED = [found("a", NOW - 3 * DAY), found("b", NOW - 2 * DAY), found("c", NOW - DAY)]


def listed(count: int) -> None:
    """The blog has the first so many posts."""
    collected(*LISTED[:count])


@pytest.fixture(autouse=True)
def several() -> None:
    configured(cadences=("week", "day"), minimum_posts=0)
    collected_before()


def drafted(cadence: str, hours: int = 0) -> Edition:
    """The draft of a cadence up to now."""
    now = NOW + hours * HOUR
    newsletter = kinaforum().at(cadence)
    return draft.make(config.current(), newsletter, RequestedWindow(until=now), now=now, read_sources=False)


def frozen(edition: Edition) -> Edition:
    return approval.approve(config.current(), edition, now=NOW)


def choose(subscription: Subscription, cadence: str) -> None:
    preferences.choose_cadence(Subscription.objects.get(pk=subscription.pk), cadence)


def begun(edition: Edition) -> Edition:
    approval.queue(config.current(), frozen(edition), now=NOW)
    lifecycle.begin_due(config.current(), NOW + DAY)
    edition.refresh_from_db()
    return edition


def test_only_editions_of_other_cadences_have_the_cadence_in_their_name() -> None:
    listed(1)
    assert (drafted("week").period, drafted("day").period) == ("2026-W06", "day-2026-02-06")


def test_an_edition_of_each_cadence_may_have_the_same_post() -> None:
    listed(1)
    frozen(drafted("day"))
    assert inside(drafted("week")) == ["Post a"]


def test_within_a_cadence_a_post_is_in_one_edition() -> None:
    listed(1)
    frozen(drafted("day"))
    listed(2)
    assert inside(drafted("day", hours=1)) == ["Post b"]


def test_the_posts_of_a_letter_are_in_no_edition_unless_an_editor_includes_them() -> None:
    listed(1)
    letter = standalone.make(config.current(), kinaforum(), now=NOW)
    editing.include(config.current(), letter, "e@example.org", None, Post.objects.get().pk, NOW)
    frozen(letter)
    assert inside(drafted("day")) == []
    assert inside(drafted("week")) == []


def test_a_post_left_out_of_one_cadence_is_left_out_of_the_others() -> None:
    listed(2)
    day = drafted("day")
    editing.leave_out(config.current(), day, "e@example.org", None, Post.objects.get(title="Post a").pk, NOW)
    frozen(day)
    assert inside(drafted("week")) == ["Post b"]


def test_it_can_be_included_in_another_cadence_by_name() -> None:
    listed(2)
    left_out = Post.objects.get(title="Post a").pk
    day = drafted("day")
    editing.leave_out(config.current(), day, "e@example.org", None, left_out, NOW)
    frozen(day)
    week = drafted("week")
    editing.include(config.current(), week, "e@example.org", None, left_out, NOW)
    frozen(week)
    assert sorted(inside(week)) == ["Post a", "Post b"]


def test_a_subscriber_who_changes_gets_a_variant_with_the_posts_that_are_new_to_them() -> None:
    weekly, daily = subscribers(2)
    choose(daily, "day")
    listed(1)
    begun(drafted("day"))
    choose(daily, "week")
    listed(3)
    edition = begun(drafted("week"))
    names = dict(Post.objects.values_list("pk", "title"))
    found = {v.position: (v.first, v.last, sorted(names[p] for p in v.posts)) for v in edition.variants.all()}
    assert found == {0: (1, 1, ["Post a", "Post b", "Post c"]), 1: (2, 2, ["Post b", "Post c"])}
    assert [d.subscription_id for d in edition.deliveries.order_by("number")] == [weekly.pk, daily.pk]
    assert set(Subscription.objects.values_list("offered", flat=True)) == {None}
    assert str(Base.objects.get(cadence="week").offered) == "1:3"


def test_a_subscriber_who_had_everything_is_skipped_with_the_reason() -> None:
    (reader,) = subscribers(1)
    choose(reader, "day")
    listed(1)
    begun(drafted("day"))
    choose(reader, "week")
    edition = begun(drafted("week"))
    result = edition.results.get()
    assert (result.number, result.kind, edition.audience) == (1, "skipped", 1)
    assert "nothing-new" in result.text
    assert lifecycle.complete(["kinaforum"], NOW + DAY) == [edition]
    assert edition.deliveries.get().subscription_id == reader.pk


def test_variants_have_their_own_subject_and_the_same_counted_links() -> None:
    configured(cadences=("week", "day"), minimum_posts=0, track="links", subject="{{ posts[-1].title }}")
    (reader,) = subscribers(1)
    choose(reader, "day")
    listed(1)
    begun(drafted("day"))
    choose(reader, "week")
    listed(3)
    week = frozen(drafted("week"))
    other = Variant.objects.get(edition=week, position=1)
    assert (week.approved_content.subject, other.subject) == ("Post a", "Post b")
    links = CountedLink.objects.filter(content=week.approved_content).values_list("address", flat=True)
    assert len(links) == len(set(links))


def test_reopening_an_edition_deletes_its_variants() -> None:
    listed(1)
    week = frozen(drafted("week"))
    assert week.variants.exists()
    approval.reopen(week, now=NOW)
    week.refresh_from_db()
    assert (week.candidates, week.variants.exists()) == (None, False)


def test_every_variant_is_rendered_and_checked() -> None:
    configured(
        cadences=("week", "day"), minimum_posts=0, subject="{{ 'OK' if posts|length > 1 else '" + "x" * 300 + "' }}"
    )
    (reader,) = subscribers(1)
    choose(reader, "day")
    listed(1)
    begun(drafted("day"))
    choose(reader, "week")
    listed(2)
    found = prepare(drafted("week"), config.current())
    assert [len(each.planned.entries) for each in found.variants] == [2, 1]
    subjects = [each.rendered.subject[:2] for each in found.proofs]
    assert subjects == ["OK", "xx"]
    assert set(found.proofs[1].findings) - set(found.own.findings)


def test_with_one_cadence_everyone_gets_the_approved_content() -> None:
    configured(cadences=())
    subscribers(2)
    listed(2)
    edition = begun(drafted(""))
    assert [(variant.position, variant.last) for variant in edition.variants.all()] == [(0, None)]
    assert str(Base.objects.get().offered) == "1:2"


def test_a_new_cadence_starts_where_the_default_is() -> None:
    configured(cadences=())
    subscribers(1)
    listed(2)
    edition = approved()
    approval.queue(config.current(), edition, now=NOW)
    lifecycle.begin_due(config.current(), NOW + DAY)
    configured(cadences=("week", "day"), minimum_posts=0)
    choose(Subscription.objects.get(), "day")
    listed(3)
    day = begun(drafted("day", hours=1))
    assert inside(day) == ["Post c"]
    assert (day.audience, [variant.last for variant in day.variants.all()]) == (1, [None])


@pytest.mark.parametrize("cadence", ["week", "day"])
def test_the_remedy_for_a_post_that_was_taken_is_to_look_at_the_draft_again(cadence: str) -> None:
    listed(1)
    later = drafted(cadence, hours=1)
    asked = RequestedWindow(until=NOW, since=NOW - 4 * DAY)
    frozen(draft.make(config.current(), kinaforum().at(cadence), asked, now=NOW, read_sources=False))
    with pytest.raises(Impossible, match=r"already in .*; check for new posts, and then review the draft again"):
        frozen(later)


def test_the_posts_of_the_variants_that_have_subscribers_are_counted() -> None:
    subscribers(2)
    listed(2)
    begun(drafted("week"))
    choose(Subscription.objects.earliest("pk"), "day")
    listed(3)
    begun(drafted("week", hours=1))
    choose(Subscription.objects.latest("pk"), "day")
    day = drafted("day", hours=2)
    assert inside(day) == ["Post c", "Post b", "Post a"]
    assert post_counts(config.current(), day, receiving(kinaforum().at("day"), day, NOW)) == [1]
