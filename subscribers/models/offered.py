"""What subscribers were offered: sets of posts, and what those had who were in a cadence from its beginning.

A set is a row that never changes; subscriptions with equal sets share it. A subscription without a set has the base of
its cadence, whatever that grows to, so that most subscriptions never have to be written.
"""

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Cast

from newsletter.domain.ordinals import Ordinals

AT_ONCE = 200
"""So many different sets are replaced by one statement."""


class OfferedSetQuerySet(models.QuerySet["OfferedSet"]):
    """Finds and creates sets by their posts."""

    def key_of(self, newsletter: str, posts: Ordinals) -> int:
        """Return the primary key of the set with these posts, which is created if it is not stored yet."""
        text = str(posts)
        digest = blake2b(text.encode(), digest_size=16).hexdigest()
        return self.get_or_create(newsletter=newsletter, hash=digest, defaults={"posts": text})[0].pk


class OfferedSet(models.Model):
    """The ordinals of posts that some people of a newsletter were offered, or that were offered before they came."""

    newsletter = models.CharField(max_length=40)
    hash = models.CharField(max_length=32, help_text="of the posts, so that equal sets are one row")
    posts = models.TextField(blank=True, help_text="ranges of ordinals, as in 1:40,42 (newsletter/domain/ordinals.py)")

    objects = OfferedSetQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["newsletter", "hash"], name="offered_set_once")]

    def __str__(self) -> str:
        return self.posts

    @property
    def ordinals(self) -> Ordinals:
        """The posts."""
        return Ordinals.parse(self.posts)


class Base(models.Model):
    """What somebody has who was in a cadence from its beginning with every topic.

    The rows of a newsletter are locked while an audience is fixed. That of a cadence that is not offered any more
    remains, and no longer grows.
    """

    newsletter = models.CharField(max_length=40)
    cadence = models.CharField(max_length=5)
    offered = models.ForeignKey(OfferedSet, models.PROTECT)
    is_on = models.BooleanField(default=True, help_text="the cadence is offered")
    is_default = models.BooleanField(default=False, help_text="subscribers without a cadence of their own are in it")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["newsletter", "cadence"], name="base_once")]

    def __str__(self) -> str:
        return f"{self.newsletter}, {self.cadence}: {self.offered}"

    @property
    def ordinals(self) -> Ordinals:
        """The posts."""
        return self.offered.ordinals


def bases_of(newsletter: str) -> dict[str, Base]:
    """Return the bases of a newsletter by their cadences."""
    bases = Base.objects.filter(newsletter=newsletter).select_related("offered").order_by("cadence")
    return {base.cadence: base for base in bases}


def locked_bases(newsletter: str) -> dict[str, Base]:
    """Return the bases of a newsletter, locked until the transaction ends."""
    bases = Base.objects.select_for_update(of=("self",)).filter(newsletter=newsletter)
    return {base.cadence: base for base in bases.select_related("offered").order_by("cadence")}


def in_base(base: Base, bases: Mapping[str, Base]) -> models.Q:
    """Return the condition for subscriptions in a cadence; the default has all that are in no other."""
    if not base.is_default:
        return models.Q(cadence=base.cadence)
    other_cadences = [
        other_base.cadence for other_base in bases.values() if other_base.is_on and other_base.cadence != base.cadence
    ]
    return ~models.Q(cadence__in=other_cadences)


def base_with(cadence: str, bases: Mapping[str, Base]) -> Base | None:
    """Return the base of subscriptions with a cadence, which is empty for the default; as `in_base` finds them."""
    on = [base for base in bases.values() if base.is_on]
    default = next((base for base in on if base.is_default), None)
    return next((base for base in on if base.cadence == cadence), default)


def sets_of(keys: Iterable[int | None]) -> dict[int, Ordinals]:
    """Return the posts of sets by their primary keys."""
    set_keys = [key for key in keys if key is not None]
    rows = OfferedSet.objects.filter(pk__in=set_keys).values_list("pk", "posts") if set_keys else ()
    return {key: Ordinals.parse(posts) for key, posts in rows}


def replace_sets(
    subscriptions: models.QuerySet[Any, Any], newsletter: str, change: Callable[[Ordinals], Ordinals], base: Ordinals
) -> None:
    """Replace the sets of subscriptions in one cadence by what `change` returns, the base of the cadence by no set.

    Subscriptions without a set remain without one: their set changes with the base.
    """
    keys = subscriptions.filter(offered__isnull=False).order_by().values_list("offered", flat=True).distinct()
    changes: list[tuple[int, int | None]] = []
    for key, had in sets_of(keys).items():
        new_posts = change(had)
        if new_posts == base:
            changes.append((key, None))
        elif new_posts != had:
            changes.append((key, OfferedSet.objects.key_of(newsletter, new_posts)))
    for start in range(0, len(changes), AT_ONCE):
        batch = changes[start : start + AT_ONCE]
        after_each = (models.When(offered=key, then=models.Value(new_key)) for key, new_key in batch)
        # PostgreSQL takes a mere NULL for text.
        new_set = Cast(models.Case(*after_each), models.BigIntegerField(null=True))
        subscriptions.filter(offered__in=[key for key, _new in batch]).update(offered=new_set)


def store_sets(subscriptions: models.QuerySet[Any, Any], newsletter: str) -> None:
    """Give subscriptions that have the base of their cadence a set of their own with it, in the caller's transaction.

    It must precede a change of their cadence, so that what they were offered remains the same. Those who came back get
    the base of their cadence in addition to what they had.
    """
    bases = locked_bases(newsletter)
    confirmed = subscriptions.filter(newsletter=newsletter).exclude(state="pending")
    for base in bases.values():
        if base.is_on:
            in_cadence = confirmed.filter(in_base(base, bases))
            add_base(in_cadence.filter(state="active", returns=True), base)
            in_cadence.filter(offered=None).update(offered=base.offered)


def add_base(returned: models.QuerySet[Any, Any], base: Base) -> None:
    """Add the base of their cadence to the sets of people who came back to it."""
    replace_sets(returned, base.newsletter, lambda had: had | base.ordinals, base.ordinals)
    returned.update(returns=False)
