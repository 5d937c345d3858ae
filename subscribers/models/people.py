"""Subscribers, what they get, and what they consented to."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.dispatch import Signal
from django.utils import timezone

from newsletter import config
from subscribers.models.suppressions import Suppression
from subscribers.models.where import parse_where
from subscribers.tokens import Purpose, keyed_hash

forgotten = Signal()
"""Sent when a person is erased, in that transaction, with `subscriber` (the number) and `address` (as it was written):
whoever keeps something under either of them takes it out."""


if TYPE_CHECKING:
    _TextField = models.TextField[tuple[str, ...] | list[str] | str, tuple[str, ...]]
else:
    _TextField = models.TextField


class TagsField(_TextField):
    """A tuple of tags, lower-cased and sorted, kept as `|film|oslo|` so that every database can look one up."""

    def from_db_value(self, value: str | None, *_: Any) -> tuple[str, ...]:
        """What the row holds, as a tuple."""
        return self.to_python(value)

    def to_python(self, value: Any) -> tuple[str, ...]:
        """A tuple from a tuple, a list, or what the row holds."""
        words = value.split("|") if isinstance(value, str) else value or ()
        return tuple(sorted({tag for word in words if (tag := clean_tag(word))}))

    def get_prep_value(self, value: Any) -> str:
        """What the row is to hold."""
        if isinstance(value, str) and "|" in value:
            return value
        tags = self.to_python(value)
        return f"|{'|'.join(tags)}|" if tags else ""

    def value_to_string(self, obj: models.Model) -> str:
        """For serialisers."""
        return self.get_prep_value(self.value_from_object(obj))


def clean_tag(word: str) -> str:
    """A tag as it is kept: lower-cased, one space for any white space, no `|`, at most 60 characters."""
    return " ".join(word.replace("|", " ").lower().split())[:60]


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    """Finds and makes people by their address's key."""

    def named(self, key: str, written: str, *, name: str = "", language: str = "") -> "Subscriber":
        """The subscriber of this address, made where there is none; what is known of one is not changed."""
        return self.named_or_new(key, written, name=name, language=language)[0]

    def named_or_new(self, key: str, written: str, *, name: str = "", language: str = "") -> "tuple[Subscriber, bool]":
        """See `named`; and whether it was made."""
        return self.get_or_create(
            key=key,
            defaults={"address": written, "name": name, "language": language, **Subscriber.hashed(key)},
        )

    def rehash(self, old: str) -> None:
        """Bring everybody's hashes from the key `old` to the one in force, and the suppressions that cover them."""
        named = dict(Suppression.objects.values_list("hash", "pk"))
        batch: list[Subscriber] = []
        for subscriber in self.only("pk", "key", "domain").iterator(chunk_size=5_000):
            for purpose, text in ((Purpose.ADDRESS, subscriber.key), (Purpose.DOMAIN, subscriber.domain)):
                if keyed_hash(purpose, text, old) in named:
                    Suppression.objects.adopt(subscriber.key)
            for field, value in Subscriber.hashed(subscriber.key).items():
                setattr(subscriber, field, value)
            batch.append(subscriber)
            if len(batch) == 5_000:
                self.bulk_update(batch, ["address_hash", "domain_hash"], batch_size=200)
                batch.clear()
        self.bulk_update(batch, ["address_hash", "domain_hash"], batch_size=200)


class Subscriber(models.Model):
    """A person with an address: as it was written, and as a key (all lower case) that says whether two are the same."""

    address = models.CharField(max_length=254)
    key = models.CharField(max_length=254, unique=True)
    domain = models.CharField(max_length=253)
    address_hash = models.CharField(max_length=32)
    domain_hash = models.CharField(max_length=32)
    name = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=35, blank=True)
    created = models.DateTimeField(default=timezone.now)
    moved_at = models.DateTimeField(null=True, help_text="when the address was last changed: older links end")

    objects = SubscriberQuerySet.as_manager()

    def __str__(self) -> str:
        return f"subscriber {self.pk}"

    @staticmethod
    def hashed(key: str) -> dict[str, str]:
        """The fields that follow from an address's key."""
        domain = key.rpartition("@")[2]
        return {
            "domain": domain,
            "address_hash": keyed_hash(Purpose.ADDRESS, key),
            "domain_hash": keyed_hash(Purpose.DOMAIN, domain),
        }

    @property
    def masked(self) -> str:
        """The address so that its owner knows it and nobody else learns it: `k…@e….org`."""
        local, _, domain = self.address.rpartition("@")
        host, _, top = domain.rpartition(".")
        return f"{local[:1]}…@{host[:1]}….{top}"


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Says who is to get a newsletter, and why others are not."""

    def receiving(self, newsletter: str, at: datetime, where: str = "") -> "SubscriptionQuerySet":
        """Who gets what this newsletter sends at this time: active, not paused, not suppressed, picked by the filter.

        One query without parameters that differ by reader, so that it does for INSERT … SELECT, for a count, and with
        `.filter(pk__in=…)` for checking a chunk again. Raises WhereProblem.
        """
        return self.receiving_on(newsletter, local_day(newsletter, at), where)

    def receiving_on(self, newsletter: str, day: date, where: str = "") -> "SubscriptionQuerySet":
        """See `receiving`; on a day of the newsletter's."""
        return (
            self.filter(newsletter=newsletter, state=Subscription.State.ACTIVE)
            .exclude(paused_until__gt=day)
            .filter(~_suppressed())
            .filter(parse_where(where).q(_zone(newsletter)))
        )

    def excluded(self, newsletter: str, at: datetime, where: str = "") -> dict[str, int]:
        """How many do not get it, by the first reason that holds: pending, unsubscribed, paused, suppressed, filter."""
        State = Subscription.State  # noqa: N806
        everybody, paused = self.filter(newsletter=newsletter), models.Q(paused_until__gt=local_day(newsletter, at))
        awake = everybody.filter(state=State.ACTIVE).exclude(paused)
        counts = everybody.aggregate(
            pending=models.Count("pk", filter=models.Q(state=State.PENDING)),
            unsubscribed=models.Count("pk", filter=models.Q(state=State.UNSUBSCRIBED)),
            paused=models.Count("pk", filter=models.Q(state=State.ACTIVE) & paused),
        )
        counts["suppressed"] = awake.filter(_suppressed()).count()
        if where:
            counts["filter"] = awake.count() - counts["suppressed"] - self.receiving(newsletter, at, where).count()
        return counts


def _suppressed() -> Any:
    """Whether the subscriber's address or domain is suppressed; two look-ups, each in one index."""
    of_address = Suppression.objects.filter(
        kind=Suppression.Kind.ADDRESS, hash=models.OuterRef("subscriber__address_hash")
    )
    of_domain = Suppression.objects.filter(
        kind=Suppression.Kind.DOMAIN, hash=models.OuterRef("subscriber__domain_hash")
    )
    return models.Exists(of_address) | models.Exists(of_domain)


def local_day(newsletter: str, at: datetime) -> date:
    """The day on which a moment falls for the newsletter: pauses end with days."""
    return at.astimezone(_zone(newsletter)).date()


def _zone(newsletter: str) -> ZoneInfo:
    """The newsletter's time zone; UTC for one that config.toml no longer has."""
    known = config.current().newsletters.get(newsletter)
    return known.zone if known else ZoneInfo("UTC")


class Subscription(models.Model):
    """A subscriber's tie to one newsletter. `joined` is when it became active, for whoever ever was."""

    class State(models.TextChoices):
        """Where it stands."""

        PENDING = "pending"
        ACTIVE = "active"
        UNSUBSCRIBED = "unsubscribed"

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="subscriptions")
    newsletter = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PENDING)
    paused_until = models.DateField(null=True, blank=True, help_text="gets nothing before this day")
    tags = TagsField(default=tuple, blank=True)
    created = models.DateTimeField(default=timezone.now)
    joined = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["newsletter", "subscriber"], name="subscription_once")]

    def __str__(self) -> str:
        return f"subscription {self.pk}: {self.newsletter}, {self.state}"

    def paused(self, today: date) -> bool:
        """Whether it is resting on this day."""
        return self.paused_until is not None and self.paused_until > today


class Consent(models.Model):
    """What a person agreed to, how, when and where: a request, and from `confirmed_at` on a consent.

    Kept as long as the person is: each sign-up adds one. `wording` is the version of `text`.
    """

    class How(models.TextChoices):
        """The way it came."""

        FORM = "form"
        IMPORT = "import"
        BY_HAND = "by hand"

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="consents")
    how = models.CharField(max_length=8, choices=How.choices)
    wording = models.CharField(max_length=20, blank=True)
    text = models.TextField(blank=True)
    language = models.CharField(max_length=35, blank=True)
    at = models.DateTimeField(default=timezone.now)
    network = models.CharField(max_length=45, blank=True)
    page = models.CharField(max_length=500, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"consent {self.pk}: {self.how}"


def tags_of(words: Iterable[str]) -> str:
    """Tags as the row holds them, for statements that bypass the model."""
    return str(Subscription._meta.get_field("tags").get_prep_value(tuple(words)))
