"""Deliveries: the audience of an edition, the chunks that are being sent, the results, and the programs that send.

No query gets more expensive with the number of subscribers: a delivery is one row that never changes, a result one
more, and the counts of an edition are the sum of a few tallies. Only newsletter/sending writes them.
"""

from django.db import models
from django.db.models import Q

from newsletter.models.edition import Edition
from newsletter.models.message_field import MessageField


class DeliveryStatus(models.TextChoices):
    """The status of a delivery that is not pending any more."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class Delivery(models.Model):
    """One edition to one subscriber: a number in the audience, which is created once, when sending begins.

    The subscription may have been erased since; its number is not used again.
    """

    pk = models.CompositePrimaryKey("edition_id", "number")
    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    number = models.PositiveIntegerField(help_text="from 1")
    subscription = models.ForeignKey(
        "subscribers.Subscription",
        on_delete=models.DO_NOTHING,
        related_name="deliveries",
        db_constraint=False,
        db_index=False,
    )

    class Meta:
        constraints = (models.UniqueConstraint(fields=("edition", "subscription"), name="delivery_once"),)

    def __str__(self) -> str:
        return f"{self.edition} to {self.number}"


class Chunk(models.Model):
    """Part of an edition's audience that one sending process has claimed: the numbers `first` to `last`.

    Without numbers, it has the retries that refer to it. `machine` is a journal folder, `holder` a journal in it; while
    that journal is locked, no other process may take the chunk. Only other machines check the lease.
    """

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    first = models.PositiveIntegerField(null=True)
    last = models.PositiveIntegerField(null=True)
    machine = models.CharField(max_length=32)
    holder = models.CharField(max_length=64)
    claimed_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True, help_text="no message was sent before")
    leased_until = models.DateTimeField(help_text="by the database's clock")
    closed_at = models.DateTimeField(null=True)
    handed_over = models.TextField(
        blank=True, default="", db_default="", help_text="numbers that were returned to machines that may send them"
    )

    class Meta:
        indexes = (
            models.Index(fields=("edition", "-last"), name="chunk_by_number"),
            models.Index(fields=("edition",), condition=Q(closed_at=None), name="chunk_open"),
        )

    def __str__(self) -> str:
        return f"{self.edition} {self.first or 'retries'}–{self.last or ''}"


class Result(models.Model):
    """The newest outcome of a delivery; without one, it is pending. A refusal is settled if it may not be repeated."""

    pk = models.CompositePrimaryKey("edition_id", "number")
    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="results", db_index=False)
    number = models.PositiveIntegerField()
    attempt = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=DeliveryStatus.choices)
    fault = models.CharField(max_length=10, blank=True, help_text="cause: reader, mailbox, content, policy …")
    code = models.PositiveSmallIntegerField(default=0, help_text="of the reply; 0 without one")
    status = models.CharField(max_length=12, blank=True, help_text="enhanced status, RFC 3463")
    text = models.TextField(blank=True, help_text="the server's reply, or a message as text; empty if it accepted")
    queue_id = models.TextField(blank=True, help_text="the server's or provider's id of the message")
    at = models.FloatField(help_text="seconds since the epoch")
    settled = models.BooleanField(default=False, help_text="an unknown result that was left unknown")

    class Meta:
        indexes = (models.Index(fields=("edition", "kind"), condition=~Q(kind="accepted"), name="result_to_look_at"),)

    def __str__(self) -> str:
        return f"{self.edition} to {self.number}: {self.kind}"


class Retry(models.Model):
    """A number to be attempted out of order: deferred, returned without an attempt, or resent by an editor."""

    pk = models.CompositePrimaryKey("edition_id", "number")
    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="retries", db_index=False)
    number = models.PositiveIntegerField()
    attempt = models.PositiveSmallIntegerField(help_text="the number of the next attempt")
    due = models.DateTimeField()
    since = models.DateTimeField(null=True, help_text="when it was first deferred")
    chunk = models.ForeignKey(Chunk, on_delete=models.SET_NULL, null=True, related_name="retries", db_index=False)
    domain = models.CharField(
        max_length=255, blank=True, default="", db_default="", help_text="set if not every machine may send to it now"
    )

    class Meta:
        indexes = (
            models.Index(fields=("due",), condition=Q(chunk=None), name="retry_due"),
            models.Index(fields=("chunk",), condition=~Q(chunk=None), name="retry_in_hand"),
        )

    def __str__(self) -> str:
        return f"{self.edition} to {self.number}, attempt {self.attempt}"


class Tally(models.Model):
    """The change of an edition's counts by one commit of outcomes; their sum is the present counts."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="tallies", db_index=False)
    at = models.DateTimeField()
    accepted = models.IntegerField(default=0)
    deferred = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    unknown = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)

    class Meta:
        indexes = (models.Index(fields=("edition", "at"), name="tally_by_time"),)

    def __str__(self) -> str:
        return f"{self.edition} {self.at:%F %T}"


class Identity(models.Model):
    """The name of this database, so that a journal of another one is recognized; one row."""

    name = models.CharField(max_length=32)
    since = models.DateTimeField()
    renewals = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="the journal folders note the newest, so that an older copy is recognized"
    )
    renewed_at = models.DateTimeField(null=True, help_text="when a sender counted last")

    def __str__(self) -> str:
        return self.name


class Machine(models.Model):
    """The holder of a machine's identity, which is a file in its journal folder: a host, and when its sender was last
    seen.
    """

    name = models.CharField(max_length=32, primary_key=True)
    host = models.CharField(max_length=32, help_text="a hash of the machine id and the folder")
    boot = models.CharField(max_length=36, help_text="boot id of the machine")
    description = models.CharField(max_length=500, help_text="host name and folder, for people")
    seen_at = models.DateTimeField(null=True, help_text="by the database's clock; NULL after a normal end")
    joined_at = models.DateTimeField(null=True, help_text="since when it shares the limits with others")

    def __str__(self) -> str:
        return f"{self.name}: {self.description}"


class Worker(models.Model):
    """A running `newsletter run`, `worker` or `send --wait`.

    The row is deleted when the program ends. That of one with the schedule stays until the next such program starts,
    which says for how long none ran.
    """

    key = models.CharField(max_length=32, primary_key=True)
    host = models.CharField(max_length=255)
    folder = models.CharField(max_length=500, help_text="of config.toml")
    pid = models.PositiveIntegerField()
    command = models.CharField(max_length=20)
    version = models.CharField(max_length=100)
    machine = models.CharField(max_length=32, blank=True, help_text="identity of its journal folder, if it has one")
    services = models.JSONField(default=dict, help_text="the state of each of its services")
    started_at = models.DateTimeField()
    frozen_until = models.DateTimeField(null=True, help_text="when it ran again after it did not run for a while")
    frozen_seconds = models.PositiveIntegerField(default=0, db_default=0, help_text="for how long it did not run then")
    seen_at = models.DateTimeField(help_text="by the database's clock")
    ended_at = models.DateTimeField(null=True, help_text="when it ended, or was last seen if it ended without a word")

    def __str__(self) -> str:
        return f"{self.command} on {self.host}:{self.folder}"


class Hold(models.Model):
    """Nothing is sent as long as there is a row: the database was restored, and nobody has confirmed it yet."""

    made_at = models.DateTimeField(help_text="when the backup was made")
    reason = MessageField(help_text="what is known of what happened since")
    since = models.DateTimeField(help_text="when it was restored")

    def __str__(self) -> str:
        return f"since {self.since:%F %T}"
