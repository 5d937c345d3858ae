"""Blocked addresses and domains, stored as keyed hashes so that an address can be blocked without being stored."""

from collections.abc import Iterable
from typing import ClassVar

from django.db import models
from django.dispatch import Signal
from django.utils import timezone

from subscribers.models.earlier_keys import EarlierKey
from subscribers.tokens import Purpose, fingerprint, keyed_hash

suppressed = Signal()
"""Sent when an address or domain is blocked, with `kind`, `digest`, `reason` and `key_id` as in the row."""


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    """Finds suppressions by the hashes of an address, under the current and the previous keys."""

    def covering(self, key: str) -> "SuppressionQuerySet":
        """Return the suppressions of an address (given as its key) and of its domain."""
        texts = ((Purpose.ADDRESS, key), (Purpose.DOMAIN, key.rpartition("@")[2]))
        of_address, of_domain = EarlierKey.objects.hashes(*texts)
        return self.filter(
            models.Q(kind=Suppression.Kind.ADDRESS, hash__in=of_address)
            | models.Q(kind=Suppression.Kind.DOMAIN, hash__in=of_domain)
        )

    def suppressed(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the reason for each of these addresses (given as keys) that is blocked, also by its domain."""
        owners: dict[str, list[str]] = {}
        listed_keys = list(keys)
        texts = [(Purpose.ADDRESS, key) for key in listed_keys]
        texts += [(Purpose.DOMAIN, key.rpartition("@")[2]) for key in listed_keys]
        for key, digests in zip([*listed_keys, *listed_keys], EarlierKey.objects.hashes(*texts), strict=True):
            for digest in digests:
                owners.setdefault(digest, []).append(key)
        reasons: dict[str, str] = {}
        for digest, reason in self._reasons(list(owners)):
            for key in owners[digest]:
                reasons[key] = reason
        return reasons

    def _reasons(self, digests: list[str]) -> Iterable[tuple[str, str]]:
        """Yield all rows if there are few, else those requested, in batches that every database supports."""
        if len(digests) > 5_000 and self.count() <= 20_000:
            requested = set(digests)
            yield from (row for row in self.values_list("hash", "reason") if row[0] in requested)
            return
        for start in range(0, len(digests), 5_000):
            yield from self.filter(hash__in=digests[start : start + 5_000]).values_list("hash", "reason")

    def suppress(self, key: str, reason: str, note: str = "") -> bool:
        """Block an address (given as its key); return whether that is new. A stronger reason replaces a weaker one."""
        return self._put(Suppression.Kind.ADDRESS, key, reason, note)

    def suppress_domain(self, domain: str, reason: str, note: str = "") -> bool:
        """Block all present and future addresses of a domain; return whether that is new."""
        return self._put(Suppression.Kind.DOMAIN, domain, reason, note)

    def _put(self, kind: str, text: str, reason: str, note: str) -> bool:
        """Create or update a row; one under a previous key is updated to the current key."""
        purpose, key_id = Purpose(kind), fingerprint()
        digest = keyed_hash(purpose, text)
        suppressed.send(Suppression, kind=kind, digest=digest, reason=reason, key_id=key_id)
        (hashes,) = EarlierKey.objects.hashes((purpose, text))
        row = self.filter(kind=kind, hash__in=hashes).first()
        if row is None:
            self.create(kind=kind, hash=digest, reason=reason, note=note, key_id=key_id)
            return True
        row.hash, row.key_id = digest, key_id
        if Suppression.WEIGHT[reason] >= Suppression.WEIGHT[row.reason]:
            row.reason, row.note, row.at = reason, note, timezone.now()
        row.save()
        return False

    def keep_imports_away(self, key: str) -> None:
        """Let no import add an address that a person has left for another one; an earlier block of it remains."""
        self.rekey(key)
        row = {"reason": Suppression.Reason.UNSUBSCRIBED, "note": Suppression.MOVED, "key_id": fingerprint()}
        digest = keyed_hash(Purpose.ADDRESS, key)
        self.get_or_create(kind=Suppression.Kind.ADDRESS, hash=digest, defaults=row)

    def take_up_again(self, key: str) -> None:
        """Let an address be used again that a person has left for another one."""
        (hashes,) = EarlierKey.objects.hashes((Purpose.ADDRESS, key))
        moved = self.filter(kind=Suppression.Kind.ADDRESS, hash__in=hashes, note=Suppression.MOVED)
        moved.filter(reason=Suppression.Reason.UNSUBSCRIBED).delete()

    def rekey(self, key: str) -> None:
        """Recompute the hashes that cover this address with the current key, so that SQL can compare them."""
        if not EarlierKey.objects.in_use():
            return
        current, domain = fingerprint(), key.rpartition("@")[2]
        for row in self.covering(key).exclude(key_id=current):
            text = key if row.kind == Suppression.Kind.ADDRESS else domain
            row.hash, row.key_id = keyed_hash(Purpose(row.kind), text), current
            row.save(update_fields=["hash", "key_id"])

    def unrecognizable(self) -> set[str]:
        """Return the fingerprints of the secret keys whose hashes can't be recognized, because the keys are missing."""
        keys, known_keys = set(), EarlierKey.objects.known()
        names = self.order_by("key_id").values_list("key_id", flat=True)
        name = names.first()
        while name is not None:  # the index is read at a few places, and not the whole table
            keys.add(name)
            name = names.filter(key_id__gt=name).first()
        return keys - known_keys


class Suppression(models.Model):
    """A blocked address or domain, and the reason."""

    class Kind(models.TextChoices):
        """The kind of value that is hashed."""

        ADDRESS = "address"
        DOMAIN = "domain"

    class Reason(models.TextChoices):
        """The reason, as used by the commands."""

        UNSUBSCRIBED = "unsubscribed"
        BOUNCED = "bounced"
        ERASED = "erased"
        COMPLAINED = "complained"
        BY_HAND = "by hand"

    WEIGHT: ClassVar[dict[str, int]] = {reason: weight for weight, reason in enumerate(Reason.values)}
    UNBLOCKED_BY_CONFIRMING = (Reason.UNSUBSCRIBED, Reason.BOUNCED, Reason.ERASED)
    MOVED = "moved"
    """The note of an address that a person has left for another one."""

    kind = models.CharField(max_length=8, choices=Kind.choices)
    hash = models.CharField(max_length=32)
    reason = models.CharField(max_length=16, choices=Reason.choices)
    key_id = models.CharField(max_length=32, help_text="the fingerprint of the secret key that the hash was made under")
    at = models.DateTimeField(default=timezone.now)
    note = models.CharField(max_length=500, blank=True)
    imported = models.BigIntegerField(null=True, help_text="the import that added it")

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "hash"], name="suppression_once")]
        indexes: ClassVar = [models.Index(fields=["key_id"], name="suppression_by_key")]

    def __str__(self) -> str:
        return f"{self.kind} suppressed: {self.reason}"
