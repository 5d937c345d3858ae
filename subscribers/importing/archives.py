"""ZIP archives, as tools export them: the CSV files in them."""

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from newsletter.messages import subscriptions as messages
from subscribers.importing import old_issues
from subscribers.importing.reading import file_problem, has_old_issues

MOST_FILES, MOST_BYTES = 1_000, 4 << 30
"""An archive with more files, or with more octets in them, is refused."""
MOST_DOCUMENTS = 20
"""How many JSON documents of an archive without CSV files are looked at."""
SUFFIXES = (".csv", ".tsv", ".txt")
_WORKBOOKS = frozenset(("xl/workbook.xml", "content.xml"))
"""Files in the spreadsheets of Excel and LibreOffice, which are ZIP archives."""


class ArchiveFile(NamedTuple):
    """A CSV file: its name in the archive ("" if there is no archive), and where its content is."""

    name: str
    path: Path


def is_archive(path: Path) -> bool:
    """Return whether the file is a ZIP archive. Raises FileProblem if it can't be read."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError as e:
        raise file_problem(path, messages.UNREADABLE(cause=e.strerror or str(e))) from e


@contextmanager
def unpacked(path: Path) -> Iterator[list[ArchiveFile]]:
    """Yield the CSV files of an archive, in a private folder that is removed afterwards, or the file itself.

    Raises FileProblem if the archive is damaged, encrypted or too large, or has no CSV file.
    """
    if not is_archive(path):
        yield [ArchiveFile("", path)]
        return
    with TemporaryDirectory(prefix="newsletter-import-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                members = _extracted(path, archive, Path(folder))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as e:
            raise file_problem(path, messages.BROKEN_ARCHIVE(cause=str(e))) from e
        yield members


def _extracted(path: Path, archive: zipfile.ZipFile, folder: Path) -> list[ArchiveFile]:
    """Write the CSV files of an archive into a folder under names of our own."""
    csv_files = sorted((info for info in archive.infolist() if _is_csv(info.filename)), key=lambda info: info.filename)
    if not csv_files and _has_issues(archive):
        raise has_old_issues(path)
    if not csv_files and not _WORKBOOKS.isdisjoint(archive.namelist()):
        raise file_problem(path, messages.WORKBOOK())
    if not csv_files:
        raise file_problem(path, messages.NO_CSV_IN_ARCHIVE())
    if len(csv_files) > MOST_FILES or sum(info.file_size for info in csv_files) > MOST_BYTES:
        raise file_problem(path, messages.LARGE_ARCHIVE())
    members = []
    for number, info in enumerate(csv_files):
        member = ArchiveFile(info.filename, folder / f"{number}.csv")
        with archive.open(info) as source, member.path.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)  # zipfile stops at the size that the archive names
        members.append(member)
    return members


def _is_csv(name: str) -> bool:
    file_name = name.rpartition("/")[2]
    if old_issues.CONTENT_FOLDER in name:
        return False  # the text of a campaign, whose first line may have an address
    return file_name.lower().endswith(SUFFIXES) and not file_name.startswith(".") and "__MACOSX" not in name


def _has_issues(archive: zipfile.ZipFile) -> bool:
    names = archive.namelist()
    if any(old_issues.CONTENT_FOLDER in name for name in names):
        return True
    for name in [member for member in names if member.lower().endswith(".json")][:MOST_DOCUMENTS]:
        with archive.open(name) as file:
            if old_issues.is_document(file.read(old_issues.START)):
                return True
    return False
