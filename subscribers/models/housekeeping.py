"""Internal tables: transactional emails, rate limit counters, and the fingerprint of the secret key."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from django.db import connection, models, transaction
from django.utils import timezone

from subscribers.models.people import Consent, Subscriber, Subscription
from subscribers.pacing import delete
from subscribers.tokens import Purpose, fingerprint, hashes, keyed_hash

LEAST_NUMBER = 2**32
ADD = (
    "INSERT INTO subscribers_hits (what, start, until, count) VALUES {rows}"
    " ON CONFLICT (what, start) DO UPDATE SET count = subscribers_hits.count + excluded.count"
)
ADD_ONE = f"{ADD.format(rows='(%s, %s, %s, 1)')} RETURNING count"
LOOK = "SELECT what, start, count FROM subscribers_hits WHERE start IN ({starts}) AND what IN ({names})"


class CounterKey(NamedTuple):
    """A counter's purpose and its window of time, in seconds since the epoch."""

    what: str
    start: int
    until: int


def counter_key(what: str, at: datetime, window: timedelta) -> CounterKey:
    """Return the key of the counter whose window contains an instant."""
    seconds = int(window.total_seconds())
    start = int(at.timestamp()) // seconds * seconds
    return CounterKey(what, start, start + seconds)


class EmailKind(models.TextChoices):
    """The kind of a transactional email; each has its own text and template."""

    CONFIRM = "confirm"
    WELCOME = "welcome"
    ME = "me"
    CHANGE = "change"
    ASK = "ask"


class TransactionalEmail(models.Model):
    """An email to one subscriber, stored in the transaction of its event; `newsletter.transactional` sends it.

    `leased_until`, `attempts`, `journal` and `number` belong to the sender. An email is deleted with its subscriber.
    """

    kind = models.CharField(max_length=16, choices=EmailKind.choices)
    subscriber = models.ForeignKey("subscribers.Subscriber", models.CASCADE, related_name="transactional_emails")
    subscription = models.ForeignKey(
        "subscribers.Subscription", models.CASCADE, null=True, related_name="transactional_emails"
    )
    newsletter = models.CharField(max_length=40)
    payload = models.JSONField(default=dict)
    created = models.DateTimeField(default=timezone.now)
    due = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    journal = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="of the process that sends it, if only once"
    )
    number = models.PositiveIntegerField(null=True, help_text="its number in that journal")
    problem = models.TextField(blank=True, help_text="why the last attempt failed, as text")
    gave_up_at = models.DateTimeField(null=True, help_text="when it was refused, or tried for days in vain")
    delayed_at = models.DateTimeField(
        null=True, help_text="when it was delayed, because confirmations were above their budget"
    )
    released_at = models.DateTimeField(null=True, help_text="when it was let go after that")

    class Meta:
        db_table = "subscribers_letter"
        indexes: ClassVar = [
            models.Index(fields=["due"], condition=models.Q(sent_at=None), name="letter_waiting"),
            models.Index(
                fields=["newsletter", "delayed_at"],
                condition=models.Q(delayed_at__isnull=False),
                name="letter_delayed",
            ),
        ]

    def __str__(self) -> str:
        return f"email {self.pk}: {self.kind}"


class HitsManager(models.Manager["Hits"]):
    """Counts requests in fixed windows of time, for rate limits."""

    def increment(self, at: datetime, window: timedelta, *whats: str) -> None:
        """Increment each counter."""
        self.add({counter_key(what, at, window): 1 for what in whats})

    def add(self, counts: Mapping[CounterKey, int]) -> None:
        """Add to counters; rows are locked in the same order by all processes."""
        rows = sorted((keyed_hash(Purpose.LIMIT, key.what), key.start, key.until, n) for key, n in counts.items() if n)
        if rows:
            with connection.cursor() as cursor:
                cursor.execute(
                    ADD.format(rows=", ".join(["(%s, %s, %s, %s)"] * len(rows))), [v for row in rows for v in row]
                )

    def counts(self, at: datetime, window: timedelta, *whats: str) -> list[int]:
        """Return each counter's value in this window, under the current and the previous secret keys."""
        keys = [counter_key(what, at, window) for what in whats]
        values = self.values_of(keys)
        return [values[key] for key in keys]

    def values_of(self, keys: Sequence[CounterKey]) -> dict[CounterKey, int]:
        """Return the values of counters, under the current and the previous secret keys."""
        hashes_by_name = {what: hashes(Purpose.LIMIT, what) for what in {key.what for key in keys}}
        starts, names = {key.start for key in keys}, {name for digests in hashes_by_name.values() for name in digests}
        with connection.cursor() as cursor:
            statement = LOOK.format(starts=", ".join(["%s"] * len(starts)), names=", ".join(["%s"] * len(names)))
            cursor.execute(statement, [*starts, *names])
            counts = {(what, start): count for what, start, count in cursor.fetchall()}
        return {key: sum(counts.get((name, key.start), 0) for name in hashes_by_name[key.what]) for key in keys}

    def increment_and_count(self, what: str, at: datetime, window: timedelta) -> int:
        """Increment a counter; return its value in this window. No two processes get the same one."""
        key = counter_key(what, at, window)
        current, *previous = hashes(Purpose.LIMIT, what)
        with connection.cursor() as cursor:
            cursor.execute(ADD_ONE, [current, key.start, key.until])
            ((value,),) = cursor.fetchall()
        earlier = self.filter(what__in=previous, start=key.start).values_list("count", flat=True) if previous else ()
        return int(value) + sum(earlier)

    def delete_expired(self, at: datetime) -> int:
        """Delete the counters of past windows; return their number."""
        return delete(self.filter(until__lte=int(at.timestamp())), 10_000)


class Hits(models.Model):
    """A rate limit counter: requests since `start` (seconds since the epoch); `what` is a keyed hash."""

    what = models.CharField(max_length=32)
    start = models.BigIntegerField()
    until = models.BigIntegerField()
    count = models.PositiveIntegerField()

    objects = HitsManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["what", "start"], name="hits_once")]

    def __str__(self) -> str:
        return f"{self.count} since {self.start}"


class FingerprintManager(models.Manager["Fingerprint"]):
    """Stores the fingerprint of a new database's secret key."""

    @transaction.atomic
    def store(self) -> None:
        """Store the current key's fingerprint, once; primary keys of empty tables then begin at a random number.

        Links contain primary keys. If a database is lost and rebuilt with the same secret key, links in old emails must
        not belong to other people. Random numbers also hide how many subscribers there are.
        """
        if self.get_or_create(pk=1, defaults={"value": fingerprint()})[1]:
            for model in (Subscriber, Subscription, Consent, TransactionalEmail):
                if not model._default_manager.exists():
                    _begin_at(model, LEAST_NUMBER + secrets.randbelow(2**40))


def _begin_at(model: type[models.Model], number: int) -> None:
    """Set the primary key after which the model's next row is numbered."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, number])
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, number])


class Fingerprint(models.Model):
    """The fingerprint of the secret key of the database's hashes; there is one row."""

    value = models.CharField(max_length=32)
    since = models.DateTimeField(default=timezone.now)

    objects = FingerprintManager()

    def __str__(self) -> str:
        return self.value

    def rekey(self, old: str) -> None:
        """Recompute the hashes of all subscribers from the key `old` to the current one, which is stored at last."""
        Subscriber.objects.rehash(old)
        self.value, self.since = fingerprint(), timezone.now()
        self.save()
