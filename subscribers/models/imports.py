"""Imports: their figures, the lines that were refused, and what each changed, so that it can be undone."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Max
from django.dispatch import Signal

import_undone = Signal()
"""Sent in the transaction in which a part of an import is undone, with `returned`, the primary keys of subscriptions
that have not ended after all, each with its state, and `unblocked`, the kind and hash of suppressions that are deleted.
"""


class ImportQuerySet(models.QuerySet["Import"]):
    """Finds imports."""

    def standing(self) -> "ImportQuerySet":
        """Return the imports that nobody has begun to undo."""
        return self.filter(undo_began_at=None)

    def to_repeat(self, before: datetime) -> Self:
        """Return the latest import of a tool's file into each newsletter, unless it is newer or the reminders were
        ended.
        """
        latest = self.standing().exclude(tool="").values("newsletter").annotate(latest=Max("pk")).order_by()
        return self.filter(pk__in=latest.values("latest"), at__lt=before, reminder_dismissed_at=None)


class Import(models.Model):
    """One import of a file, and its figures so far. `at` is when it began, and the time of all that it added.

    Its lines are active, waiting, suppressed, present already or refused; these numbers add up to `lines`.
    """

    at = models.DateTimeField()
    by = models.CharField(max_length=254, blank=True, help_text="the address of whoever started it; empty: a command")
    newsletter = models.CharField(max_length=40, blank=True, help_text="empty: the file blocks addresses for all")
    file = models.CharField(max_length=254, help_text="its name")
    tool = models.CharField(max_length=40, blank=True, help_text="the tool that wrote the file")
    consent = models.TextField(blank=True)
    reason = models.CharField(max_length=16, blank=True, help_text="why all lines are blocked, if they are")
    job = models.BigIntegerField(null=True, unique=True, help_text="the desk's job that does it")
    lines = models.PositiveIntegerField(default=0)
    active = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)
    suppressed = models.PositiveIntegerField(default=0)
    present = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    undo_began_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    reminder_dismissed_at = models.DateTimeField(
        null=True, help_text="when an editor ended reminders to import people who leave the old tool"
    )
    undo = models.JSONField(default=dict, help_text="how much was removed, restored and kept by undoing it")

    objects = ImportQuerySet.as_manager()

    def __str__(self) -> str:
        return f"import {self.pk} of {self.file}"

    @property
    def figures(self) -> dict[str, int]:
        """The numbers of its lines by what became of them."""
        return {name: getattr(self, name) for name in FIGURES}


FIGURES = ("lines", "active", "waiting", "suppressed", "present", "refused")


class RefusedLine(models.Model):
    """A line of an import that was refused, with the address as the file has it. Deleted after 30 days."""

    of = models.ForeignKey(Import, models.CASCADE, related_name="refused_lines")
    line = models.PositiveIntegerField()
    file = models.CharField(max_length=254, blank=True, help_text="its file, if they were in a ZIP archive")
    address = models.CharField(max_length=320)
    key = models.CharField(max_length=320, db_index=True, help_text="the address in lower case")
    reason = models.JSONField(help_text="the message")

    def __str__(self) -> str:
        return f"line {self.line} of {self.of_id}"


class ImportChange(models.Model):
    """What an import changed in one existing row, with the values before and after. `consent` was added with it."""

    of = models.ForeignKey(Import, models.CASCADE, related_name="changes")
    subscriber = models.ForeignKey("subscribers.Subscriber", models.CASCADE, null=True, related_name="import_changes")
    subscription = models.ForeignKey(
        "subscribers.Subscription", models.CASCADE, null=True, related_name="import_changes"
    )
    suppression = models.ForeignKey("subscribers.Suppression", models.CASCADE, null=True, related_name="import_changes")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    consent = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"change of {self.of_id}"


def stored(value: Any) -> Any:
    """Return a field's value as a change stores it."""
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if hasattr(value, "isoformat") else value
