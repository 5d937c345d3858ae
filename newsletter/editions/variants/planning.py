"""Which variants an edition needs: each set of posts that some of its subscribers lack and want; and their renderings,
for review and for approval.
"""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from newsletter import config
from newsletter.config import Config
from newsletter.domain.digest import Finding, Level
from newsletter.domain.offers import Offer, OfferOutcome, offer
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.offers import candidates
from newsletter.editions.offers.groups import Lacking, SubscriberGroup, base_of, expected, groups_of, newcomers
from newsletter.editions.rendering import Proof, digest_with, included_entries, make_proof, proof_of_variant
from newsletter.editions.selection import ordering
from newsletter.editions.selection.post_topics import topics_of
from newsletter.messages import posts as messages
from newsletter.models import Edition, EditionPost, EditorChoice
from subscribers.models import SubscriptionQuerySet


@dataclass(frozen=True, slots=True)
class PlannedVariant:
    """The posts of a variant, in reading order; `own`: those that editors see."""

    entries: tuple[EditionPost, ...]
    own: bool

    @property
    def ordinals(self) -> Ordinals:
        """The ordinals of its posts."""
        return Ordinals.of(entry.post.ordinal for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Plan:
    """A draft as its subscribers would get it: its candidates with their topics, those that an editor included by
    name, and its variants, first its own.
    """

    entries: tuple[EditionPost, ...]
    topics: dict[int, frozenset[str]]
    by_name: Ordinals
    variants: tuple[PlannedVariant, ...]
    minimum: int

    @property
    def candidates(self) -> Ordinals:
        """The ordinals of the candidates."""
        return Ordinals.of(self.topics)

    def offer_to(self, group: SubscriberGroup) -> Offer:
        """Return what a group of subscribers would be offered."""
        return offer(self.candidates, group.had, group.topics, self.topics, self.minimum, self.by_name)


def plan(draft: Edition, newsletter: config.Newsletter, now: datetime | None = None) -> Plan:
    """Return the plan of a draft."""
    chosen = candidates.select(draft, newsletter, now or datetime.now(UTC), candidates.known_missing(draft))
    entries_shown = list(included_entries(draft))
    own_posts = {entry.post_id for entry in entries_shown}
    # Since the draft was refreshed, posts that only some subscribers lack may have become ones that most of them lack.
    lacked = [post for post, decision in chosen.listed if decision.included and not chosen.lacking.is_new(post.ordinal)]
    entries_of_some = [
        EditionPost(edition=draft, post=post, included=True, reason=messages.LATE())
        for post in (*lacked, *chosen.others)
        if post.pk not in own_posts
    ]
    entries = (*entries_shown, *entries_of_some)
    topics = {entry.post.ordinal: topics_of(entry.post, newsletter) for entry in entries}
    by_name = Ordinals.of(entry.post.ordinal for entry in entries_shown if entry.choice == EditorChoice.IN)
    own_plan = Plan(entries, topics, by_name, (PlannedVariant(tuple(entries_shown), True),), newsletter.minimum_posts)
    by_ordinal = {entry.post.ordinal: entry for entry in entries}
    sets = _wanted(own_plan, chosen.lacking)
    copies = ([copy(by_ordinal[ordinal]) for ordinal in posts] for posts in sets)
    variants = (PlannedVariant(ordering.arranged(entries, newsletter), False) for entries in copies)
    return replace(own_plan, variants=(*own_plan.variants, *variants))


def _wanted(own_plan: Plan, lacking: Lacking) -> list[Ordinals]:
    """Return the sets of posts that subscribers would get, besides the draft's own, those of most subscribers first."""
    counts: dict[Ordinals, int] = {}
    for group in [newcomers(lacking.base), *lacking.groups]:
        offered = own_plan.offer_to(group)
        if offered.outcome == OfferOutcome.MAILED:
            counts[offered.posts] = counts.get(offered.posts, 0) + group.count
    counts.pop(own_plan.variants[0].ordinals, None)
    return sorted(counts, key=lambda posts: (-counts[posts], str(posts)))


def waiting_subscribers(draft_plan: Plan, groups: Iterable[SubscriberGroup]) -> tuple[int, Ordinals]:
    """Return how many subscribers in these groups wait because their posts are too few, and all posts they wait for."""
    count, posts = 0, Ordinals()
    for group in groups:
        offered = draft_plan.offer_to(group)
        if offered.waits and group.count:
            count, posts = count + group.count, posts | offered.posts
    return count, posts


def receiving_groups(
    draft: Edition, newsletter: config.Newsletter, receiving: SubscriptionQuerySet
) -> list[SubscriberGroup]:
    """Return the groups of those who would receive a draft, and one of nobody who has the base."""
    base = base_of(newsletter)
    return [newcomers(base | expected(newsletter, draft)), *groups_of(receiving, newsletter, draft, base)]


@dataclass(frozen=True, slots=True)
class PreparedVariant:
    """A variant with its rendering."""

    planned: PlannedVariant
    proof: Proof


@dataclass(frozen=True, slots=True)
class PreparedDraft:
    """A draft as it would be approved: its own rendering, its plan, and its variants.

    Letters and corrections have neither plan nor variants: all their subscribers get the same.
    """

    own: Proof
    plan: Plan | None = None
    variants: tuple[PreparedVariant, ...] = ()

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """The renderings of all variants, with that of the draft first."""
        return (self.own, *(v.proof for v in self.variants if not v.planned.own))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that block approval, each once."""
        return tuple(dict.fromkeys(f for proof in self.proofs for f in proof.findings if f.level == Level.ERROR))


def prepare(
    draft: Edition, configuration: Config, now: datetime | None = None, own: Proof | None = None
) -> PreparedDraft:
    """Render a draft in all its variants, and itself unless its present rendering is given as `own`."""
    newsletter, own = configuration.edited(draft), own or make_proof(draft, configuration, now)
    if draft.is_unscheduled:
        return PreparedDraft(own)
    draft_plan = plan(draft, newsletter, now)
    return PreparedDraft(
        own, draft_plan, tuple(_prepared(draft, configuration, variant, own) for variant in draft_plan.variants)
    )


def _prepared(draft: Edition, configuration: Config, planned: PlannedVariant, own: Proof) -> PreparedVariant:
    if planned.own:
        return PreparedVariant(planned, own)
    digest = digest_with(draft, configuration, planned.entries)
    on_page = [post.id for post in own.digest.posts]
    return PreparedVariant(planned, proof_of_variant(digest, configuration, configuration.edited(draft), on_page))
