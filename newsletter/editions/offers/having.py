"""Who was offered which posts: how many had one that an editor adds, and who had any of a letter's.

Who came after a post was offered in their cadence counts as one who had it (docs/decisions/each-post-once.md).
"""

from collections.abc import Iterable

from django.db.models import Q

from newsletter import config
from newsletter.domain.offers import offered
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.offers.groups import SubscriberGroup, groups_of
from newsletter.messages import Message, posts as messages
from newsletter.models import Edition, EditionPost
from subscribers.models import OfferedSet, Subscription, SubscriptionQuerySet, bases_of, in_base

NOBODY = Q(pk=None)


def reason_of_inclusion(entry: EditionPost, newsletter: config.Newsletter) -> Message:
    """Return the reason of an entry that an editor includes; `newsletter` is that of its edition's cadence.

    A letter goes to everyone, whatever they had; it says how many had the post all the same. Corrections and the
    letters of a welcome series repeat what they have on purpose.
    """
    edition, ordinal = entry.edition, entry.post.ordinal
    if edition.corrects_id or edition.welcome_id:
        return messages.INCLUDED()
    active = Subscription.objects.filter(newsletter=newsletter.name, state=Subscription.State.ACTIVE)
    groups = _groups(newsletter, edition, active)
    if not (had := count_with(groups, [ordinal])[ordinal]):
        return messages.INCLUDED()
    repeated = messages.INCLUDED_IN_LETTER if edition.standalone else messages.INCLUDED_AGAIN
    return repeated(count=had, readers=sum(group.count for group in groups))


def had_by(newsletter: config.Newsletter, letter: Edition, receiving: SubscriptionQuerySet) -> dict[int, int]:
    """Return how many of these subscribers had each post of a letter that any of them had, by its primary key."""
    keys = dict(letter.entries.filter(included=True).values_list("post__ordinal", "post_id"))
    counts = count_with(_groups(newsletter, letter, receiving), keys) if keys else {}
    return {keys[ordinal]: count for ordinal, count in counts.items() if count}


def _groups(
    newsletter: config.Newsletter, edition: Edition, subscriptions: SubscriptionQuerySet
) -> list[SubscriberGroup]:
    """Return the groups of an edition's subscribers, which for a letter are in all cadences."""
    cadences = [newsletter.at(cadence) for cadence in newsletter.offered] if edition.standalone else [newsletter]
    return [group for each in cadences for group in groups_of(subscriptions.in_cadence(each), each, edition)]


def count_with(groups: Iterable[SubscriberGroup], ordinals: Iterable[int]) -> dict[int, int]:
    """Return how many subscribers in these groups were offered each of the posts."""
    counts = dict.fromkeys(ordinals, 0)
    for group in groups:
        for ordinal in counts:
            counts[ordinal] += group.count if ordinal in group.had else 0
    return counts


def with_any(newsletter: str, posts: Ordinals) -> Q:
    """Return the condition of a newsletter's subscriptions that were offered any of these posts."""
    rows = OfferedSet.objects.filter(newsletter=newsletter).exclude(posts="").values_list("pk", "posts")
    condition = NOBODY | Q(offered__in=[key for key, text in rows if _has_any(Ordinals.parse(text), posts)])
    bases = bases_of(newsletter)
    for base in bases.values():
        if base.is_on and _has_any(base.ordinals, posts):
            condition |= in_base(base, bases) & (Q(offered=None) | Q(returns=True))
    return condition


def _has_any(had: Ordinals, posts: Ordinals) -> bool:
    return bool(posts) and posts - offered(had) != posts


def posts_of(edition: Edition) -> Ordinals:
    """Return the posts that an edition includes."""
    return Ordinals.of(edition.entries.filter(included=True).values_list("post__ordinal", flat=True))
