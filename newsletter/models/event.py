"""Events, and the webhooks that are told of them."""

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
