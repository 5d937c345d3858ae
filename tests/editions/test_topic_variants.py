"""Variants of an edition by the topics that subscribers picked: their posts, subjects, numbers, and who is skipped."""

from datetime import timedelta

import pytest

from newsletter import config
from newsletter.config import Topic
from newsletter.editions import approval
from newsletter.editions.states import NotAllowed
from newsletter.editions.variants.planning import prepare
from newsletter.models import ApprovedContent, Edition, Post
from newsletter.sending import lifecycle, progress, resending
from subscribers import preferences
from subscribers.models import Subscription, TopicChange
from tests.factories import DAY, HOUR, NOW, approved, collected, collected_before, configured, drafted, found
from tests.sending.outbox_samples import subscribers

pytestmark = pytest.mark.django_db
TOPICS = {name: Topic(categories=(name,)) for name in ("film", "books", "music")}
LISTED = (
    found("a", NOW - 3 * DAY, categories=("film",)),
    found("b", NOW - 2 * DAY, categories=("books",)),
    found("c", NOW - DAY),
)


@pytest.fixture(autouse=True)
def with_topics() -> None:
    configured(topics=TOPICS, minimum_posts=0, subject="{{ posts[0].title }}")
    collected_before()
    collected(*LISTED)


def pick(subscription: Subscription, *topics: str, at: timedelta = -HOUR) -> None:
    preferences.choose_topics(subscription, topics, NOW + at)


def begun(edition: Edition) -> Edition:
    approval.queue(config.current(), edition, now=NOW)
    lifecycle.begin_due(config.current(), NOW + 2 * DAY)
    edition.refresh_from_db()
    return edition


def by_subscriber(edition: Edition) -> dict[int, list[str] | str]:
    """What each subscription gets: titles, or the code of the reason for which it gets nothing."""
    titles = dict(Post.objects.values_list("pk", "title"))
    got: dict[int, list[str] | str] = {}
    for delivery in edition.deliveries.all():
        result = edition.results.filter(number=delivery.number).first()
        within = edition.variants.filter(first__lte=delivery.number, last__gte=delivery.number).first()
        if not edition.variants.filter(last__isnull=False).exists():
            within = edition.variants.get(position=0)
        posts = sorted(titles[post].removeprefix("Post ") for post in within.posts) if within else []
        got[delivery.subscription_id] = posts if result is None else result.text.split()[0].strip('"{}')
    return got


def test_subscribers_get_the_posts_of_the_topics_that_they_picked() -> None:
    everything, film, both, none = subscribers(4)
    pick(film, "film")
    pick(both, "film", "books")
    pick(none, "music")
    edition = begun(approved())
    assert by_subscriber(edition) == {
        everything.pk: ["a", "b", "c"],
        film.pk: ["a"],
        both.pk: ["a", "b"],
        none.pk: edition.results.get().text.split()[0].strip('"{}'),
    }
    assert "off-topic" in edition.results.get().text
    assert (edition.audience, progress.counts(edition).skipped) == (4, 1)
    assert set(Subscription.objects.values_list("offered", flat=True)) == {None}


def test_each_variant_has_its_own_subject_and_preview_text() -> None:
    pick(subscribers(1)[0], "film")
    edition = approved()
    other = edition.variants.get(position=1)
    own = ApprovedContent.objects.get(edition=edition)
    assert (own.subject, other.subject) == ("Post c", "Post a")
    assert own.preheader != other.preheader


def test_topics_with_the_same_posts_share_a_variant() -> None:
    film, also = subscribers(2)
    pick(film, "film")
    pick(also, "film", "music")
    variants = begun(approved()).variants.all()
    assert [(v.first, v.last, len(v.posts)) for v in variants if v.posts] == [(None, None, 3), (1, 2, 1)]


def test_an_approved_edition_counts_with_what_was_picked_before() -> None:
    changed, earlier = subscribers(2)
    pick(changed, "film")
    edition = approved()
    pick(changed, "books", at=HOUR)
    pick(earlier, "film", at=HOUR)
    assert by_subscriber(begun(edition)) == {changed.pk: ["a"], earlier.pk: ["a", "b", "c"]}


def test_a_change_is_forgotten_when_no_approved_edition_needs_it() -> None:
    (reader,) = subscribers(1)
    pick(reader, "film")
    edition = approved()
    pick(reader, "books", at=HOUR)
    assert TopicChange.objects.count() == 2
    begun(edition)
    assert TopicChange.objects.get().before == "film"


def test_a_topic_that_is_removed_counts_no_longer() -> None:
    (reader,) = subscribers(1)
    pick(reader, "music")
    configured(topics={"film": TOPICS["film"]}, minimum_posts=0)
    assert by_subscriber(begun(approved())) == {reader.pk: ["a", "b", "c"]}


def test_nobody_gets_a_post_again_after_picking_more_topics() -> None:
    (reader,) = subscribers(1)
    pick(reader, "film")
    begun(approved())
    pick(reader, at=3 * DAY)
    collected(*LISTED, found("d", NOW + DAY))
    later = NOW + 7 * DAY
    edition = approval.approve(config.current(), drafted(later), now=later)
    approval.queue(config.current(), edition, now=later)
    lifecycle.begin_due(config.current(), later + DAY)
    assert by_subscriber(edition) == {reader.pk: ["d"]}


def test_sending_to_those_who_were_skipped_leaves_out_those_without_posts() -> None:
    film, none = subscribers(2)
    pick(film, "film")
    pick(none, "music")
    edition = begun(approved())
    lifecycle.cancel(config.current(), edition)
    edition.refresh_from_db()
    assert (progress.counts(edition).skipped, resending.missed(edition).count) == (2, 1)
    assert resending.send_to_missed(config.current(), edition, expected=1) == 1
    assert progress.counts(edition).skipped == 1


def test_if_all_who_were_skipped_have_no_posts_there_is_nobody_to_send_it_to() -> None:
    pick(subscribers(1)[0], "music")
    edition = begun(approved())
    lifecycle.complete(["kinaforum"], NOW + 3 * DAY)
    edition.refresh_from_db()
    assert edition.state == "sent"
    with pytest.raises(NotAllowed):
        resending.send_to_missed(config.current(), edition)


def test_a_lint_error_in_a_variant_blocks_approval() -> None:
    configured(topics=TOPICS, minimum_posts=0, subject="{{ 'x' * 300 if posts|length == 1 else 'OK' }}")
    pick(subscribers(1)[0], "film")
    found = prepare(drafted(), config.current())
    assert [proof.rendered.subject[:2] for proof in found.proofs] == ["OK", "xx"]
    assert set(found.proofs[1].findings) - set(found.own.findings)
