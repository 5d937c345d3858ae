"""The audience of an edition whose readers have marks and topics: who gets which variant, and where the marks move.

Everything happens in the transaction that fixes the audience. The rule is in newsletter/domain/cadence.py.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Case, F, IntegerField, Max, Min, Q, QuerySet, Value, When
from django.db.models.functions import Greatest

from newsletter.config import Newsletter
from newsletter.domain.cadence import start
from newsletter.editions.selection.numbers import locked
from newsletter.editions.selection.series import ends, holding
from newsletter.models import Delivery, Edition, Variant
from subscribers.models import Subscription, SubscriptionQuerySet, TopicChange

INSERT = (
    "INSERT INTO newsletter_delivery (edition_id, number, subscription_id)"
    " SELECT %s, row_number() OVER (ORDER BY place, id), id FROM ({receiving}) AS audience"
)


class MarkedAudience(NamedTuple):
    """The size of an audience, how many of its first numbers had all posts before, and how many get no email in all.

    The difference is those who want none of the posts.
    """

    size: int
    nothing_new: int
    skipped: int


def create(newsletter: Newsletter, edition: Edition, receiving: SubscriptionQuerySet) -> MarkedAudience:
    """Write the audience, in the order of variants, and move the marks of the edition's cadence to its end."""
    numbering = locked(newsletter.name)
    if not numbering.by_marks:
        numbering.by_marks = True
        numbering.save(update_fields=["by_marks"])
    set_starts(newsletter)
    variants, end = _variants(newsletter, edition), edition.end or 0
    placed = _placed(edition, variants, end)
    size = _insert(edition, placed(receiving).exclude(place=None))
    skipped = _store_numbers(edition, variants, placed(Subscription.objects.filter(deliveries__edition=edition)))
    move(newsletter, edition, receiving, end)
    _forget_changes(newsletter, edition)
    return MarkedAudience(size, *skipped)


def set_starts(newsletter: Newsletter) -> None:
    """Set the marks of those who subscribed since the last audience was fixed; see `domain.cadence.start`."""
    fixed = ends(newsletter, fixed=True)
    new = Subscription.objects.filter(newsletter=newsletter.name, state=Subscription.State.ACTIVE, starts=True)
    for cadence in newsletter.offered:
        at = Value(start(cadence, newsletter.default_cadence, fixed))
        new.in_cadence(newsletter.at(cadence)).update(mark=Greatest(F("mark"), at), starts=False)


def _variants(newsletter: Newsletter, edition: Edition) -> list[Variant]:
    """Return the variants of an edition. One that was approved while there was one cadence gets its only one now."""
    found = list(edition.variants.only("position", "marks", "picks", "posts", "off_topic"))
    if found:
        return found
    fixed = ends(newsletter, fixed=True)
    mark = start(newsletter.period, newsletter.default_cadence, fixed)
    posts = list(edition.entries.filter(included=True).values_list("post_id", flat=True))
    return [Variant.objects.create(edition=edition, position=0, marks=[mark], posts=posts)]


AT_ONCE = 50
NOTHING_NEW, OFF_TOPIC, FIRST = 0, 1, 2
"""The places of readers who get no email, and of those of the first variant."""


def _placed(
    edition: Edition, variants: list[Variant], end: int
) -> Callable[[SubscriptionQuerySet], QuerySet[Any, Any]]:
    """Return a function that annotates the place of each reader's variant in the audience; NULL without a variant.

    The topics are those that were picked at approval, also if a reader picks others while this runs.
    """
    without = Q(mark__gte=end) | _of(v for v in variants if not v.posts and not v.off_topic)
    place = Case(
        When(without, then=Value(NOTHING_NEW)),
        *(When(_of([v]), then=Value(v.position + FIRST if v.posts else OFF_TOPIC)) for v in variants),
        output_field=IntegerField(),
    )
    approved = edition.approved_at or edition.created_at
    return lambda found: found.with_picks(approved).annotate(place=place)


def _of(variants: Iterable[Variant]) -> Q:
    """Return the condition for the readers of these variants."""
    picks: dict[int, list[str]] = {}
    for mark, each in (reader for variant in variants for reader in variant.readers):
        picks.setdefault(mark, []).append(each)
    where = Q(pk__in=())
    for mark, those in picks.items():
        where |= Q(mark=mark, picks__in=those)
    return where


def _insert(edition: Edition, readers: QuerySet[Any, Any]) -> int:
    sql, parameters = readers.values("id", "place").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(receiving=sql), [edition.pk, *parameters])
        return int(cursor.rowcount)


def _store_numbers(edition: Edition, variants: list[Variant], readers: QuerySet[Any, Any]) -> tuple[int, int]:
    """Store the numbers of each variant's readers; return the last ones of those with nothing new and off topic."""
    rows = readers.values_list("place").annotate(last=Max("deliveries__number")).order_by()
    last: dict[int, int] = dict(rows)
    nothing_new = last.get(NOTHING_NEW, 0)
    skipped = reached = last.get(OFF_TOPIC, nothing_new)
    with_readers = []
    for variant in variants:
        if variant.posts and (end := last.get(variant.position + FIRST)) is not None:
            variant.first, variant.last, reached = reached + 1, end, end
            with_readers.append(variant)
    Variant.objects.bulk_update(with_readers, ["first", "last"], batch_size=AT_ONCE)
    return nothing_new, skipped


def move(newsletter: Newsletter, edition: Edition, receiving: SubscriptionQuerySet, end: int) -> None:
    """Move the marks of the audience, and of those of the cadence who don't receive it, such as paused readers.

    Readers whose mark has no variant keep it.
    """
    behind = Subscription.objects.filter(newsletter=newsletter.name, mark__lt=end)
    offered = Delivery.objects.filter(edition=edition).values("subscription_id")
    behind.filter(pk__in=offered).update(mark=end)
    others = behind.filter(state=Subscription.State.ACTIVE, starts=False).in_cadence(newsletter)
    others.exclude(pk__in=receiving.values("pk")).update(mark=end)


def _forget_changes(newsletter: Newsletter, edition: Edition) -> None:
    """Delete what was picked before changes that no approved edition needs any more."""
    waiting = holding(newsletter.name).filter(began_at=None).exclude(pk=edition.pk)
    needed = waiting.aggregate(at=Min("approved_at"))["at"] or edition.approved_at
    if needed is not None:
        TopicChange.objects.filter(subscription__newsletter=newsletter.name, at__lt=needed).delete()
