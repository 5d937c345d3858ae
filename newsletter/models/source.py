"""What is known of each source: how it was last read, and what to say if it could not be."""

from django.db import models


class Source(models.Model):
    """A configured source of one newsletter, from its first collection on; `url` is the one in config.toml."""

    newsletter = models.CharField(max_length=40)
    url = models.CharField(max_length=2000)
    kind = models.CharField(max_length=20, blank=True)
    title = models.TextField(blank=True)
    memory = models.JSONField(default=dict, help_text="what the collector wants back next time: ETag, feed address …")
    first_read_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True, help_text="the last time it answered, unchanged or not")
    tried_at = models.DateTimeField(null=True)
    reached_back_to = models.DateTimeField(null=True, help_text="how far back the last listing went")
    first_reached_back_to = models.DateTimeField(null=True, help_text="likewise, of its first listing")
    problem = models.TextField(blank=True, help_text="one sentence, empty when the last try went well")
    notes = models.JSONField(default=list, help_text="what was odd about the last reading, a sentence each")
    retry_at = models.DateTimeField(null=True, help_text="not before: the source asked for it")
    stopped = models.BooleanField(default=False, help_text="it answered 410: gone for good")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("newsletter", "url"), name="source_once"),)

    def __str__(self) -> str:
        return f"{self.newsletter} < {self.url}"
