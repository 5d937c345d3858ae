"""The variants of an edition with the number of subscribers and the email of each, for review and for reports."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from newsletter.config import Config, Newsletter
from newsletter.domain.digest import Finding, Letterhead, Rendered
from newsletter.domain.offers import Offer, OfferOutcome
from newsletter.domain.ordinals import Ordinals
from newsletter.domain.picks import names_in
from newsletter.editions import serialize
from newsletter.editions.letterheads import letterhead
from newsletter.editions.offers.approved import offers_of
from newsletter.editions.offers.groups import SubscriberGroup, are_alike, base_of, groups_of, newcomers
from newsletter.editions.previews import sample_recipient
from newsletter.editions.rendering import Proof, rendered_of
from newsletter.editions.variants.planning import PreparedDraft, plan, prepare
from newsletter.messages import Message, delivery
from newsletter.models import LOCKED_STATES, ApprovedContent, DeliveryStatus, Edition, Result, State, Variant
from newsletter.render.preview import recipient_html
from subscribers.models import SubscriptionQuerySet

REASONS = {
    OfferOutcome.NOTHING_NEW: delivery.NOTHING_NEW,
    OfferOutcome.OFF_TOPIC: delivery.OFF_TOPIC,
    OfferOutcome.TOO_FEW: delivery.TOO_FEW,
}
"""Why subscribers get no email."""


@dataclass(frozen=True, slots=True)
class ListedVariant:
    """One variant: its subscribers and the topics that they picked, its posts, and its email, or why subscribers get
    none.

    `picks` has each combination once, with () for subscribers who get posts of all topics.
    """

    position: int
    subscribers: int
    picks: tuple[tuple[str, ...], ...]
    posts: tuple[int, ...]
    rendered: Rendered | None
    findings: tuple[Finding, ...] = ()
    reason: Message | None = None

    def document(self, head: Letterhead) -> dict[str, Any]:
        """Return the variant for `--json` and the API; `bytes` is the size of its HTML."""
        html = recipient_html(self.rendered, head, sample_recipient()) if self.rendered else ""
        return {
            "variant": self.position,
            "readers": self.subscribers,
            "topics": [list(names) for names in self.picks],
            "posts": list(self.posts),
            "subject": self.rendered.subject if self.rendered else None,
            "preheader": self.rendered.preheader if self.rendered else None,
            "bytes": len(html.encode()),
            "lint": serialize.findings(self.findings),
            "reason": str(self.reason) if self.reason else None,
            "reason_code": self.reason.code if self.reason else None,
        }


def listed(
    configuration: Config,
    edition: Edition,
    receiving: SubscriptionQuerySet,
    draft: PreparedDraft | None = None,
) -> list[ListedVariant]:
    """Return the variants of an edition, the editors' own first; none if all subscribers get the same.

    `receiving` are those who would get the edition now. A draft is rendered unless it is given; raises what `prepare`
    does.
    """
    if edition.is_unscheduled:
        return []
    variants: list[ListedVariant] = []
    if edition.state in LOCKED_STATES:
        content = ApprovedContent.objects.filter(edition=edition).first()
        if edition.began_at is None:
            variants = _approved(configuration, edition, content, receiving)
        else:
            variants = _of_audience(edition, content)
    elif edition.state == State.DRAFT:
        prepared = draft or prepare(edition, configuration)
        variants = _planned(configuration.edited(edition), edition, prepared, receiving)
    return variants if len(variants) > 1 else []


def post_counts(configuration: Config, edition: Edition, receiving: SubscriptionQuerySet) -> list[int]:
    """Return how many posts each variant has that somebody in `receiving` would get; nothing is rendered."""
    if edition.is_unscheduled:
        return []
    newsletter = configuration.edited(edition)
    groups = groups_of(receiving, newsletter, edition)
    if edition.state == State.DRAFT:
        draft_plan = plan(edition, newsletter)
        offers = [draft_plan.offer_to(group) for group in groups]
    elif edition.state in LOCKED_STATES and edition.began_at is None:
        offer_to = offers_of(edition, newsletter)
        offers = [offer_to(group) for group in groups]
    else:
        return [len(variant.posts) for variant in edition.variants.exclude(last=None)]
    return sorted({len(offered.posts) for offered in offers if offered.outcome == OfferOutcome.MAILED})


def documents(
    configuration: Config, edition: Edition, receiving: SubscriptionQuerySet, own: Proof | None = None
) -> list[dict[str, Any]]:
    """Return the variants for `--json` and the API; see `listed`. A draft is rendered unless `own` is its rendering."""
    head = letterhead(configuration, configuration.edited(edition))
    draft = prepare(edition, configuration, own=own) if own and edition.state == State.DRAFT else None
    return [variant.document(head) for variant in listed(configuration, edition, receiving, draft)]


def _planned(
    newsletter: Newsletter, draft: Edition, prepared: PreparedDraft, receiving: SubscriptionQuerySet
) -> list[ListedVariant]:
    """Return the variants of a draft, and after them those who get no email."""
    plan = prepared.plan
    if plan is None or _all_get(plan.variants[0].ordinals, plan.offer_to, newsletter, draft):
        return []
    shared = _Shared((plan.offer_to(group), group) for group in groups_of(receiving, newsletter, draft))
    variants = []
    for position, variant in enumerate(prepared.variants):
        subscribers, picks = shared.take(variant.planned.ordinals)
        posts = tuple(entry.post_id for entry in variant.planned.entries)
        if variant.planned.own or subscribers:
            rendered, findings = variant.proof.rendered, variant.proof.findings
            variants.append(ListedVariant(position, subscribers, picks, posts, rendered, findings))
    return [*variants, *shared.without_email(len(prepared.variants))]


def _approved(
    configuration: Config, edition: Edition, content: ApprovedContent | None, receiving: SubscriptionQuerySet
) -> list[ListedVariant]:
    """Return the variants of an approved edition, and after them those who get no email."""
    newsletter = configuration.edited(edition)
    offer_to, stored = offers_of(edition, newsletter), list(edition.variants.all())
    ordinals = {post: ordinal for ordinal, post, _topics in edition.candidates or ()}
    posts = [Ordinals.of(ordinals[post] for post in variant.posts if post in ordinals) for variant in stored]
    if stored and _all_get(posts[0], offer_to, newsletter, edition):
        return []
    shared = _Shared((offer_to(group), group) for group in groups_of(receiving, newsletter, edition))
    variants = []
    for variant, posts_of_variant in zip(stored, posts, strict=True):
        subscribers, picks = shared.take(posts_of_variant)
        if variant.position == 0 or subscribers:
            rendered = _rendered(variant, content)
            variants.append(ListedVariant(variant.position, subscribers, picks, tuple(variant.posts), rendered))
    return [*variants, *shared.without_email(len(stored))]


def _all_get(
    posts: Ordinals, offer_to: Callable[[SubscriberGroup], Offer], newsletter: Newsletter, edition: Edition
) -> bool:
    """Return whether all subscribers are offered these posts. As a rule they are, and need not be counted."""
    if not are_alike(newsletter, edition):
        return False
    offered = offer_to(newcomers(base_of(newsletter)))
    return offered.outcome == OfferOutcome.MAILED and offered.posts == posts


def _of_audience(edition: Edition, content: ApprovedContent | None) -> list[ListedVariant]:
    """Return the variants of an edition whose audience is fixed, and how many were skipped for want of posts."""
    variants = list(edition.variants.all())
    all_the_same = not any(variant.last for variant in variants)
    result = [
        ListedVariant(
            variant.position,
            0 if variant.last is None else variant.last - (variant.first or 1) + 1,
            (),
            tuple(variant.posts),
            _rendered(variant, content),
        )
        for variant in variants
        if variant.position == 0 or variant.last is not None
    ]
    if result and all_the_same:
        result = [replace(result[0], subscribers=edition.audience or 0)]
    skipped = Result.objects.filter(edition=edition, kind=DeliveryStatus.SKIPPED)
    for reason in (delivery.NOTHING_NEW(), delivery.OFF_TOPIC()):
        if count := skipped.filter(text=reason.to_text()).count():
            result.append(ListedVariant(len(result), count, (), (), None, reason=reason))
    return result


class _Shared:
    """Groups of subscribers by the posts that they would get."""

    def __init__(self, offers: Iterable[tuple[Any, SubscriberGroup]]) -> None:
        self._mailed: dict[Ordinals, list[SubscriberGroup]] = {}
        self._others: dict[OfferOutcome, list[SubscriberGroup]] = {}
        for offered, group in offers:
            if offered.outcome == OfferOutcome.MAILED:
                self._mailed.setdefault(offered.posts, []).append(group)
            else:
                self._others.setdefault(offered.outcome, []).append(group)

    def take(self, posts: Ordinals) -> tuple[int, tuple[tuple[str, ...], ...]]:
        """Return how many subscribers would get these posts, and what they picked; they are taken once."""
        return _counted(self._mailed.pop(posts, []))

    def without_email(self, position: int) -> list[ListedVariant]:
        """Return those who get no email, for each reason; the posts of those without a variant wait."""
        variants = []
        unrendered = [group for groups in self._mailed.values() for group in groups]
        rows = [(REASONS[outcome](), groups) for outcome, groups in self._others.items()]
        rows += [(delivery.RENDERED_LATER(), unrendered)] if unrendered else []
        for place, (reason, groups) in enumerate(rows, position):
            subscribers, picks = _counted(groups)
            variants.append(ListedVariant(place, subscribers, picks, (), None, reason=reason))
        return variants


def _counted(groups: Sequence[SubscriberGroup]) -> tuple[int, tuple[tuple[str, ...], ...]]:
    picks = dict.fromkeys(names_in(group.topics) for group in groups)
    return sum(group.count for group in groups), tuple(picks)


def _rendered(variant: Variant, content: ApprovedContent | None) -> Rendered | None:
    stored = variant if variant.segments else content
    return rendered_of(stored) if stored else None
