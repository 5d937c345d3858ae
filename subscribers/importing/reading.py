"""Read the lines of a CSV file in any encoding and with any delimiter, with their numbers and errors."""

import codecs
import csv
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TextIO

from newsletter.messages import Message, Problem, subscriptions as messages
from newsletter.messages.general import ABOUT
from subscribers.importing import old_issues
from subscribers.importing.dates import BadDate, DateOrder
from subscribers.importing.headers import BadCell, Columns, PersonRow, is_header, recognise
from subscribers.importing.mapping import InvalidMapping, columns as mapped, guessed
from subscribers.importing.tools import SENDY, Standing, least_standing

DELIMITERS = ",;\t|"
_ANY_ADDRESS = re.compile(r"[^\s<>\"',;:@]{1,99}@[^\s<>\"',;:@]{1,99}")
_NAMED_DELIMITER = re.compile(rf"\ufeff?sep=([{DELIMITERS}])\r?\n", re.IGNORECASE)
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
"""What files of Excel before 2007 begin with."""
CONTROLS = bytes([*range(9), *range(14, 27), *range(28, 32)])
"""Octets that text hardly has."""
MOST_CONTROLS = 0.02
"""The share of them in a text with a few damaged lines."""
SAMPLE = 65_536
LONGEST_CELL, LONGEST_RECORD = 20_000, 30
LOOKED_AT, SHOWN, WIDEST = 50, 3, 60
"""Of an overview: the lines that are looked at, the values that are shown of each column, and their characters."""
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


_MAC, _WINDOWS = "mac_roman", "cp1252"
_LETTERS = {encoding: "æøåäöüéèçÆØÅÉ".encode(encoding) for encoding in (_MAC, _WINDOWS)}
"""Letters whose octets in one of the encodings are hardly ever letters in the other."""


class FileProblem(Problem):
    """The file can't be imported; the message is one sentence with its path."""


class HasOldIssues(FileProblem):
    """The file is another tool's export of issues, and has no subscribers."""


class FileLine(NamedTuple):
    """A record with the number of its first line, and its data or an error. `file` is its file in a ZIP archive."""

    number: int
    row: PersonRow
    problem: Message | None = None
    file: str = ""


def encoding_of(path: Path) -> str:
    """Detect the encoding: by byte order mark, else UTF-8 (tolerating a few broken characters), else Windows-1252 or
    that of Excel on a Mac.
    """
    with path.open("rb") as file:
        start = file.read(4)
        for mark, name in BOMS:
            if start.startswith(mark):
                return name
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        good = broken = 0
        letters = Counter[str]()
        while block := file.read(1 << 20):
            if not block.isascii():
                text = decoder.decode(block)
                broken += text.count("\ufffd")
                good += len(text) - len(text.encode("ascii", "ignore")) - text.count("\ufffd")
                letters.update({name: sum(map(block.count, octets)) for name, octets in _LETTERS.items()})
    if broken <= good:
        return "utf-8"
    return _MAC if letters[_MAC] > letters[_WINDOWS] else _WINDOWS


def delimiter_of(sample: str) -> str:
    """Detect the delimiter: the one that splits the first lines most evenly outside quotes, by default a comma."""
    outside_quotes = "".join(sample.split('"')[::2])
    lines = [line for line in outside_quotes.splitlines()[:30] if line.strip()]
    best, most = ",", 0.0
    for mark in DELIMITERS:
        counts = Counter(line.count(mark) for line in lines)
        counts.pop(0, None)
        if counts:
            width, times = max(counts.items(), key=lambda item: (item[1], item[0]))
            if (score := times / len(lines) + width / 1_000) > most:
                best, most = mark, score
    return best


def _is_no_text(start: bytes) -> bool:
    """Return whether a file that begins so is an image, a PDF document or another file that isn't text."""
    if any(start.startswith(mark) for mark, _ in BOMS):
        return False
    controls = len(start) - len(start.translate(None, CONTROLS))
    return start.startswith(b"%PDF-") or controls > MOST_CONTROLS * len(start)


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """Open the file as text. Raises FileProblem."""
    try:
        with path.open("rb") as octets:
            start = octets.read(old_issues.START)
        if start.startswith(OLD_WORKBOOK):
            raise file_problem(path, messages.WORKBOOK())
        if _is_no_text(start):
            raise file_problem(path, messages.NOT_TEXT())
        if old_issues.is_document(start):
            raise has_old_issues(path)
        with path.open(encoding=encoding_of(path), errors="replace", newline="") as file:
            yield file
    except (OSError, UnicodeError) as e:
        raise file_problem(path, messages.UNREADABLE(cause=str(e))) from e


def lines(
    path: Path,
    file: TextIO,
    meanings: Sequence[str] | None = None,
    dates: DateOrder = "",
    name: str = "",
    recognised: Callable[[str, Sequence[str]], None] = lambda tool, ignored: None,
) -> Iterator[FileLine]:
    """Yield every non-empty line. `meanings` are chosen by a person; by default the headers decide.

    `dates` says whether the day or the month comes first in dates such as 01/02/2025, in every column. `name` is the
    file's name where it was made, by default the path's: tools write files of people who left, and name them so.
    `recognised` is called with the tool that wrote the file, "" if it is unknown, and the headers of the columns of
    which nothing is stored.

    Raises FileProblem if no column has addresses.
    """
    unread = records(file)
    number, head, problem = next(unread, (0, [], messages.EMPTY_FILE()))
    if problem:
        empty = messages.EMPTY_FILE.matches(problem)
        raise file_problem(path, problem if empty else messages.BROKEN_FIRST_LINE(problem=problem))
    if not any(cell.strip() for cell in head):
        raise file_problem(path, messages.EMPTY_FIRST_LINE())
    names = [cell.strip().lstrip("\ufeff") for cell in head]
    columns = recognise(names) if meanings is None else _chosen_columns(path, names, meanings)
    if columns is None:
        if old_issues.is_table(names):
            raise has_old_issues(path)
        raise file_problem(path, messages.NO_ADDRESS_COLUMN(line=", ".join(names)[:200]))
    least, is_sendys = least_standing(name or path.name), not is_header(head) and columns.address == 1
    if least is None and is_sendys:
        raise file_problem(path, messages.SENDY_ALL())
    columns = replace(columns, least=least or Standing.ACTIVE)
    ignored = columns.ignored(names) if is_header(names) else ()
    recognised(columns.form or (SENDY if is_sendys else ""), ignored)
    if dates:
        columns = replace(columns, dates=dict.fromkeys(range(columns.width), dates))
    if not is_header(names):
        first = (number, head, None)
        unread = ((n, cells, fault or _several_addresses(cells)) for n, cells, fault in chain([first], unread))
    for number, cells, problem in unread:
        if (cells and any(cell.strip() for cell in cells)) or problem:
            yield _line(columns, number, cells, problem)


def has_old_issues(path: Path) -> HasOldIssues:
    """Return the problem that a file has issues instead of subscribers."""
    return HasOldIssues(ABOUT(subject=str(path), message=messages.OLD_ISSUES()))


def file_problem(path: Path, message: Message) -> FileProblem:
    """Return the problem with a file, which names its path."""
    return FileProblem(ABOUT(subject=str(path), message=message))


def records(file: TextIO) -> Iterator[tuple[int, list[str], Message | None]]:
    """Yield each record with the number of its first line and its error, using the delimiter of the first records.

    Spreadsheets may name the delimiter in a line of its own before them.
    """
    sample = file.read(SAMPLE)
    file.seek(0)
    if named := _NAMED_DELIMITER.match(sample):
        file.readline()
        return _records(file, named[1], 2)
    return _records(file, delimiter_of(sample), 1)


def _chosen_columns(path: Path, head: list[str], meanings: Sequence[str]) -> Columns:
    try:
        return mapped(head, meanings)
    except InvalidMapping as problem:
        raise file_problem(path, problem.message) from problem


def _records(file: TextIO, delimiter: str, number: int) -> Iterator[tuple[int, list[str], Message | None]]:
    """Yield each record with the number of its first line. An unclosed quote affects only its own line."""
    put_back: deque[str] = deque()
    while line := put_back.popleft() if put_back else file.readline():
        if '"' not in line:
            yield number, line.rstrip("\r\n").split(delimiter), None
            number += 1
            continue
        record_lines = [line]
        cells = _cells(record_lines, delimiter)
        while cells is None and len(record_lines) < LONGEST_RECORD:
            following = put_back.popleft() if put_back else file.readline()
            if not following:
                break
            record_lines.append(following)
            cells = _cells(record_lines, delimiter)
        if cells is None:
            put_back.extendleft(reversed(record_lines[1:]))
            yield number, line.rstrip("\r\n").split(delimiter), messages.OPEN_QUOTE()
            number += 1
        else:
            yield number, cells, None
            number += len(record_lines)


def _cells(record_lines: list[str], delimiter: str) -> list[str] | None:
    """Return the cells of a record in these lines; None if a quote is open. Stray quotes inside a cell are kept."""
    try:
        return next(csv.reader(record_lines, delimiter=delimiter, strict=True))
    except csv.Error as e:
        if "unexpected end of data" in str(e):
            return None
    try:
        return next(csv.reader(record_lines, delimiter=delimiter))
    except csv.Error:
        return record_lines[0].rstrip("\r\n").split(delimiter)


def _line(columns: Columns, number: int, cells: list[str], problem: Message | None) -> FileLine:
    problem = problem or _fault(columns, cells)
    if problem:
        address = next((cell.strip() for cell in cells if "@" in cell), "")
        return FileLine(number, PersonRow(address.replace("\0", "")[:320]), problem)
    cells = cells + [""] * (columns.width - len(cells))
    try:
        return FileLine(number, columns.row(cells))
    except (BadDate, BadCell) as bad:
        return FileLine(number, PersonRow(cells[columns.address].strip()[:320]), bad.message)


def _several_addresses(cells: list[str]) -> Message | None:
    """Return the problem with a line of a plain list that names several people, as email programs do."""
    several = len({address.lower() for address in _ANY_ADDRESS.findall(" ".join(cells))}) > 1
    return messages.SEVERAL_ADDRESSES() if several else None


def _fault(columns: Columns, cells: list[str]) -> Message | None:
    if len(cells) > columns.width and any(cell.strip() for cell in cells[columns.width :]):
        return messages.TOO_MANY_CELLS(cells=len(cells), width=columns.width)
    if len(cells) <= columns.address:
        return messages.NO_ADDRESS_CELL()
    if "\x00" in "".join(cells):
        return messages.NUL()
    if max(map(len, cells)) > LONGEST_CELL:
        return messages.LONG_CELL(most=LONGEST_CELL)
    if "�" in cells[columns.address]:
        return messages.UNREADABLE_ADDRESS()
    return None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header ("" in a plain list), its guessed meaning, and a few values."""

    header: str
    meaning: str
    values: tuple[str, ...]


def outline(path: Path) -> list[Column]:
    """Return the columns of a CSV file. Raises FileProblem if it has no first line."""
    with opened(path) as file:
        unread = records(file)
        head = [cell.strip().lstrip("\ufeff") for cell in next((cells for _n, cells, _problem in unread), [])]
        if not any(head):
            raise file_problem(path, messages.EMPTY_FIRST_LINE())
        if recognise(head) is None and old_issues.is_table(head):
            raise has_old_issues(path)
        has_header = is_header(head)
        rows = ([] if has_header else [head]) + [
            cells for (_n, cells, _p), _ in zip(unread, range(LOOKED_AT), strict=False)
        ]
    meanings = guessed(head)
    return [
        Column(header if has_header else "", meanings[number], _values(rows, number))
        for number, header in enumerate(head)
    ]


def _values(rows: list[list[str]], number: int) -> tuple[str, ...]:
    values = (row[number].strip()[:WIDEST] for row in rows if number < len(row))
    return tuple(dict.fromkeys(filter(None, values)))[:SHOWN]
