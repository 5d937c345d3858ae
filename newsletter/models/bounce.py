"""What came back after a mail was accepted, or was refused at once in a way that concerns its reader."""

from django.db import models

from newsletter.models.edition import Edition


class Bounce(models.Model):
    """One report about one delivery. It names a number, never an address; what it says changes no result.

    `mail` stands for the mail that brought it (a hash of its Message-ID), so that reading it again adds nothing; it is
    `REFUSED` where no mail came, since the server said it in the session.
    """

    REFUSED = "refused"

    class Kind(models.TextChoices):
        """`hard`: there is no such mailbox; `soft`: not taken for another reason; `complaint`: called spam."""

        HARD = "hard"
        SOFT = "soft"
        COMPLAINT = "complaint"

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="bounces", db_index=False)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=9, choices=Kind.choices)
    fault = models.CharField(max_length=10, blank=True, help_text="of a soft one, whose: mailbox, policy, content …")
    status = models.CharField(max_length=12, blank=True, help_text="enhanced status, RFC 3463")
    text = models.TextField(blank=True, help_text="the server's words, without the address")
    mail = models.CharField(max_length=32)
    at = models.DateTimeField(help_text="when it was read")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("edition", "number", "mail"), name="bounce_once"),)

    def __str__(self) -> str:
        return f"{self.edition} to {self.number}: {self.kind}"
