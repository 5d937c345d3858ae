"""The hold on a database that was restored."""

from django.db import models

from newsletter.models.message_field import MessageField


class Hold(models.Model):
    """Nothing is sent as long as there is a row: the database was restored, and nobody has confirmed it yet."""

    made_at = models.DateTimeField(help_text="when the backup was made")
    reason = MessageField(help_text="what is known of what happened since")
    since = models.DateTimeField(help_text="when it was restored")

    def __str__(self) -> str:
        return f"since {self.since:%F %T}"
