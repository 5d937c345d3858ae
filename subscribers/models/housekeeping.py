"""What the subscribers' rooms keep for themselves: letters to be sent, how often was asked, under which key."""

import secrets
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import connection, models, transaction
from django.utils import timezone

from subscribers.models.people import Consent, Subscriber, Subscription
from subscribers.tokens import Purpose, fingerprint, keyed_hash

LEAST_NUMBER = 2**32
ADD = (
    "INSERT INTO subscribers_hits (what, start, until, count) VALUES {rows}"
    " ON CONFLICT (what, start) DO UPDATE SET count = subscribers_hits.count + 1"
)
LOOK = "SELECT what, count FROM subscribers_hits WHERE start = %s AND what IN ({names})"


class Letter(models.Model):
    """A mail to one person, written down in the transaction that it tells of; the jobs render and send it.

    `leased_until` and `attempts` belong to the jobs. A letter goes away with its subscriber.
    """

    class Kind(models.TextChoices):
        """What it is about; each has its own words and its own template."""

        CONFIRM = "confirm"
        WELCOME = "welcome"
        ME = "me"
        CHANGE = "change"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    subscriber = models.ForeignKey("subscribers.Subscriber", models.CASCADE, related_name="letters")
    subscription = models.ForeignKey("subscribers.Subscription", models.CASCADE, null=True, related_name="letters")
    newsletter = models.CharField(max_length=40)
    payload = models.JSONField(default=dict)
    created = models.DateTimeField(default=timezone.now)
    due = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    problem = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due"], condition=models.Q(sent_at=None), name="letter_waiting"),
        ]

    def __str__(self) -> str:
        return f"letter {self.pk}: {self.kind}"


class HitsManager(models.Manager["Hits"]):
    """Counts how often something was asked for, in windows of time."""

    def add_one(self, at: datetime, window: timedelta, *whats: str) -> None:
        """One more of each."""
        start, end = _window(at, window)
        rows = [value for what in whats for value in (keyed_hash(Purpose.LIMIT, what), start, end)]
        with connection.cursor() as cursor:
            cursor.execute(ADD.format(rows=", ".join(["(%s, %s, %s, 1)"] * len(whats))), rows)

    def how_many(self, at: datetime, window: timedelta, *whats: str) -> list[int]:
        """How often each was counted in this window so far."""
        names = [keyed_hash(Purpose.LIMIT, what) for what in whats]
        with connection.cursor() as cursor:
            cursor.execute(LOOK.format(names=", ".join(["%s"] * len(names))), [_window(at, window)[0], *names])
            found = dict(cursor.fetchall())
        return [found.get(name, 0) for name in names]

    def count_one(self, what: str, at: datetime, window: timedelta) -> int:
        """One more of `what`; gives how many there are in this window, this one among them."""
        self.add_one(at, window, what)
        return self.how_many(at, window, what)[0]

    def tidy(self, at: datetime) -> int:
        """Forget the windows that are over; gives how many."""
        return self.filter(until__lte=int(at.timestamp())).delete()[0]


def _window(at: datetime, window: timedelta) -> tuple[int, int]:
    """Beginning and end of the window that holds a moment, in seconds since the epoch."""
    seconds = int(window.total_seconds())
    start = int(at.timestamp()) // seconds * seconds
    return start, start + seconds


class Hits(models.Model):
    """How often something was asked for since `start` (seconds since the epoch); `what` is a keyed hash."""

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
    """Notes the key under which a database begins."""

    @transaction.atomic
    def note(self) -> None:
        """Note the key in force, once; the numbers of a database that is still empty then begin anywhere.

        A link says a number and that we wrote it. Where a database is lost and filled anew under the same key, the
        links of old mails must not be somebody else's; nor does a number tell how many there are.
        """
        if self.get_or_create(pk=1, defaults={"value": fingerprint()})[1]:
            for model in (Subscriber, Subscription, Consent, Letter):
                if not model._default_manager.exists():
                    _begin_at(model, LEAST_NUMBER + secrets.randbelow(2**40))


def _begin_at(model: type[models.Model], number: int) -> None:
    """Let the model's next row have a number just above this one."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, number])
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, number])


class Fingerprint(models.Model):
    """The fingerprint of the secret key that the database's hashes are under; there is one row."""

    value = models.CharField(max_length=32)
    since = models.DateTimeField(default=timezone.now)

    objects = FingerprintManager()

    def __str__(self) -> str:
        return self.value

    @transaction.atomic
    def move(self, old: str) -> None:
        """Bring every hash of a known subscriber from the key `old` to the one in force."""
        Subscriber.objects.rehash(old)
        self.value, self.since = fingerprint(), timezone.now()
        self.save()
