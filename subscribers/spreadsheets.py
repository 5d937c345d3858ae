"""CSV files for spreadsheets: private, and protected against formula injection (OWASP, CSV injection).

A spreadsheet whose list separator is `;` splits a file at semicolons inside cells, so a formula may also begin there,
or after a tab or a line end. A `'` is inserted at each such place.
"""

import csv
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

_BEGINNING = re.compile(r"(?:\A|(?<=[;\t\r\n]))( *)('*[=+\-@\t\r])")
_ESCAPED = re.compile(r"(?:\A|(?<=[;\t\r\n]))( *)'('*[=+\-@\t\r])")


def escape_formulas(cell: str) -> str:
    """Escape a cell so that spreadsheets treat it as text, wherever they split it."""
    return _BEGINNING.sub(r"\1'\2", cell)


def unescape_formulas(cell: str) -> str:
    """Reverse `escape_formulas`."""
    return _ESCAPED.sub(r"\1\2", cell)


def write_csv(file: TextIO, rows: Iterable[Iterable[str]]) -> int:
    """Write rows, with all cells in quotes, to a file opened with `newline=""`; return their number."""
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    count = 0
    for row in rows:
        writer.writerow(row)
        count += 1
    return count


def create(path: Path) -> TextIO:
    """Open a file of personal data for writing; only its owner may read it, even if it existed with other permissions.

    Raises OSError.
    """
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline="")
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        os.fchmod(file.fileno(), 0o600)
    return file
