"""The audience of an edition whose readers have marks: who gets which variant, and where the marks move.

Everything happens in the transaction that fixes the audience. The rule is in newsletter/domain/cadence.py.
"""

from typing import NamedTuple

from django.db import connection
from django.db.models import Case, F, IntegerField, Max, Q, Value, When
from django.db.models.functions import Greatest

from newsletter.config import Newsletter
from newsletter.domain.cadence import start
from newsletter.editions.selection.numbers import locked
from newsletter.editions.selection.series import ends
from newsletter.models import Delivery, Edition, Variant
from subscribers.models import Subscription, SubscriptionQuerySet

INSERT = (
    "INSERT INTO newsletter_delivery (edition_id, number, subscription_id)"
    " SELECT %s, row_number() OVER (ORDER BY place, id), id FROM ({receiving}) AS audience"
)


class MarkedAudience(NamedTuple):
    """The size of an audience, and how many of its first numbers have had all posts before."""

    size: int
    nothing_new: int


def create(newsletter: Newsletter, edition: Edition, receiving: SubscriptionQuerySet) -> MarkedAudience:
    """Write the audience, in the order of variants, and move the marks of the edition's cadence to its end."""
    numbering = locked(newsletter.name)
    if not numbering.by_marks:
        numbering.by_marks = True
        numbering.save(update_fields=["by_marks"])
    _set_starts(newsletter)
    variants, end = _variants(newsletter, edition), edition.end or 0
    prepared = Q(mark__gte=end) | Q(mark__in=[mark for each in variants for mark in each.marks])
    size = _insert(edition, receiving.filter(prepared), _place(variants, end))
    nothing_new = _store_numbers(edition, variants, end)
    _move(newsletter, edition, receiving, end)
    return MarkedAudience(size, nothing_new)


def _set_starts(newsletter: Newsletter) -> None:
    """Set the marks of those who subscribed since the last audience was fixed; see `domain.cadence.start`."""
    fixed = ends(newsletter, fixed=True)
    new = Subscription.objects.filter(newsletter=newsletter.name, state=Subscription.State.ACTIVE, starts=True)
    for cadence in newsletter.offered:
        at = Value(start(cadence, newsletter.default_cadence, fixed))
        new.in_cadence(newsletter.at(cadence)).update(mark=Greatest(F("mark"), at), starts=False)


def _variants(newsletter: Newsletter, edition: Edition) -> list[Variant]:
    """Return the variants of an edition. One that was approved while there was one cadence gets its only one now."""
    found = list(edition.variants.only("position", "marks", "posts"))
    if found:
        return found
    fixed = ends(newsletter, fixed=True)
    mark = start(newsletter.period, newsletter.default_cadence, fixed)
    posts = list(edition.entries.filter(included=True).values_list("post_id", flat=True))
    return [Variant.objects.create(edition=edition, position=0, marks=[mark], posts=posts)]


def _with_nothing_new(variants: list[Variant], end: int) -> Q:
    return Q(mark__gte=end) | Q(mark__in=[mark for each in variants if not each.posts for mark in each.marks])


def _place(variants: list[Variant], end: int) -> Case:
    """Return the place of a reader's variant in the order of the audience."""
    return Case(
        When(_with_nothing_new(variants, end), then=Value(0)),
        *(When(mark__in=each.marks, then=Value(each.position + 1)) for each in variants),
        output_field=IntegerField(),
    )


def _insert(edition: Edition, receiving: SubscriptionQuerySet, place: Case) -> int:
    sql, parameters = receiving.annotate(place=place).values("id", "place").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(receiving=sql), [edition.pk, *parameters])
        return int(cursor.rowcount)


def _store_numbers(edition: Edition, variants: list[Variant], end: int) -> int:
    """Store the numbers of each variant's readers; return the last number of those who get no email."""

    def last_of(where: Q) -> int | None:
        found = Delivery.objects.filter(edition=edition)
        readers = Subscription.objects.filter(where, newsletter=edition.newsletter)
        last: int | None = found.filter(subscription__in=readers).aggregate(last=Max("number"))["last"]
        return last

    nothing_new = _with_nothing_new(variants, end)
    reached = without = last_of(nothing_new) or 0
    for variant in variants:
        last = last_of(Q(mark__in=variant.marks) & ~nothing_new) if variant.posts else None
        if last is not None:
            variant.first, variant.last, reached = reached + 1, last, last
            variant.save(update_fields=["first", "last"])
    return without


def _move(newsletter: Newsletter, edition: Edition, receiving: SubscriptionQuerySet, end: int) -> None:
    """Move the marks of the audience, and of those of the cadence who don't receive it, such as paused readers.

    Readers whose mark has no variant keep it.
    """
    behind = Subscription.objects.filter(newsletter=newsletter.name, mark__lt=end)
    offered = Delivery.objects.filter(edition=edition).values("subscription_id")
    behind.filter(pk__in=offered).update(mark=end)
    others = behind.filter(state=Subscription.State.ACTIVE, starts=False).in_cadence(newsletter)
    others.exclude(pk__in=receiving.values("pk")).update(mark=end)
