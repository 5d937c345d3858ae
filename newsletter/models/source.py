"""Configured sources: when each was last read, and the problem if it could not be."""

from django.db import models

from newsletter.models.message_field import MessageField, MessagesField

PUSHED = "api"
"""The address and the kind of the source of posts that another program pushes."""


class Source(models.Model):
    """A configured source of one newsletter, created when it is first collected; `url` is the one in config.toml.

    `first_read_at` is when it was first read, or first read again if it was removed when an edition was sent; of an
    address to which a blog moved, from when on its posts were new.
    """

    newsletter = models.CharField(max_length=40)
    url = models.CharField(max_length=2000)
    kind = models.CharField(max_length=20, blank=True)
    title = models.TextField(blank=True)
    memory = models.JSONField(default=dict, help_text="what the collector wants back next time: ETag, feed address …")
    first_read_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True, help_text="the last time it answered, unchanged or not")
    listed_at = models.DateTimeField(null=True, help_text="the last time it answered with its posts")
    tried_at = models.DateTimeField(null=True)
    reached_back_to = models.DateTimeField(null=True, help_text="how far back the last listing went")
    first_reached_back_to = models.DateTimeField(null=True, help_text="likewise, of its first listing")
    problem = MessageField(null=True, help_text="why it could not be read; NULL when the last try went well")
    notes = MessagesField(default=list, help_text="what was odd about the last reading")
    retry_at = models.DateTimeField(null=True, help_text="not before: the source asked for it")
    configured_at = models.DateTimeField(null=True, help_text="when it was tried first, also since it was removed")
    removed_at = models.DateTimeField(null=True, help_text="when it was found to be configured no longer")
    stopped = models.BooleanField(default=False, help_text="it answered 410: gone for good")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("newsletter", "url"), name="source_once"),)

    def __str__(self) -> str:
        return f"{self.newsletter} < {self.url}"


class SourceDay(models.Model):
    """How often a source was read on a day (UTC), and how often that failed; kept for 90 days."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    tries = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("source", "day"), name="source_day_once"),)

    def __str__(self) -> str:
        return f"{self.source}, {self.day}: {self.failures} of {self.tries} failed"


class SourceGap(models.Model):
    """Two times between which a source may have posts that were not found, as none that it listed was known."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="gaps")
    after = models.DateTimeField()
    before = models.DateTimeField()
    found_at = models.DateTimeField()
    listed = models.PositiveIntegerField(help_text="how many posts the reading had")
    interrupted = models.BooleanField(help_text="a page could not be read, so that another try may find the posts")
    closed_at = models.DateTimeField(null=True, help_text="a later reading reached back that far")

    class Meta:
        indexes = (models.Index(fields=("source", "found_at"), name="source_gap_by_time"),)

    def __str__(self) -> str:
        return f"{self.source}, {self.after:%F %H:%M} to {self.before:%F %H:%M}"
