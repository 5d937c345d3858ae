"""Suppressions as hashes, from one site of this program to another.

Most suppressions can't be written with their address, because only its keyed hash is stored. The file has the hashes,
and the keys with which both sites can compute the hash of an address that they meet. It must stay private: whoever has
it can find out whether an address that they know is in it.
"""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from newsletter.messages import subscriptions as messages
from subscribers import tokens
from subscribers.importing.pacing import PacedTransactions
from subscribers.importing.reading import file_problem
from subscribers.importing.run import PORTION, ImportReport
from subscribers.models import EarlierKey, Import, Subscriber, Suppression
from subscribers.models.inserts import insert_all

HEAD = "newsletter suppressions"
FIELDS = ("kind", "hash", "key_id", "reason", "at", "note")


def export_hashes(file: IO[str]) -> int:
    """Write all suppressions as lines of JSON, after a line with the keys of their hashes; return their number."""
    keys = {tokens.fingerprint(secret): tokens.hash_keys(secret) for secret in tokens.secrets()}
    keys |= {row.fingerprint: stored_keys for row in EarlierKey.objects.all() if (stored_keys := row.keys())}
    rows = Suppression.objects.order_by("pk")
    used_names = set(rows.values_list("key_id", flat=True).distinct())
    file.write(json.dumps({HEAD: {name: key.hex() for name, key in keys.items() if name in used_names}}) + "\n")
    count = 0
    for row in rows.values(*FIELDS).iterator(chunk_size=PORTION):
        file.write(json.dumps({**row, "at": row["at"].isoformat()}) + "\n")
        count += 1
    return count


def has_hashes(path: Path) -> bool:
    """Return whether a file was written by `export_hashes`."""
    try:
        with path.open("rb") as file:
            return file.read(len(HEAD) + 3).startswith(f'{{"{HEAD}"'.encode())
    except OSError:
        return False  # whoever reads it says so


def import_hashes(path: Path, *, dry_run: bool = False, record: Import | None = None) -> ImportReport:
    """Import the suppressions of another site. Those that are here stay as they are. `record` is the import if it was
    begun. Raises FileProblem.
    """
    number, added, present = record.pk if record else None, 0, 0
    try:
        with path.open(encoding="utf-8") as file:
            keys = {name: bytes.fromhex(key) for name, key in json.loads(file.readline())[HEAD].items()}
            at = timezone.now()
            if not dry_run:
                EarlierKey.objects.learn(keys)
                begun = record or Import.objects.create(at=at, file=path.name[:254], reason=Suppression.Reason.BY_HAND)
                number = begun.pk
            paced = PacedTransactions(PORTION)
            stored_rows = _rows(file, set(keys))
            while rows := list(islice(stored_rows, PORTION)):
                with paced.begin():
                    new_rows = _new(rows)
                    added, present = added + len(new_rows), present + len(rows) - len(new_rows)
                    if number is not None:
                        insert_all((Suppression(**row, imported=number) for row in new_rows), unless_stored=True)
                        figures = {"lines": added + present, "suppressed": added, "present": present}
                        Import.objects.filter(pk=number).update(**figures)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise file_problem(path, messages.NOT_HASHES(cause=str(e)[:200])) from e
    if number is not None:
        _apply_to_subscribers()
        Import.objects.filter(pk=number).update(finished_at=timezone.now())
    return ImportReport(0, 0, 0, (), lines=added + present, suppressed=added, present=present, number=number)


def _rows(file: IO[str], key_ids: set[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file. Raises ValueError, KeyError or TypeError for a line that is none."""
    for line in file:
        row = {name: json.loads(line)[name] for name in FIELDS}
        at = parse_datetime(row["at"])
        valid = row["kind"] in Suppression.Kind.values and row["reason"] in Suppression.Reason.values
        if not valid or at is None or row["key_id"] not in key_ids or len(bytes.fromhex(row["hash"])) != tokens.HASH:
            raise ValueError(line.strip()[:100])
        yield {**row, "at": at, "note": str(row["note"])[:500]}


def _apply_to_subscribers() -> None:
    """Store the hashes of subscribers who are blocked under the present key, with which queries compare them."""
    keys = Subscriber.objects.order_by("pk").values_list("key", flat=True).iterator(chunk_size=PORTION)
    paced = PacedTransactions(PORTION)
    while keys_at_once := list(islice(keys, paced.lines)):
        with paced.begin():
            for key in Suppression.objects.suppressed(keys_at_once):
                Suppression.objects.rekey(key)


def _new(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that are not stored, each once."""
    stored_hashes = set(Suppression.objects.filter(hash__in=[row["hash"] for row in rows]).values_list("kind", "hash"))
    return list(
        {(row["kind"], row["hash"]): row for row in rows if (row["kind"], row["hash"]) not in stored_hashes}.values()
    )
