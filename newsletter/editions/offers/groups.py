"""The subscribers of a cadence in groups with equal sets and topics, and which posts they lack."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from newsletter import config
from newsletter.domain.offers import not_due
from newsletter.domain.ordinals import Ordinals
from newsletter.domain.picks import ALL, in_force
from newsletter.editions.history import BY_SCHEDULE
from newsletter.editions.selection.series import holding, of_cadence
from newsletter.models import Edition
from subscribers.models import Subscription, SubscriptionQuerySet, TopicChange, bases_of, sets_of


@dataclass(frozen=True, slots=True)
class SubscriberGroup:
    """Subscribers with the same set and the same topics. `key` is that of their set, None if it is their cadence's
    base.

    `picks` are the topics as they are stored, `topics` those of them that are configured. `waited` is for how many
    editions one of them has waited.
    """

    key: int | None
    picks: str
    topics: str
    had: Ordinals
    count: int
    waited: int = 0


def groups_of(
    subscriptions: SubscriptionQuerySet,
    newsletter: config.Newsletter,
    edition: Edition,
    base: Ordinals | None = None,
) -> list[SubscriberGroup]:
    """Return the groups of these subscriptions to a newsletter in one cadence, whose base is read if it isn't given.

    The topics are those that were picked when the edition was approved. People who came back have the base in addition
    to their sets.
    """
    base = base_of(newsletter) if base is None else base
    rows = subscriptions if edition.approved_at is None else subscriptions.with_picks(edition.approved_at)
    picks = "topics" if edition.approved_at is None else "picks"
    counted = rows.order_by().values_list("offered", picks, "returns").annotate(Count("pk"), Max("waited"))
    listed, sets = _with_sets(counted)
    if any(key is not None and key not in sets for key, *_others in listed):
        listed, sets = _with_sets(counted.all())  # a set was replaced, and deleted by housekeeping, in between
    return [
        SubscriberGroup(
            key, picked, in_force(picked, newsletter.topics), _had(sets, key, base, returns), count, waited or 0
        )
        for key, picked, returns, count, waited in listed
    ]


def _with_sets(counted: QuerySet[Any, Any]) -> tuple[list[Any], dict[int, Ordinals]]:
    listed = list(counted)
    return listed, sets_of({row[0] for row in listed})


def _had(sets: Mapping[int, Ordinals], key: int | None, base: Ordinals, returns: bool) -> Ordinals:
    if key is None:
        return base
    return sets[key] | base if returns else sets[key]


def are_alike(newsletter: config.Newsletter, edition: Edition) -> bool:
    """Return whether all subscribers have the base of their cadence and all topics; both are read from an index.

    False if any subscriber of the newsletter has others, or had when the edition was approved.
    """
    changed = TopicChange.objects.filter(at__gt=edition.approved_at) if edition.approved_at else None
    has_changes = changed is not None and changed.filter(subscription__newsletter=newsletter.name).exists()
    return not has_changes and not Subscription.objects.with_own_posts(newsletter.name).exists()


def minimum_of(edition: Edition, newsletter: config.Newsletter) -> int:
    """Return how many posts an approved edition must have for a subscriber.

    If an editor approves one that shows fewer posts than `minimum_posts`, subscribers get those.
    """
    if edition.approved_by == BY_SCHEDULE:
        return newsletter.minimum_posts
    return min(newsletter.minimum_posts, max(1, edition.entries.filter(included=True).count()))


def base_of(newsletter: config.Newsletter) -> Ordinals:
    """Return what the base of the newsletter's cadence has."""
    base = bases_of(newsletter.name).get(newsletter.period)
    return base.ordinals if base else Ordinals()


def expected(newsletter: config.Newsletter, except_for: Edition | None = None) -> Ordinals:
    """Return the posts of approved editions whose audience is not fixed yet: they count as sent for later drafts.

    These are editions of the cadence, and letters to everyone.
    """
    editions = holding(newsletter.name).filter(began_at=None)
    editions = editions.exclude(pk=except_for.pk) if except_for else editions
    to_everyone = Q(standalone=True, segment_where="")
    ordinals = Ordinals()
    for edition in editions.filter(of_cadence(newsletter) & Q(standalone=False) | to_everyone):
        ordinals |= edition.candidate_ordinals
    return ordinals


class Lacking:
    """Which posts the subscribers of an edition's cadence lack, also if all approved editions are sent first."""

    def __init__(self, newsletter: config.Newsletter, edition: Edition) -> None:
        coming = expected(newsletter, edition)
        subscribers = Subscription.objects.filter(newsletter=newsletter.name, state=Subscription.State.ACTIVE)
        if not edition.standalone:
            subscribers = subscribers.in_cadence(newsletter)
        base = base_of(newsletter)
        groups = groups_of(subscribers, newsletter, edition, base)
        self.base = base | coming
        self.groups = [replace(group, had=group.had | coming) for group in groups]

    @cached_property
    def subscribers(self) -> int:
        """How many active subscribers the cadence has."""
        return sum(group.count for group in self.groups)

    @cached_property
    def sets(self) -> list[tuple[Ordinals, int]]:
        """The different sets of posts that are not due, with the number of subscribers who have each."""
        counts: dict[Ordinals, int] = {}
        for group in self.groups:
            posts = not_due(group.had)
            counts[posts] = counts.get(posts, 0) + group.count
        return list(counts.items())

    def by_anyone(self, ordinals: Iterable[int]) -> list[int]:
        """Return those of the posts that the base or a subscriber lacks."""
        everyone = [self._not_new, *(had for had, _count in self.sets)]
        return [ordinal for ordinal in ordinals if any(ordinal not in had for had in everyone)]

    @cached_property
    def _not_new(self) -> Ordinals:
        """The posts that are not due to newcomers."""
        return not_due(self.base)

    def is_new(self, ordinal: int) -> bool:
        """Return whether the base lacks a post."""
        return ordinal not in self._not_new

    def is_shown(self, ordinal: int) -> bool:
        """Return whether the edition shows a post: the base lacks it, or half of the subscribers."""
        if self.is_new(ordinal):
            return True
        without = sum(count for had, count in self.sets if ordinal not in had)
        return self.subscribers > 0 and without * 2 >= self.subscribers


def newcomers(base: Ordinals) -> SubscriberGroup:
    """Return the group of nobody who has the base and all topics, whom an edition is shown to."""
    return SubscriberGroup(None, ALL, ALL, base, 0)
