"""Addresses and domains that must get nothing more, by keyed hash, so that one can be refused without being known."""

from collections.abc import Iterable
from typing import ClassVar

from django.db import models
from django.utils import timezone

from subscribers.tokens import Purpose, fingerprint, hashes, keyed_hash, secrets


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    """Asks for people by what their address hashes to, under every key that was in force."""

    def covering(self, key: str) -> "SuppressionQuerySet":
        """Those of an address (as its key) and of its domain."""
        domain = key.rpartition("@")[2]
        return self.filter(
            models.Q(kind=Suppression.Kind.ADDRESS, hash__in=hashes(Purpose.ADDRESS, key))
            | models.Q(kind=Suppression.Kind.DOMAIN, hash__in=hashes(Purpose.DOMAIN, domain))
        )

    def suppressed(self, keys: Iterable[str]) -> dict[str, str]:
        """The reason for each of these addresses (as keys) that is suppressed, by itself or by its domain."""
        owners: dict[str, list[str]] = {}
        for key in keys:
            for digest in hashes(Purpose.ADDRESS, key) + hashes(Purpose.DOMAIN, key.rpartition("@")[2]):
                owners.setdefault(digest, []).append(key)
        found: dict[str, str] = {}
        for digest, reason in self._reasons(list(owners)):
            for key in owners[digest]:
                found[key] = reason
        return found

    def _reasons(self, digests: list[str]) -> Iterable[tuple[str, str]]:
        """All rows where there are few, else those asked for, in slices that every database takes."""
        if self.count() <= 20_000:
            wanted = set(digests)
            yield from (row for row in self.values_list("hash", "reason") if row[0] in wanted)
            return
        for start in range(0, len(digests), 5_000):
            yield from self.filter(hash__in=digests[start : start + 5_000]).values_list("hash", "reason")

    def suppress(self, key: str, reason: str, note: str = "") -> bool:
        """Suppress an address (as its key); tells whether that is new. A lighter reason gives way to a weightier."""
        return self._put(Suppression.Kind.ADDRESS, key, Purpose.ADDRESS, reason, note)

    def suppress_domain(self, domain: str, reason: str, note: str = "") -> bool:
        """Suppress every address of a domain, those to come too; tells whether that is new."""
        return self._put(Suppression.Kind.DOMAIN, domain, Purpose.DOMAIN, reason, note)

    def _put(self, kind: str, text: str, purpose: Purpose, reason: str, note: str) -> bool:
        """One row, under the key in force; a row under a previous key moves to it."""
        row = self.filter(kind=kind, hash__in=hashes(purpose, text)).first()
        if row is None:
            self.create(kind=kind, hash=keyed_hash(purpose, text), reason=reason, note=note, key_id=fingerprint())
            return True
        row.hash, row.key_id = keyed_hash(purpose, text), fingerprint()
        if Suppression.WEIGHT[reason] >= Suppression.WEIGHT[row.reason]:
            row.reason, row.note, row.at = reason, note, timezone.now()
        row.save()
        return False

    def adopt(self, key: str) -> None:
        """Bring what covers this address under the key in force, so that SQL can compare hashes."""
        if len(secrets()) == 1:
            return
        current, domain = fingerprint(), key.rpartition("@")[2]
        for row in self.covering(key).exclude(key_id=current):
            by_address = row.kind == Suppression.Kind.ADDRESS
            row.hash = keyed_hash(Purpose.ADDRESS, key) if by_address else keyed_hash(Purpose.DOMAIN, domain)
            row.key_id = current
            row.save(update_fields=["hash", "key_id"])


class Suppression(models.Model):
    """One address or domain that must get nothing more, and why."""

    class Kind(models.TextChoices):
        """What the hash stands for."""

        ADDRESS = "address"
        DOMAIN = "domain"

    class Reason(models.TextChoices):
        """Why; in the words of the commands."""

        UNSUBSCRIBED = "unsubscribed"
        BOUNCED = "bounced"
        ERASED = "erased"
        COMPLAINED = "complained"
        BY_HAND = "by hand"

    WEIGHT: ClassVar[dict[str, int]] = {reason: weight for weight, reason in enumerate(Reason.values)}
    LIFTED_BY_CONFIRMING = (Reason.UNSUBSCRIBED, Reason.BOUNCED, Reason.ERASED)

    kind = models.CharField(max_length=8, choices=Kind.choices)
    hash = models.CharField(max_length=32)
    reason = models.CharField(max_length=16, choices=Reason.choices)
    key_id = models.CharField(max_length=32, help_text="the fingerprint of the secret key that the hash was made under")
    at = models.DateTimeField(default=timezone.now)
    note = models.CharField(max_length=500, blank=True)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "hash"], name="suppression_once")]

    def __str__(self) -> str:
        return f"{self.kind} suppressed: {self.reason}"
