"""How sets grow when an audience is fixed, compared with the rule for each subscriber alone."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import example, given, settings, strategies as st

from newsletter.config import Topic
from newsletter.domain.offers import Offer, OfferOutcome, offer
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.offers import bases
from newsletter.editions.offers.groups import SubscriberGroup, groups_of
from newsletter.sending.sql import growth
from subscribers.models import OfferedSet, Subscription
from tests.factories import NOW, configured, kinaforum
from tests.sending.outbox_samples import queued, subscribers

pytestmark = pytest.mark.django_db

TOPICS = {1: ("film",), 2: ("books",), 3: ("film", "books"), 4: ()}
SETS = st.frozensets(st.integers(1, 4)).map(Ordinals.of)
PICKED = ("", "film", "books", "books,film")
PICKS = st.sampled_from(PICKED)
READERS = st.lists(st.tuples(st.none() | SETS, PICKS), min_size=1, max_size=9)


@given(READERS, SETS, SETS, st.integers(1, 3), st.sampled_from(("-", *PICKED)), st.integers(1, 3))
@example([(Ordinals.of([]), ""), (None, "film")], Ordinals.of([]), Ordinals.of([1, 4]), 2, "-", 9)
@example([(Ordinals.of([]), "film"), (Ordinals.of([4]), "books")], Ordinals.of([]), Ordinals.of([1, 4]), 2, "-", 1)
@settings(max_examples=60)
def test_each_set_grows_as_if_its_subscriber_were_alone(
    people: Sequence[tuple[Ordinals | None, str]],
    base: Ordinals,
    candidates: Ordinals,
    minimum: int,
    missing: str,
    at_once: int,
) -> None:
    """`people` have a set of their own or that of the base, which may be equal, and topics.

    The variants are missing of those who picked `missing`.
    """

    def offer_to(group: SubscriberGroup) -> Offer:
        return offer(candidates, group.had, group.picks, TOPICS, minimum)

    with pytest.MonkeyPatch.context() as patched, transaction.atomic():
        patched.setattr(growth, "AT_ONCE", at_once)
        configured(topics={name: Topic(categories=frozenset({name})) for name in ("film", "books")})
        stored = bases.update(kinaforum(), NOW)
        own = stored[kinaforum().period]
        bases.grow(own, base)
        edition = queued(approved_at=NOW - timedelta(hours=1))
        subscriptions = subscribers(len(people))
        for subscription, (had, picks) in zip(subscriptions, people, strict=True):
            key = None if had is None else OfferedSet.objects.key_of("kinaforum", had)
            Subscription.objects.filter(pk=subscription.pk).update(offered=key, topics=picks)
        everyone = growth.subscriptions_in(own, stored)
        groups = groups_of(everyone, kinaforum(), edition)
        without = [
            group for group in groups if group.picks == missing and offer_to(group).outcome == OfferOutcome.MAILED
        ]
        waiting = growth.grow_by_edition(kinaforum(), edition, everyone, groups, own, without, everyone, offer_to)
        rows = Subscription.objects.select_related("offered").in_bulk()
        after = {key: row.offered.ordinals if row.offered else own.ordinals for key, row in rows.items()}
        transaction.set_rollback(True)
    before = {
        subscription.pk: base if had is None else had
        for subscription, (had, _picks) in zip(subscriptions, people, strict=True)
    }
    alone = {key: offer(candidates, before[key], row.topics, TOPICS, minimum) for key, row in rows.items()}
    wait = {
        key: offered
        for key, offered in alone.items()
        if offered.waits or (rows[key].topics == missing and offered.outcome == OfferOutcome.MAILED)
    }
    assert after == {key: offered.kept if key in wait else offered.grown for key, offered in alone.items()}
    recorded = [(key, each.posts) for each in waiting for key in each.subscriptions]
    assert dict(recorded) == {key: offered.posts for key, offered in wait.items()}
    assert len(recorded) == len(wait)
