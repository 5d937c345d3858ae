"""Import a list of addresses and domains to block: nobody is subscribed.

Each line has an address, or a domain as `example.com` or `@example.com`. A CSV file with a column of addresses is read
too, with the dates at which people left.
"""

from collections.abc import Iterator
from pathlib import Path

from django.utils import timezone

from newsletter.messages import Message
from newsletter.messages import subscriptions as messages
from subscribers.addresses import AddressProblem, bare_address, read_address
from subscribers.importing.archives import ArchiveFile
from subscribers.importing.batch import SUPPRESSED, UNCHANGED
from subscribers.importing.block_list import Blocked, BlockList
from subscribers.importing.headers import Columns, PersonRow, is_header, recognise
from subscribers.importing.reading import FileLine, opened, records
from subscribers.importing.run import ImportReport, Judge, Judged, PortionHook, Progress, run
from subscribers.models import Import, ImportChange, Suppression

Kind = Suppression.Kind
HEADERS = ("domain", "domains", "domene", "domener", "domän", "domäner", "domæne", "domaine", "dominio")


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
                if (columns and is_header(names)) or (names and names[0].lower() in HEADERS):
                    continue
            if problem or any(names):
                yield FileLine(number, _row(columns, names), problem)


def _row(columns: Columns | None, cells: list[str]) -> PersonRow:
    """Return the address or domain of a line, and when its owner left."""
    if columns is None or len(cells) < columns.width:
        position = columns.address if columns else 0
        return PersonRow(cells[position] if position < len(cells) else "")
    return PersonRow(cells[columns.address], left=columns.readable_date(cells, dict(columns.ended)))
