"""The lines of a CSV file, whatever its encoding and delimiter, each with its number and its faults."""

import codecs
import csv
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from subscribers.importing.headers import Columns, Row, recognise
from subscribers.importing.mapping import NotSo, is_header
from subscribers.importing.mapping import columns as mapped

DELIMITERS = ",;\t|"
SAMPLE = 65_536
LONGEST_CELL, LONGEST_RECORD = 20_000, 30
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class FileProblem(ValueError):
    """The file can't be imported at all; one sentence with its path."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file (its first, where cells hold line ends), and what it says or why that can't be known."""

    number: int
    row: Row
    problem: str = ""


def encoding_of(path: Path) -> str:
    """By its byte order mark; else UTF-8 where it is, a broken character here or there forgiven; else Windows-1252."""
    with path.open("rb") as file:
        start = file.read(4)
        for mark, name in BOMS:
            if start.startswith(mark):
                return name
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        good = broken = 0
        while block := file.read(1 << 20):
            if not block.isascii():
                text = decoder.decode(block)
                broken += text.count("\ufffd")
                good += len(text) - len(text.encode("ascii", "ignore")) - text.count("\ufffd")
    return "cp1252" if broken > good else "utf-8"


def delimiter_of(sample: str) -> str:
    """What parts the cells most evenly in the first lines, outside quotes; a comma where nothing does."""
    lines = _unquoted(sample).splitlines()[:30]
    lines = [line for line in lines if line.strip()]
    best, most = ",", 0.0
    for mark in DELIMITERS:
        counts = Counter(line.count(mark) for line in lines)
        counts.pop(0, None)
        if counts:
            width, times = max(counts.items(), key=lambda item: (item[1], item[0]))
            if (score := times / len(lines) + width / 1_000) > most:
                best, most = mark, score
    return best


def _unquoted(text: str) -> str:
    """The text without what stands in double quotes."""
    return "".join(text.split('"')[::2])


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """The file as text. Raises FileProblem."""
    try:
        with path.open(encoding=encoding_of(path), errors="replace", newline="") as file:
            yield file
    except (OSError, UnicodeError) as e:
        raise FileProblem(f"{path}: can't be read: {e}") from e


def lines(path: Path, file: TextIO, meanings: Sequence[str] | None = None) -> Iterator[Line]:
    """Every line that says something; `meanings` are what a person says each column holds, else the headers say it.

    Raises FileProblem where no column holds addresses.
    """
    read = records(file)
    number, head, problem = next(read, (0, [], "it is empty"))
    if problem or not any(cell.strip() for cell in head):
        raise FileProblem(f"{path}: {problem or 'its first line is empty'}; it must be a CSV file with addresses")
    names = [cell.strip().lstrip("\ufeff") for cell in head]
    columns = recognise(names) if meanings is None else _told(path, names, meanings)
    if columns is None:
        columns = _headless(path, head)
    if not is_header(names):
        yield _line(columns, number, head, "")
    for number, cells, problem in read:
        if (cells and any(cell.strip() for cell in cells)) or problem:
            yield _line(columns, number, cells, problem)


def records(file: TextIO) -> Iterator[tuple[int, list[str], str]]:
    """Each record with the number of its first line and what is wrong with it, parted by what parts the first ones."""
    sample = file.read(SAMPLE)
    file.seek(0)
    return _records(file, delimiter_of(sample))


def _told(path: Path, head: list[str], meanings: Sequence[str]) -> Columns:
    try:
        return mapped(head, meanings)
    except NotSo as problem:
        raise FileProblem(f"{path}: {problem}") from problem


def _headless(path: Path, head: list[str]) -> Columns:
    """The columns of a list without a header: the first cell with an @ is the address, one beside it the name."""
    address = next((n for n, cell in enumerate(head) if "@" in cell), None)
    if address is None:
        shown = ", ".join(cell.strip() for cell in head)[:200]
        raise FileProblem(f"{path}: no column holds addresses; call one 'email' (the first line says: {shown})")
    names = (1,) if address == 0 and len(head) > 1 else (0,) if address == 1 else ()
    return Columns("a list", len(head), address, names)


def _records(file: TextIO, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Each record with the number of its first line. A quote that nothing closes spoils its own line only."""
    waiting: deque[str] = deque()
    number = 1
    while line := waiting.popleft() if waiting else file.readline():
        if '"' not in line:
            yield number, line.rstrip("\r\n").split(delimiter), ""
            number += 1
            continue
        taken = [line]
        cells = _cells(taken, delimiter)
        while cells is None and len(taken) < LONGEST_RECORD:
            following = waiting.popleft() if waiting else file.readline()
            if not following:
                break
            taken.append(following)
            cells = _cells(taken, delimiter)
        if cells is None:
            waiting.extendleft(reversed(taken[1:]))
            yield number, line.rstrip("\r\n").split(delimiter), "a quote is opened and never closed"
            number += 1
        else:
            yield number, cells, ""
            number += len(taken)


def _cells(taken: list[str], delimiter: str) -> list[str] | None:
    """The cells of a record in these lines; None while a quote is open. Odd quotes inside a cell stay as they are."""
    try:
        return next(csv.reader(taken, delimiter=delimiter, strict=True))
    except csv.Error as e:
        if "unexpected end of data" in str(e):
            return None
    try:
        return next(csv.reader(taken, delimiter=delimiter))
    except csv.Error:
        return taken[0].rstrip("\r\n").split(delimiter)


def _line(columns: Columns, number: int, cells: list[str], problem: str) -> Line:
    problem = problem or _fault(columns, cells)
    if problem:
        shown = next((cell.strip() for cell in cells if "@" in cell), "")
        return Line(number, Row(shown[:320]), problem)
    return Line(number, columns.row(cells + [""] * (columns.width - len(cells))))


def _fault(columns: Columns, cells: list[str]) -> str:
    if len(cells) > columns.width and any(cell.strip() for cell in cells[columns.width :]):
        return f"it has {len(cells)} cells, but the first line has {columns.width}; is a quote missing?"
    if len(cells) <= columns.address:
        return "it has no cell for the address"
    if any("\x00" in cell for cell in cells):
        return "it holds a NUL character"
    if any(len(cell) > LONGEST_CELL for cell in cells):
        return f"a cell is longer than {LONGEST_CELL:,} characters; is a quote missing?"
    if "�" in cells[columns.address]:
        return "the address holds a character that can't be read; is the file in UTF-8?"
    return ""
