"""Work that is done later."""

from django.db import models
from django.utils import timezone

from newsletter.models.message_field import MessageField

NOTICE_EMAIL, NOTICE_POST = "notice-email", "notice-post"
"""The kinds of later work that email a notice to the editors, and post it to `alert_url`."""


class LaterWork(models.Model):
    """One piece of work: when it is due, how often it was attempted, and what came of it.

    It is stored in the transaction of what causes it. `newsletter.later` leases it before it is attempted, so that two
    programs don't attempt it at once; if a program ends meanwhile, it is attempted again when the lease has ended.
    """

    kind = models.CharField(max_length=32, help_text="what is done: the name in its decorator")
    key = models.CharField(max_length=128, help_text="of its kind; work with the same key is stored only once")
    lane = models.CharField(max_length=64, blank=True, help_text="work of one lane is done one after another")
    newsletter = models.CharField(max_length=40, blank=True, help_text="that it is about, if any")
    payload = models.JSONField(default=dict, help_text="what its function needs")
    created_at = models.DateTimeField(default=timezone.now)
    due = models.DateTimeField(default=timezone.now, help_text="when it is attempted next")
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True, help_text="when the last attempt began")
    problem = MessageField(null=True, help_text="why it failed")
    done_at = models.DateTimeField(null=True)
    gave_up_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("kind", "key"), name="later_work_once"),)
        indexes = (
            models.Index(fields=("due",), condition=models.Q(done_at=None, gave_up_at=None), name="later_work_waiting"),
            models.Index(fields=("kind", "lane"), name="later_work_of_lane"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
