"""What is due, and what editors must be told."""

from django.db import models


class Occurrence(models.Model):
    """A scheduled act at its moment: taken with a lease, done in the transaction of its effect.

    Two schedulers take it once; one that died while it held it leaves it to the next when the lease has run out.
    """

    newsletter = models.CharField(max_length=40)
    act = models.CharField(max_length=10, help_text="draft or send")
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True, help_text="what came of it, a sentence")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("newsletter", "act", "due_at"), name="occurrence_once"),)

    def __str__(self) -> str:
        return f"{self.newsletter} {self.act} {self.due_at:%F %H:%M}"


class Notice(models.Model):
    """Something that editors are told by mail and `alert_url` by a POST; written with what it tells of."""

    newsletter = models.CharField(max_length=40)
    kind = models.CharField(max_length=20, help_text="draft, waiting, paused, source, skipped, sent")
    edition = models.CharField(max_length=64, blank=True)
    text = models.TextField()
    at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)
    posted_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.newsletter}: {self.text}"
