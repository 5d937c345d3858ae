"""Import a list of addresses and domains to block: nobody is subscribed.

Each line has an address, or a domain as `example.com` or `@example.com`. A CSV file with a column of addresses is read
too, with the dates at which people left.

From one site of this program to another, suppressions are given as hashes, since most can't be written with their
address, of which only the keyed hash is stored. The file has the hashes, and the keys with which both sites can compute
the hash of an address that they meet. It must stay private: whoever has it can find out whether an address that they
know is in it.
"""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from newsletter.messages import Message, subscriptions as messages
from subscribers import tokens
from subscribers.addresses import AddressProblem, bare_address, read_address
from subscribers.importing.archives import ArchiveFile
from subscribers.importing.block_list import Blocked, BlockList
from subscribers.importing.headers import Columns, PersonRow, is_header, recognise
from subscribers.importing.line_results import SUPPRESSED, UNCHANGED
from subscribers.importing.reading import FileLine, file_problem, opened, records
from subscribers.importing.run import PORTION, ImportReport, Judge, Judged, PortionHook, Progress, run
from subscribers.models import EarlierKey, Import, ImportChange, Subscriber, Suppression
from subscribers.models.inserts import insert_all
from subscribers.pacing import PacedTransactions

Kind = Suppression.Kind
HASHES = "newsletter suppressions"
"""What a file of hashes begins with."""
HASH_FIELDS = ("kind", "hash", "key_id", "reason", "at", "note")
DOMAIN_HEADERS = ("domain", "domains", "domene", "domener", "domän", "domäner", "domæne", "domaine", "dominio")


def import_blocked(
    path: Path,
    reason: str,
    note: str = "",
    *,
    dry_run: bool = False,
    refused_to: Path | None = None,
    progress: Progress = lambda done, total: None,
    after: int = 0,
    portion: PortionHook = lambda judged: None,
    record: Import | None = None,
    name: str = "",
) -> ImportReport:
    """Block the addresses and domains of a file; the options are those of `import_file`. `reason` is one of
    `Suppression.Reason`. Importing a list again changes nothing. Raises FileProblem and ImportUndone.
    """
    at = record.at if record else timezone.now()
    tried: set[Blocked] = set()

    def begin() -> Import:
        return record or Import.objects.create(at=at, file=(name or path.name)[:254], reason=reason)

    def prepare(batch: list[FileLine]) -> Judge:
        entries = [(line, line.problem or blocked_in(line.row.address)) for line in batch]
        return lambda imported: judge(entries, imported)

    def judge(entries: list[tuple[FileLine, Blocked | Message]], imported: int | None) -> list[Judged]:
        blocks = BlockList()
        blocks.look_up([entry for _line, entry in entries if isinstance(entry, tuple)])
        judged: list[Judged] = []
        for line, entry in entries:
            if not isinstance(entry, tuple):
                judged.append((line, entry))
                continue
            is_new = blocks.block(entry, reason, note, min(line.row.left or at, at))
            if imported is None:
                is_new = is_new and entry not in tried
                tried.add(entry)
            judged.append((line, SUPPRESSED if is_new else UNCHANGED))
        if imported is not None:
            ImportChange.objects.bulk_create(blocks.save(imported))
        return judged

    return run(path, _lines, prepare, begin, dry_run, after, portion, progress, refused_to)


def blocked_in(text: str) -> Blocked | Message:
    """Return what a line names: an address, or a domain with `@` or `*@` before it or without."""
    text = bare_address(text)
    local, _at, domain = text.rpartition("@")
    try:
        if local not in ("", "*"):
            return Kind.ADDRESS, read_address(text).key
        return Kind.DOMAIN, read_address(f"a@{domain}").domain
    except AddressProblem as e:
        return messages.NOT_A_DOMAIN(text=text[:100], problem=e.message)


def _lines(member: ArchiveFile) -> Iterator[FileLine]:
    """Yield the lines of a file. The column of addresses is found by the header; without one, it is the first."""
    with opened(member.path) as file:
        columns: Columns | None = None
        for index, (number, cells, problem) in enumerate(records(file)):
            names = [cell.strip().lstrip("\ufeff") for cell in cells]
            if index == 0 and not problem:
                columns = recognise(names)
                if (columns and is_header(names)) or (names and names[0].lower() in DOMAIN_HEADERS):
                    continue
            if problem or any(names):
                yield FileLine(number, _row(columns, names), problem)


def _row(columns: Columns | None, cells: list[str]) -> PersonRow:
    """Return the address or domain of a line, and when its owner left."""
    if columns is None or len(cells) < columns.width:
        position = columns.address if columns else 0
        return PersonRow(cells[position] if position < len(cells) else "")
    return PersonRow(cells[columns.address], left=columns.readable_date(cells, dict(columns.ended)))


def export_hashes(file: IO[str]) -> int:
    """Write all suppressions as lines of JSON, after a line with the keys of their hashes; return their number."""
    keys = {tokens.fingerprint(secret): tokens.hash_keys(secret) for secret in tokens.secrets()}
    keys |= {row.fingerprint: stored_keys for row in EarlierKey.objects.all() if (stored_keys := row.keys())}
    rows = Suppression.objects.order_by("pk")
    used_names = set(rows.values_list("key_id", flat=True).distinct())
    file.write(json.dumps({HASHES: {name: key.hex() for name, key in keys.items() if name in used_names}}) + "\n")
    count = 0
    for row in rows.values(*HASH_FIELDS).iterator(chunk_size=PORTION):
        file.write(json.dumps({**row, "at": row["at"].isoformat()}) + "\n")
        count += 1
    return count


def has_hashes(path: Path) -> bool:
    """Return whether a file was written by `export_hashes`."""
    try:
        with path.open("rb") as file:
            return file.read(len(HASHES) + 3).startswith(f'{{"{HASHES}"'.encode())
    except OSError:
        return False  # whoever reads it says so


def import_hashes(path: Path, *, dry_run: bool = False, record: Import | None = None) -> ImportReport:
    """Import the suppressions of another site. Those that are here stay as they are. `record` is the import if it was
    begun. Raises FileProblem.
    """
    number, added, present = record.pk if record else None, 0, 0
    try:
        with path.open(encoding="utf-8") as file:
            keys = {name: bytes.fromhex(key) for name, key in json.loads(file.readline())[HASHES].items()}
            at = timezone.now()
            if not dry_run:
                EarlierKey.objects.learn(keys)
                begun = record or Import.objects.create(at=at, file=path.name[:254], reason=Suppression.Reason.BY_HAND)
                number = begun.pk
            paced = PacedTransactions(PORTION)
            stored_rows = _hash_rows(file, set(keys))
            while rows := list(islice(stored_rows, PORTION)):
                with paced.begin():
                    new_rows = _not_stored(rows)
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


def _hash_rows(file: IO[str], key_ids: set[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file. Raises ValueError, KeyError or TypeError for a line that is no row."""
    for line in file:
        row = {name: json.loads(line)[name] for name in HASH_FIELDS}
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


def _not_stored(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that are not stored, each once."""
    stored_hashes = set(Suppression.objects.filter(hash__in=[row["hash"] for row in rows]).values_list("kind", "hash"))
    return list(
        {(row["kind"], row["hash"]): row for row in rows if (row["kind"], row["hash"]) not in stored_hashes}.values()
    )
