"""The variants of an edition as people see them before approval and afterwards: readers, posts, subject, findings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from newsletter.config import Config
from newsletter.domain.cadence import start
from newsletter.domain.digest import Finding, Letterhead, Rendered
from newsletter.domain.picks import in_force, names_in
from newsletter.editions import serialize
from newsletter.editions.previews.files import sample_reader
from newsletter.editions.rendering import letterhead, rendered_of
from newsletter.editions.selection.numbers import end_of
from newsletter.editions.selection.series import by_marks, ends
from newsletter.editions.variants.planning import Picked, plan
from newsletter.editions.variants.preparing import PreparedVariant, prepare
from newsletter.messages import Message, delivery
from newsletter.models import LOCKED_STATES, ApprovedContent, Edition, State, Variant
from newsletter.render.preview import reader_html
from subscribers.models import SubscriptionQuerySet


@dataclass(frozen=True, slots=True)
class ListedVariant:
    """One variant: its readers and the topics that they picked, its posts, and its email, or why it has none.

    `picks` has each combination once, with () for readers who get posts of all topics.
    """

    position: int
    readers: int
    picks: tuple[tuple[str, ...], ...]
    posts: tuple[int, ...]
    rendered: Rendered | None
    findings: tuple[Finding, ...] = ()
    reason: Message | None = None

    def document(self, head: Letterhead) -> dict[str, Any]:
        """Return the variant for `--json` and the API; `bytes` is the size of its HTML."""
        html = reader_html(self.rendered, head, sample_reader()) if self.rendered else ""
        return {
            "variant": self.position,
            "readers": self.readers,
            "topics": [list(names) for names in self.picks],
            "posts": list(self.posts),
            "subject": self.rendered.subject if self.rendered else None,
            "preheader": self.rendered.preheader if self.rendered else None,
            "bytes": len(html.encode()),
            "lint": serialize.findings(self.findings),
            "reason": str(self.reason) if self.reason else None,
            "reason_code": self.reason.code if self.reason else None,
        }


def has_variants(configuration: Config, edition: Edition) -> bool:
    """Return whether readers of an edition may get different posts."""
    return not edition.standalone and not edition.corrects_id and by_marks(configuration.edited(edition))


def listed(
    configuration: Config, edition: Edition, receiving: SubscriptionQuerySet, now: datetime
) -> list[ListedVariant]:
    """Return the variants of an edition, the editors' own first; none if all readers get the same.

    `receiving` are those who would get the edition now. Raises what `prepare` does.
    """
    if not has_variants(configuration, edition):
        return []
    readers = readers_of(configuration, edition, receiving, now)
    if edition.state in LOCKED_STATES:
        return approved(configuration, edition, readers)
    prepared = prepare(edition, configuration).variants if edition.state == State.DRAFT else ()
    return planned(configuration, edition, prepared, readers)


def post_counts(configuration: Config, edition: Edition, receiving: SubscriptionQuerySet, now: datetime) -> list[int]:
    """Return how many posts each variant has that somebody in `receiving` would get; nothing is rendered."""
    if not has_variants(configuration, edition):
        return []
    newsletter = configuration.edited(edition)
    readers = readers_of(configuration, edition, receiving, now)
    found: list[tuple[Iterable[Picked], int]] = []
    if edition.state in LOCKED_STATES:
        found = [(each.readers, len(each.posts)) for each in edition.variants.all()]
    elif edition.state == State.DRAFT:
        end = end_of(edition, newsletter)
        found = [(each.readers, len(each.entries)) for each in plan(edition, newsletter, end)]
    return [posts for picked, posts in found if any(readers.get(each) for each in picked)]


def documents(
    configuration: Config, edition: Edition, receiving: SubscriptionQuerySet, now: datetime
) -> list[dict[str, Any]]:
    """Return the variants for `--json` and the API; see `listed`."""
    head = letterhead(configuration, configuration.edited(edition))
    return [variant.document(head) for variant in listed(configuration, edition, receiving, now)]


def readers_of(
    configuration: Config, edition: Edition, receiving: SubscriptionQuerySet, now: datetime
) -> Mapping[Picked, int]:
    """Return how many readers of the edition have each mark and topics."""
    newsletter = configuration.edited(edition)
    first = start(newsletter.period, newsletter.default_cadence, ends(newsletter, fixed=True))
    found: dict[Picked, int] = {}
    rows = receiving.with_picks(edition.approved_at or now).values_list("mark", "picks", "starts")
    for mark, picks, starts, count in rows.annotate(Count("pk")).order_by():
        key = (max(mark, first) if starts else mark), picks
        found[key] = found.get(key, 0) + count
    return found


def planned(
    configuration: Config, edition: Edition, prepared: Iterable[PreparedVariant], readers: Mapping[Picked, int]
) -> list[ListedVariant]:
    """Return the variants of a draft."""
    topics = configuration.edited(edition).topics
    return [
        ListedVariant(
            position,
            sum(readers.get(each, 0) for each in variant.planned.readers),
            _picks(variant.planned.readers, topics),
            tuple(entry.post_id for entry in variant.planned.entries),
            variant.proof.rendered if variant.proof and variant.planned.entries else None,
            variant.proof.findings if variant.proof else (),
            _reason(variant.planned.entries, off_topic=variant.planned.off_topic),
        )
        for position, variant in enumerate(prepared)
    ]


def approved(configuration: Config, edition: Edition, readers: Mapping[Picked, int]) -> list[ListedVariant]:
    """Return the variants of an approved edition; of one whose audience is fixed with the readers in it."""
    topics = configuration.edited(edition).topics
    content = ApprovedContent.objects.filter(edition=edition).first()
    return [
        ListedVariant(
            each.position,
            sum(readers.get(one, 0) for one in each.readers)
            if each.last is None
            else each.last - (each.first or 1) + 1,
            _picks(each.readers, topics),
            tuple(each.posts),
            _rendered(each, content) if each.posts else None,
            reason=_reason(each.posts, off_topic=each.off_topic),
        )
        for each in edition.variants.all()
    ]


def _rendered(variant: Variant, content: ApprovedContent | None) -> Rendered | None:
    found = variant if variant.segments else content
    return rendered_of(found) if found else None


def _picks(readers: Iterable[Picked], topics: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys(names_in(in_force(picks, topics)) for _mark, picks in readers))


def _reason(posts: Sequence[Any], *, off_topic: bool) -> Message | None:
    if posts:
        return None
    return delivery.OFF_TOPIC() if off_topic else delivery.NOTHING_NEW()
