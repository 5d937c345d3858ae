"""The welcome series of a newsletter, and who got which letter of it.

What a letter says is in editions that refer to it: the first one, and one for each change since. A row of the ledger is
written in the transaction that adds a subscriber to such an edition's audience, and stays when the delivery is deleted.
"""

from django.db import models
from django.db.models import Q


class WelcomeLetter(models.Model):
    """One letter of a welcome series: how long after the confirmation it is sent."""

    newsletter = models.CharField(max_length=40)
    number = models.PositiveSmallIntegerField(help_text="names its editions, welcome-1, and is never used again")
    days = models.PositiveSmallIntegerField(help_text="days from the confirmation")
    created_at = models.DateTimeField()
    since = models.DateTimeField(null=True, help_text="only readers who are due after this get it; NULL: not yet")
    removed_at = models.DateTimeField(null=True, help_text="when it was taken out of the series")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("newsletter", "number"), name="welcome_number_once"),
            models.UniqueConstraint(
                fields=("newsletter", "days"), condition=Q(removed_at=None), name="welcome_days_once"
            ),
        )
        ordering = ("newsletter", "days", "number")

    def __str__(self) -> str:
        return f"{self.newsletter}, welcome letter {self.number}"


class WelcomeMail(models.Model):
    """One welcome letter to one subscriber. `number` is that of the delivery in the edition's audience."""

    letter = models.ForeignKey(WelcomeLetter, on_delete=models.PROTECT, related_name="mails")
    subscription = models.ForeignKey(
        "subscribers.Subscription", on_delete=models.CASCADE, related_name="welcome_mails", db_index=True
    )
    edition = models.ForeignKey("Edition", on_delete=models.PROTECT, related_name="welcome_mails", db_index=False)
    number = models.PositiveIntegerField()
    at = models.DateTimeField(help_text="when the reader was added to the audience")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("letter", "subscription"), name="welcome_mail_once"),)
        indexes = (models.Index(fields=("edition", "number"), name="welcome_mail_by_number"),)

    def __str__(self) -> str:
        return f"{self.letter} to {self.number}"
