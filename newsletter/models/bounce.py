"""Bounces and complaints, and refusals that are about the recipient."""

from django.db import models

from newsletter.models.edition import Edition
from newsletter.models.message_field import MessageField


class Bounce(models.Model):
    """One report about one delivery. It has a number, never an address, and changes no result.

    `mail` identifies the message that reported it (a hash of its Message-ID), so that reading it again adds nothing; it
    is `REFUSED` if there was none, because the server refused the recipient during the session.
    """

    REFUSED = "refused"

    class Kind(models.TextChoices):
        """`hard`: the mailbox doesn't exist; `soft`: not accepted for another reason; `complaint`: reported as spam."""

        HARD = "hard"
        SOFT = "soft"
        COMPLAINT = "complaint"

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="bounces", db_index=False)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=9, choices=Kind.choices)
    fault = models.CharField(max_length=10, blank=True, help_text="cause of a soft bounce: mailbox, policy, content …")
    status = models.CharField(max_length=12, blank=True, help_text="enhanced status, RFC 3463")
    text = models.TextField(blank=True, help_text="the server's reply, without the address")
    mail = models.CharField(max_length=32)
    proven = models.BooleanField(default=True, help_text="by our return path, not only by a link or a Message-ID")
    at = models.DateTimeField(help_text="when it was read")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("edition", "number", "mail"), name="bounce_once"),)

    def __str__(self) -> str:
        return f"{self.edition} to {self.number}: {self.kind}"


class BounceMailbox(models.Model):
    """How the bounce mailbox was read the last time; one row."""

    tried_at = models.DateTimeField()
    problem = MessageField(null=True, help_text="why it could not be read; NULL where it could")
    set_aside = models.PositiveIntegerField(default=0, help_text="flagged and unread messages in it")

    def __str__(self) -> str:
        return f"{self.tried_at:%F %T}: {self.problem or 'read'}"
