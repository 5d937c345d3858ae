"""Deliveries: who an edition is for, who is at work on it, and what became of each.

Nothing here grows dearer with the number of readers: a delivery is one row that never changes, an outcome one more row,
and the counts of an edition are the sum of a few tallies. Written by newsletter/jobs/outbox.py and its neighbours only.
"""

from django.db import models
from django.db.models import Q

from newsletter.models.edition import Edition


class Became(models.TextChoices):
    """What became of a delivery that is not pending any more."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class Delivery(models.Model):
    """One edition to one subscriber: a number in the audience, which was frozen once, when sending began.

    The subscription may be gone since, where a person was forgotten; its number is not given out again.
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
    """Part of an edition's audience in the hands of one sending process: the numbers `first` to `last`.

    Without numbers it holds the retries that name it. `machine` is a journal folder, `holder` a journal in it; while
    that journal is locked nobody else may take the chunk. Only another machine looks at the lease.
    """

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    first = models.PositiveIntegerField(null=True)
    last = models.PositiveIntegerField(null=True)
    machine = models.CharField(max_length=32)
    holder = models.CharField(max_length=64)
    claimed_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True, help_text="before this no mail of it left")
    leased_until = models.DateTimeField(help_text="by the database's clock")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("edition", "-last"), name="chunk_by_number"),
            models.Index(fields=("edition",), condition=Q(closed_at=None), name="chunk_open"),
        )

    def __str__(self) -> str:
        return f"{self.edition} {self.first or 'retries'}–{self.last or ''}"


class Result(models.Model):
    """The newest outcome of a delivery; where there is none, it is pending."""

    pk = models.CompositePrimaryKey("edition_id", "number")
    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="results", db_index=False)
    number = models.PositiveIntegerField()
    attempt = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=Became.choices)
    fault = models.CharField(max_length=10, blank=True, help_text="whose: reader, mailbox, content, policy …")
    code = models.PositiveSmallIntegerField(default=0, help_text="of the reply; 0 where none came")
    status = models.CharField(max_length=12, blank=True, help_text="enhanced status, RFC 3463")
    text = models.TextField(blank=True, help_text="the server's words; empty where it accepted")
    queue_id = models.TextField(blank=True, help_text="what the server or provider named the mail")
    at = models.FloatField(help_text="seconds since the epoch")
    settled = models.BooleanField(default=False, help_text="an unknown one that is to stay so")

    class Meta:
        indexes = (models.Index(fields=("edition", "kind"), condition=~Q(kind="accepted"), name="result_to_look_at"),)

    def __str__(self) -> str:
        return f"{self.edition} to {self.number}: {self.kind}"


class Retry(models.Model):
    """A number to be tried out of order: deferred, handed back unbegun, or sent again because somebody said so."""

    pk = models.CompositePrimaryKey("edition_id", "number")
    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="retries", db_index=False)
    number = models.PositiveIntegerField()
    attempt = models.PositiveSmallIntegerField(help_text="the one that it is to be")
    due = models.DateTimeField()
    since = models.DateTimeField(null=True, help_text="when it was first deferred")
    chunk = models.ForeignKey(Chunk, on_delete=models.SET_NULL, null=True, related_name="retries", db_index=False)

    class Meta:
        indexes = (
            models.Index(fields=("due",), condition=Q(chunk=None), name="retry_due"),
            models.Index(fields=("chunk",), condition=~Q(chunk=None), name="retry_in_hand"),
        )

    def __str__(self) -> str:
        return f"{self.edition} to {self.number}, attempt {self.attempt}"


class Tally(models.Model):
    """By how much one commit of outcomes changed the counts of an edition; their sum is where it stands."""

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
    """What names this database, so that a journal of another one is never mistaken for one of its own; one row."""

    name = models.CharField(max_length=32)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
