"""Saved parts of a newsletter's subscribers."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

WITHOUT_POSTS = "had none of its posts"
"""What a letter has in place of a segment's filter if it is for those who had none of its posts when sending begins."""


class Segment(models.Model):
    """A filter of a newsletter's subscribers with a name."""

    newsletter = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    where = models.TextField(help_text="a filter as in newsletters.NAME.where")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["newsletter", "name"], name="segment_once")]

    def __str__(self) -> str:
        return f"{self.newsletter}: {self.name}"
