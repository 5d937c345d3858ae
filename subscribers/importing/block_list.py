"""Blocking many addresses and domains: existing suppressions are read once, and new ones written together."""

from collections.abc import Collection, Iterable
from datetime import datetime

from subscribers.models import EarlierKey, ImportChange, Suppression, stored, suppressed
from subscribers.models.inserts import insert_all, slices
from subscribers.tokens import Purpose, fingerprint, keyed_hash

FIELDS = ("reason", "note", "at")

Blocked = tuple[Suppression.Kind, str]
"""What is blocked: its kind, and the key of an address or the name of a domain."""


class BlockList:
    """Suppressions that an import adds or strengthens: `look_up`, then `block` each, then `save` in a transaction."""

    def __init__(self) -> None:
        self._rows: dict[Blocked, Suppression] = {}
        self._new: list[Suppression] = []
        self._before: dict[Blocked, dict[str, object]] = {}
        self._key_id = fingerprint()

    def look_up(self, entries: Collection[Blocked]) -> None:
        """Read the existing suppressions of these addresses and domains, under the present and earlier keys."""
        for kind in Suppression.Kind:
            texts = [text for entry_kind, text in entries if entry_kind == kind]
            hashes = EarlierKey.objects.hashes(*((Purpose(kind), text) for text in texts))
            owners = {digest: text for text, digests in zip(texts, hashes, strict=True) for digest in digests}
            for digests_at_once in slices(list(owners)):
                for row in Suppression.objects.filter(kind=kind, hash__in=digests_at_once):
                    self._rows[kind, owners[row.hash]] = row

    def block(self, blocked: Blocked, reason: str, note: str, at: datetime) -> bool:
        """Block it; return False if that was so already, with this or a stronger reason."""
        row = self._rows.get(blocked)
        if row is None:
            kind, text = blocked
            digest = keyed_hash(Purpose(kind), text)
            row = Suppression(kind=kind, hash=digest, reason=reason, key_id=self._key_id, at=at, note=note)
            self._rows[blocked] = row
            self._new.append(row)
            return True
        if Suppression.WEIGHT[reason] <= Suppression.WEIGHT[row.reason]:
            return False
        if row.pk:
            self._before.setdefault(blocked, {name: stored(getattr(row, name)) for name in FIELDS})
        row.reason, row.note, row.at = reason, note, at
        return True

    def save(self, imported: int) -> Iterable[ImportChange]:
        """Write the suppressions; return what changed in existing ones."""
        for row in self._new:
            row.imported = imported
        insert_all(self._new, unless_stored=True)
        for row in self._new:
            self._tell(row)
        for (kind, text), old_values in self._before.items():
            row = self._rows[kind, text]
            row.hash, row.key_id = keyed_hash(Purpose(kind), text), self._key_id
            row.save()
            self._tell(row)
            new_values = {name: stored(getattr(row, name)) for name in FIELDS}
            yield ImportChange(of_id=imported, suppression=row, before=old_values, after=new_values)

    def _tell(self, row: Suppression) -> None:
        suppressed.send(Suppression, kind=row.kind, digest=row.hash, reason=row.reason, key_id=row.key_id)
