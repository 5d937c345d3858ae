"""Tokens of the API, and the answers that are kept to be given again."""

from django.db import models


class ApiToken(models.Model):
    """What another program logs in with. Only a hash of the secret is stored."""

    name = models.CharField(max_length=80, help_text="what the token is for")
    key = models.CharField(max_length=16, unique=True, help_text="the part of the token that is not secret")
    secret_hash = models.CharField(max_length=64, help_text="SHA-256 of the secret, in hexadecimal")
    scopes = models.JSONField(default=list, help_text="what the token allows")
    newsletters = models.JSONField(default=list, help_text="names of newsletters; empty: all")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=254, help_text="an address, or the command line")
    last_used_at = models.DateTimeField(null=True, help_text="to the minute")
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"token {self.key}"

    @property
    def by(self) -> str:
        """How the history and the audit log name whoever used it."""
        return f"API: {self.name}"


class KeptAnswer(models.Model):
    """The answer to a request with an idempotency key, stored with its effect, and given again for a day."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="answers")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body")
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("token", "key"), name="answer_once"),)

    def __str__(self) -> str:
        return f"answer {self.pk}"
