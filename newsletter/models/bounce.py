"""Bounces and complaints, refusals because of the recipient, and events of email services."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, Self

from django.db import connections, models
from django.db.models import Q

from newsletter.models.edition import Edition
from newsletter.models.message_field import MessageField


class Bounce(models.Model):
    """One report about one delivery. It has a number, never an address, and changes no result.

    `mail` identifies the message that reported it (a hash of its Message-ID), so that reading it again adds nothing; it
    is `REFUSED` if there was none, because the server refused the recipient during the session.
    """

    REFUSED = "refused"

    class Kind(models.TextChoices):
        """`hard`: the mailbox doesn't exist; `soft`: not accepted for another reason; `complaint`: reported as spam."""

        HARD = "hard"
        SOFT = "soft"
        COMPLAINT = "complaint"

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="bounces", db_index=False)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=9, choices=Kind.choices)
    fault = models.CharField(max_length=10, blank=True, help_text="cause of a soft bounce: mailbox, policy, content …")
    status = models.CharField(max_length=12, blank=True, help_text="enhanced status, RFC 3463")
    text = models.TextField(blank=True, help_text="the server's reply, without the address")
    mail = models.CharField(max_length=32)
    proven = models.BooleanField(default=True, help_text="by our return path, not only by a link or a Message-ID")
    at = models.DateTimeField(help_text="when it was read")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("edition", "number", "mail"), name="bounce_once"),)

    def __str__(self) -> str:
        return f"{self.edition} to {self.number}: {self.kind}"


class BounceMailbox(models.Model):
    """How the bounce mailbox was read the last time; one row."""

    tried_at = models.DateTimeField()
    problem = MessageField(null=True, help_text="why it could not be read; NULL where it could")
    set_aside = models.PositiveIntegerField(default=0, help_text="flagged and unread messages in it")

    def __str__(self) -> str:
        return f"{self.tried_at:%F %T}: {self.problem or 'read'}"


class NewWebhookEvent(NamedTuple):
    """An event that is not stored yet: columns of `WebhookEvent`, of which it takes long to make an instance."""

    provider: str
    key: str
    kind: str
    bounce: str
    fault: str
    status: str
    text: str
    recipient: str
    message_id: str
    received_at: datetime
    due_at: datetime


INSERT = (
    f"INSERT INTO newsletter_webhookevent ({', '.join(NewWebhookEvent._fields)})"  # noqa: S608
    f" VALUES ({', '.join(['%s'] * len(NewWebhookEvent._fields))}) ON CONFLICT (provider, key) DO NOTHING"
)
COMPLETE = (
    "UPDATE newsletter_webhookevent SET edition_id = %s, number = %s, text = %s, recipient = '', due_at = NULL"
    " WHERE id = %s"
)


class WebhookEvents(models.QuerySet["WebhookEvent"]):
    """Writes of many rows as plain SQL, which costs a tenth of what building the statements would."""

    def add(self, rows: Iterable[NewWebhookEvent]) -> None:
        """Insert rows; those that are stored already are left as they are."""
        connection = connections[self.db]
        adapted = connection.ops.adapt_datetimefield_value
        values = [(*row[:-2], adapted(row.received_at), adapted(row.due_at)) for row in rows]
        with connection.cursor() as cursor:
            cursor.executemany(INSERT, values)

    def complete(self, rows: Sequence["WebhookEvent"]) -> None:
        """Store which deliveries the rows are about, and that they are processed, without the address."""
        with connections[self.db].cursor() as cursor:
            cursor.executemany(COMPLETE, [(row.edition_id, row.number, row.text, row.pk) for row in rows])

    def due(self, now: datetime) -> Self:
        """Return the rows that are to be processed now."""
        return self.filter(due_at__lte=now)


class WebhookEvent(models.Model):
    """One event of one message. A row is only added and completed, so a later event never undoes a worse one.

    `key` is the same each time an event is reported. The address is deleted once the delivery is found.
    """

    class Kind(models.TextChoices):
        """What a provider reported of the message."""

        DELIVERED = "delivered"
        DEFERRED = "deferred"
        BOUNCED = "bounced"
        COMPLAINED = "complained"
        UNSUBSCRIBED = "unsubscribed"

    provider = models.CharField(max_length=20)
    key = models.CharField(max_length=32)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    bounce = models.CharField(max_length=4, blank=True, help_text="of a bounce: hard or soft")
    fault = models.CharField(max_length=10, blank=True, help_text="cause of a bounce")
    status = models.CharField(max_length=12, blank=True, help_text="enhanced status, RFC 3463")
    text = models.TextField(blank=True, help_text="the receiving server's reply, without addresses")
    recipient = models.CharField(max_length=320, blank=True, help_text="until the event is processed")
    message_id = models.CharField(max_length=255, blank=True, help_text="the provider's, without brackets")
    received_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, help_text="when it is processed; NULL: it was")
    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, null=True, db_index=False)
    number = models.PositiveIntegerField(null=True, help_text="NULL: no delivery was found")

    objects = WebhookEvents.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("provider", "key"), name="webhook_event_once"),)
        indexes = (
            models.Index(fields=("due_at",), condition=Q(due_at__isnull=False), name="webhook_event_due"),
            models.Index(fields=("edition", "kind"), name="webhook_event_of_edition"),
            models.Index(fields=("provider", "-received_at"), name="webhook_event_last"),
        )

    def __str__(self) -> str:
        return f"{self.provider}: {self.kind}"
