"""Scheduled occurrences, and notices to editors."""

from django.db import models

from newsletter.models.message_field import MessageField


class Occurrence(models.Model):
    """A scheduled action at its time: taken with a lease, and marked done in the transaction of its effect.

    If two schedulers run, it is done once; if one dies while it holds the lease, another takes it when the lease has
    ended.
    """

    newsletter = models.CharField(max_length=40)
    act = models.CharField(max_length=10, help_text="draft or send")
    cadence = models.CharField(max_length=5, blank=True, default="", db_default="", help_text="empty: the default")
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="how often it was begun by a program that then ended without a word"
    )
    done_at = models.DateTimeField(null=True)
    outcome = MessageField(null=True, help_text="what came of it")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("newsletter", "act", "cadence", "due_at"), name="occurrence_once"),
        )

    def __str__(self) -> str:
        return f"{self.newsletter} {self.act} {self.due_at:%F %H:%M}"


class Notice(models.Model):
    """What editors are told, by later work; written in the transaction of what it reports."""

    newsletter = models.CharField(max_length=40)
    kind = models.CharField(max_length=20, help_text="draft, waiting, paused, source, skipped, sent, mail")
    edition = models.CharField(max_length=64, blank=True)
    text = MessageField()
    at = models.DateTimeField()
    editors = models.JSONField(default=dict, help_text="the latest outcome by address: accepted, unknown, or refused")

    def __str__(self) -> str:
        return f"{self.newsletter}: {self.text}"
