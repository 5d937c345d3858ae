"""Work that was started at the desk and is done in the background, with its progress."""

from django.db import models
from django.utils import timezone

from newsletter.models.message_field import MessageField


class JobState(models.TextChoices):
    """The states of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(models.Model):
    """A job: what was asked for, how far it is, and its result. Rows are deleted a day after the job."""

    kind = models.CharField(max_length=20)
    about = models.CharField(max_length=254, help_text="a newsletter")
    by = models.CharField(max_length=254, help_text="the address of whoever started it")
    place = models.CharField(
        max_length=500, blank=True, help_text="the machine and folder of the program that does it; empty: any"
    )
    order = models.JSONField(help_text="what was asked for")
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.WAITING)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    result = models.JSONField(default=dict, help_text="the result, as far as there is one")
    problem = MessageField(null=True, help_text="why it failed")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    crashes = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="how often the program ended without a word while it did this"
    )
    restarted_at = models.DateTimeField(null=True, help_text="when it was continued after the program had ended")

    def __str__(self) -> str:
        return f"job {self.pk}: {self.kind}, {self.state}"

    @property
    def finished(self) -> bool:
        """Whether nothing more happens."""
        return self.state in (JobState.DONE, JobState.FAILED)
