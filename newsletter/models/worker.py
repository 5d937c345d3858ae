"""Programs that work with this database, on any machine."""

from django.db import models


class Worker(models.Model):
    """A running `newsletter run`, `worker` or `send --wait`; the row is deleted when it ends normally."""

    key = models.CharField(max_length=32, primary_key=True)
    host = models.CharField(max_length=255)
    folder = models.CharField(max_length=500, help_text="of config.toml")
    pid = models.PositiveIntegerField()
    command = models.CharField(max_length=20)
    version = models.CharField(max_length=100)
    machine = models.CharField(max_length=32, blank=True, help_text="identity of its journal folder, if it has one")
    services = models.JSONField(default=dict, help_text="the state of each of its services")
    started_at = models.DateTimeField()
    frozen_until = models.DateTimeField(null=True, help_text="when it ran again after it did not run for a while")
    frozen_seconds = models.PositiveIntegerField(default=0, db_default=0, help_text="for how long it did not run then")
    seen_at = models.DateTimeField(help_text="by the database's clock")

    def __str__(self) -> str:
        return f"{self.command} on {self.host}:{self.folder}"
