"""Events, the webhooks that are told of them, and each delivery."""

from django.db import models


class RecordedEvent(models.Model):
    """Something that happened. It names people by the numbers of their subscriptions, never by address."""

    key = models.CharField(max_length=32, unique=True, help_text="identifies the event to receivers")
    kind = models.CharField(max_length=40)
    newsletter = models.CharField(max_length=40)
    edition = models.CharField(max_length=63, blank=True, help_text="its identifier, if it is about one")
    subscription = models.BigIntegerField(null=True, help_text="the number of the subscription that it is about")
    data = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("at",), name="event_by_time"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class EventWebhook(models.Model):
    """An address that is told of events."""

    url = models.CharField(max_length=2000)
    secret = models.CharField(max_length=80, help_text="signs what is sent: whsec_ and base64")
    kinds = models.JSONField(default=list, help_text="kinds of events; empty: all")
    newsletters = models.JSONField(default=list, help_text="names of newsletters; empty: all")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=254)
    stopped_at = models.DateTimeField(null=True, help_text="when the address answered 410: gone for good")

    def __str__(self) -> str:
        return f"webhook {self.pk}"


class WebhookDeliveryState(models.TextChoices):
    """The states of a delivery."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class WebhookDelivery(models.Model):
    """One event to one webhook, with what became of it."""

    webhook = models.ForeignKey(EventWebhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(RecordedEvent, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=9, choices=WebhookDeliveryState.choices, default=WebhookDeliveryState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due = models.DateTimeField(help_text="when it is attempted next")
    tried_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="the last status that the address answered")
    problem = models.CharField(max_length=200, blank=True, help_text="why there was no answer")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("webhook", "event"), name="webhook_delivery_once"),)
        indexes = (models.Index(fields=("due",), condition=models.Q(state="pending"), name="webhook_delivery_due"),)

    def __str__(self) -> str:
        return f"delivery {self.pk}: {self.state}"
