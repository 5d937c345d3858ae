"""Subscribers, their subscriptions and consents."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import connection, models
from django.utils import timezone

from newsletter.config import Newsletter
from subscribers.models.filters import in_cadence, parse_where
from subscribers.models.offered import OfferedSet, store_sets
from subscribers.models.suppressions import Suppression
from subscribers.pacing import in_portions
from subscribers.tokens import Purpose, keyed_hash

if TYPE_CHECKING:
    _TextField = models.TextField[tuple[str, ...] | list[str] | str, tuple[str, ...]]
else:
    _TextField = models.TextField


class TagsField(_TextField):
    """A tuple of tags, lower-cased and sorted, stored as `|film|oslo|` so that every database can search it."""

    def from_db_value(self, value: str | None, *_: Any) -> tuple[str, ...]:
        """Convert the database value to a tuple."""
        return self.to_python(value)

    def to_python(self, value: Any) -> tuple[str, ...]:
        """Convert a tuple, a list or a database value to a tuple."""
        words = value.split("|") if isinstance(value, str) else value or ()
        return tuple(sorted({tag for word in words if (tag := clean_tag(word))}))

    def get_prep_value(self, value: Any) -> str:
        """Convert tags to the database value."""
        if isinstance(value, str) and "|" in value:
            return value
        tags = self.to_python(value)
        return f"|{'|'.join(tags)}|" if tags else ""

    def value_to_string(self, obj: models.Model) -> str:
        """Convert the tags for serializers."""
        return self.get_prep_value(self.value_from_object(obj))


def clean_tag(word: str) -> str:
    """Normalize a tag: lower case, single spaces, no `|`, at most 60 characters."""
    return " ".join(word.replace("|", " ").lower().split())[:60]


_OWN_POSTS = models.Q(state="active") & (models.Q(offered__isnull=False) | ~models.Q(topics=""))
"""The condition for subscriptions whose posts may differ from their cadence's. An index has those."""


REHASH = "UPDATE subscribers_subscriber SET address_hash = %s, domain_hash = %s WHERE id = %s"


@lru_cache(maxsize=4096)
def _domain_hash(domain: str, secret: str) -> str:
    """Return the hash of a domain under a secret key; cached, since imports repeat a few domains."""
    return keyed_hash(Purpose.DOMAIN, domain, secret)


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    """Finds and creates subscribers by their address's key."""

    def named(self, key: str, written: str, *, name: str = "", language: str = "") -> "Subscriber":
        """Return the subscriber of an address, created if there is none; an existing one is not changed."""
        defaults = {"address": written, "name": name, "language": language, **Subscriber.hashed(key)}
        return self.get_or_create(key=key, defaults=defaults)[0]

    def rehash(self, old: str) -> None:
        """Recompute all hashes, and the suppressions of known subscribers, from the key `old` to the current one.

        That is done in portions; if the program ends meanwhile, it can be repeated.
        """
        suppressed_hashes = set(Suppression.objects.values_list("hash", flat=True))
        in_portions(self.only("pk", "key", "domain"), lambda people: _rehash(people, old, suppressed_hashes))


def _rehash(people: "models.QuerySet[Subscriber]", old: str, suppressed_hashes: Collection[str]) -> int:
    values = []
    for subscriber in people:
        for purpose, text in ((Purpose.ADDRESS, subscriber.key), (Purpose.DOMAIN, subscriber.domain)):
            if keyed_hash(purpose, text, old) in suppressed_hashes:
                Suppression.objects.rekey(subscriber.key)
        hashed = Subscriber.hashed(subscriber.key)
        values.append((hashed["address_hash"], hashed["domain_hash"], subscriber.pk))
    with connection.cursor() as cursor:
        cursor.executemany(REHASH, values)
    return len(values)


def text_of_value(value: str | float) -> str:
    """Return a stored value of an own field as text: of a number, its digits with a point before decimals."""
    return value if isinstance(value, str) else f"{value:.15g}"


class Subscriber(models.Model):
    """A person with an address, as written and as a key (lower case) for comparison."""

    address = models.CharField(max_length=254)
    key = models.CharField(max_length=254, unique=True)
    domain = models.CharField(max_length=253)
    address_hash = models.CharField(max_length=32)
    domain_hash = models.CharField(max_length=32)
    name = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=35, blank=True)
    field_values = models.JSONField(null=True, blank=True, help_text="values of the site's own fields by their keys")
    created = models.DateTimeField(default=timezone.now)
    moved_at = models.DateTimeField(null=True, help_text="when the address was last changed: older links end")

    objects = SubscriberQuerySet.as_manager()

    def __str__(self) -> str:
        return f"subscriber {self.pk}"

    @staticmethod
    def hashed(key: str) -> dict[str, str]:
        """Return the fields computed from an address's key."""
        domain, secret = key.rpartition("@")[2], settings.SECRET_KEY
        return {
            "domain": domain,
            "address_hash": keyed_hash(Purpose.ADDRESS, key, secret),
            "domain_hash": _domain_hash(domain, secret),
        }

    @property
    def masked(self) -> str:
        """The masked address, which only its owner recognizes: `k…@e….org`."""
        local, _, domain = self.address.rpartition("@")
        host, _, top = domain.rpartition(".")
        return f"{local[:1]}…@{host[:1]}….{top}"


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Finds the subscribers who receive a newsletter, and why others don't."""

    def receiving(self, newsletter: Newsletter, at: datetime) -> "SubscriptionQuerySet":
        """Return the subscriptions that receive editions at this time: active, not paused, not blocked, matching.

        A single query for INSERT … SELECT, for counting, and with `.filter(pk__in=…)` for checking a chunk again.
        Raises WhereProblem.
        """
        picked = parse_where(newsletter.where).q(newsletter)
        return self.receiving_on(newsletter.name, local_day(newsletter, at)).filter(picked)

    def receiving_on(self, newsletter: str, day: date) -> "SubscriptionQuerySet":
        """Like `receiving`, for a day in the newsletter's time zone."""
        return (
            self.filter(newsletter=newsletter, state=Subscription.State.ACTIVE)
            .exclude(paused_until__gt=day)
            .filter(~_suppressed())
        )

    def in_cadence(self, newsletter: Newsletter) -> "SubscriptionQuerySet":
        """Return the subscriptions in the newsletter's cadence; the default has those whose own is not offered."""
        return self.filter(in_cadence(newsletter.period, newsletter))

    def with_own_posts(self, newsletter: str) -> "SubscriptionQuerySet":
        """Return the active subscriptions with a set or topics of their own; all others get what their cadence gets."""
        return self.filter(_OWN_POSTS, newsletter=newsletter)

    def with_picks(self, at: datetime) -> "models.QuerySet[Any, Any]":
        """Annotate the topics that were picked at a time as `picks`; as a rule, nobody has changed them since."""
        changes = TopicChange.objects.filter(at__gt=at)
        earlier_topics = changes.filter(subscription=models.OuterRef("pk")).order_by("at", "pk").values("before")[:1]
        when_changed = models.When(pk__in=changes.values("subscription"), then=models.Subquery(earlier_topics))
        return self.annotate(picks=models.Case(when_changed, default=models.F("topics")))

    def blocked(self) -> "SubscriptionQuerySet":
        """Return the subscriptions whose address or domain is blocked; those few are looked up first."""
        hashes = {kind: Suppression.objects.filter(kind=kind).values("hash") for kind in Suppression.Kind}
        of_address = models.Q(address_hash__in=hashes[Suppression.Kind.ADDRESS])
        of_domain = models.Q(domain_hash__in=hashes[Suppression.Kind.DOMAIN])
        return self.filter(subscriber__in=Subscriber.objects.filter(of_address | of_domain))

    def excluded(self, newsletter: Newsletter, at: datetime) -> dict[str, int]:
        """Count who doesn't receive it, by reason: pending, unsubscribed, paused, suppressed, filter."""
        states = Subscription.State
        everybody, paused = (
            self.filter(newsletter=newsletter.name),
            models.Q(paused_until__gt=local_day(newsletter, at)),
        )
        awake = everybody.filter(state=states.ACTIVE).exclude(paused)
        counts = everybody.aggregate(
            pending=models.Count("pk", filter=models.Q(state=states.PENDING)),
            unsubscribed=models.Count("pk", filter=models.Q(state=states.UNSUBSCRIBED)),
            paused=models.Count("pk", filter=models.Q(state=states.ACTIVE) & paused),
        )
        counts["suppressed"] = awake.blocked().count()
        if newsletter.where:
            counts["filter"] = awake.count() - counts["suppressed"] - self.receiving(newsletter, at).count()
        return counts


def _suppressed() -> Any:
    """Return an expression that is true if the address or domain is blocked; two lookups, each in one index."""
    of_address = Suppression.objects.filter(
        kind=Suppression.Kind.ADDRESS, hash=models.OuterRef("subscriber__address_hash")
    )
    of_domain = Suppression.objects.filter(
        kind=Suppression.Kind.DOMAIN, hash=models.OuterRef("subscriber__domain_hash")
    )
    return models.Exists(of_address) | models.Exists(of_domain)


def local_day(newsletter: Newsletter | None, at: datetime) -> date:
    """Return the date of an instant in the newsletter's time zone, in UTC if it is no longer configured."""
    return at.astimezone(newsletter.zone if newsletter else UTC).date()


class Subscription(models.Model):
    """A subscriber's subscription to one newsletter. `joined` is when it became active, if it ever was."""

    class State(models.TextChoices):
        """The state of a subscription."""

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
    cadence = models.CharField(
        max_length=5, blank=True, default="", db_default="", help_text="how often; empty: the newsletter's default"
    )
    offered = models.ForeignKey(
        OfferedSet,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="subscriptions",
        help_text="the posts that were offered; empty: those of the cadence's base",
    )
    returns = models.BooleanField(
        default=False, db_default=False, help_text="has unsubscribed: gets the cadence's base in addition when back"
    )
    waited = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="for how many editions posts have waited because their variant was missing"
    )
    topics = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="names of topics, sorted, with commas between; empty: all posts",
    )
    welcome_from = models.DateTimeField(
        null=True, blank=True, help_text="when the welcome series begins, the confirmation; empty: gets none"
    )
    heard_at = models.DateTimeField(
        null=True, blank=True, help_text="the last sign of the reader since they subscribed (subscribers/asking)"
    )
    asked_at = models.DateTimeField(
        null=True, blank=True, help_text="when they were last asked whether they still want it"
    )
    imported = models.BigIntegerField(null=True, help_text="the import that added it")

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["newsletter", "subscriber"], name="subscription_once")]
        indexes: ClassVar = [
            models.Index(
                fields=["newsletter", "welcome_from"],
                condition=models.Q(welcome_from__isnull=False),
                name="subscription_to_welcome",
            ),
            models.Index(
                fields=["newsletter", "unsubscribed_at"],
                condition=models.Q(unsubscribed_at__isnull=False),
                name="subscription_left",
            ),
            models.Index(
                fields=["newsletter", "offered", "topics"], condition=_OWN_POSTS, name="subscription_own_posts"
            ),
        ]

    def __str__(self) -> str:
        return f"subscription {self.pk}: {self.newsletter}, {self.state}"

    def save(self, *args: Any, **options: Any) -> None:
        """Store it; what the person was offered is only changed by queries (subscribers/models/offered.py).

        An object that was read before an audience was fixed would else undo that.
        """
        if not self._state.adding and options.get("update_fields") is None:
            unchanged = {"id", "offered", "returns", "waited"}
            options["update_fields"] = [
                field.name for field in self._meta.concrete_fields if field.name not in unchanged
            ]
        super().save(*args, **options)

    def paused(self, today: date) -> bool:
        """Return whether the subscription is paused on this day."""
        return self.paused_until is not None and self.paused_until > today

    def choose_cadence(self, cadence: str) -> None:
        """Change the cadence; what the person was offered remains the same. Runs in the caller's transaction."""
        if self.cadence == cadence:
            return
        row = Subscription.objects.filter(pk=self.pk)
        store_sets(row, self.newsletter)
        row.update(cadence=cadence)
        self.refresh_from_db(fields=["cadence", "offered", "returns"])

    def pick(self, picks: str, at: datetime) -> None:
        """Store which topics the person wants, for editions that are approved from now on.

        Editions that were approved before count with the earlier choice, except for those who subscribe only now.
        """
        if self.topics == picks:
            return
        if self.state == Subscription.State.ACTIVE:
            self.topic_changes.create(at=at, before=self.topics)
        else:
            self.topic_changes.all().delete()
        self.topics = picks
        self.save(update_fields=["topics"])


class TopicChange(models.Model):
    """What was picked before a change of topics: editions that were approved earlier still count with it.

    Housekeeping deletes it when no such edition waits.
    """

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="topic_changes")
    at = models.DateTimeField()
    before = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["at"], name="topic_change_by_time")]

    def __str__(self) -> str:
        return f"topics of subscription {self.subscription_id} until {self.at:%F %T}"


class Consent(models.Model):
    """What a person agreed to, how, when and where: a request, and once it has `confirmed_at` a consent.

    Each sign-up adds one, and they are deleted with the subscriber. `wording` is the version of `text`.
    """

    class How(models.TextChoices):
        """How the consent was given."""

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
    cadence = models.CharField(
        max_length=5, blank=True, default="", db_default="", help_text="how often; stored when it is confirmed"
    )
    topics = models.TextField(blank=True, default="", db_default="", help_text="stored when it is confirmed")
    confirmed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"consent {self.pk}: {self.how}"
