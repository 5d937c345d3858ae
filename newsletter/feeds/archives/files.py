"""The files of an archive: a ZIP archive, a folder, or a file alone. Nothing is unpacked to the disk."""

import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from newsletter.feeds.archives.old_issue import ArchiveProblem
from newsletter.messages import archives as messages
from newsletter.messages.general import ABOUT, size_of

MOST_FILES, MOST_BYTES = 50_000, 4 << 30
"""An archive with more files, or with more octets in them, is refused."""

LARGEST_DOCUMENT, LARGEST_TABLE, LARGEST_IMAGE = 8_000_000, 200_000_000, 30_000_000
"""Octets of a page, of a table or JSON document of all issues, and of an image. Larger files are refused."""


@dataclass(frozen=True, slots=True)
class ArchiveFiles:
    """The files of an archive: octets by name, with `/` between folders, and a function that returns the content."""

    sizes: Mapping[str, int]
    content: Callable[[str], bytes]

    @property
    def names(self) -> Collection[str]:
        """The names, sorted."""
        return self.sizes.keys()

    def read(self, name: str, most: int) -> bytes:
        """Return what a file has. Raises ArchiveProblem if it has more octets than `most`, or is damaged."""
        if self.sizes[name] > most:
            raise ArchiveProblem(messages.LARGE_FILE(name=name, most=size_of(most)))
        try:
            return self.content(name)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as e:
            raise ArchiveProblem(messages.BROKEN_FILE(name=name, cause=str(e))) from e

    def text(self, name: str, most: int = LARGEST_DOCUMENT) -> str:
        """Return a file's text: UTF-8, or else Windows-1252, as old pages have it."""
        content = self.read(name, most)
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode("cp1252", "replace")

    def ending(self, *suffixes: str) -> Iterator[str]:
        """Yield the names that end so, in any case."""
        return (name for name in self.names if name.lower().endswith(suffixes))


@contextmanager
def files_of(path: Path) -> Iterator[ArchiveFiles]:
    """Open an archive. Raises ArchiveProblem if it can't be read, or is too large."""
    with ExitStack() as stack:
        try:
            files = _files_in_zip(path, stack) if _is_zip(path) else _files_on_disk(path)
        except OSError as e:
            reason = messages.UNREADABLE(cause=e.strerror or str(e))
            raise ArchiveProblem(ABOUT(subject=str(path), message=reason)) from e
        yield files


def _is_zip(path: Path) -> bool:
    if path.is_dir():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _files_in_zip(path: Path, stack: ExitStack) -> ArchiveFiles:
    try:
        archive = stack.enter_context(zipfile.ZipFile(path))
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError) as e:
        raise ArchiveProblem(ABOUT(subject=path.name, message=messages.BROKEN_ARCHIVE(cause=str(e)))) from e
    sizes = _visible(path, {file.filename: file.file_size for file in archive.infolist() if not file.is_dir()})
    if sum(sizes.values()) > MOST_BYTES:
        raise _too_large(path)
    return ArchiveFiles(sizes, archive.read)  # it stops at the size that the archive names


def _files_on_disk(path: Path) -> ArchiveFiles:
    if not path.is_dir():
        return ArchiveFiles({path.name: path.stat().st_size}, lambda _name: path.read_bytes())
    root = path.resolve()
    files = [file for file in path.rglob("*") if file.is_file() and file.resolve().is_relative_to(root)]
    sizes = {file.relative_to(path).as_posix(): file.stat().st_size for file in files}
    return ArchiveFiles(_visible(path, sizes), lambda name: (path / name).read_bytes())


def _visible(path: Path, sizes: Mapping[str, int]) -> dict[str, int]:
    """Return the sizes of files that are not hidden, sorted by their names. Raises ArchiveProblem for too many."""
    names = sorted(name for name in sizes if not _is_hidden(name))
    if len(names) > MOST_FILES:
        raise _too_large(path)
    return {name: sizes[name] for name in names}


def _too_large(path: Path) -> ArchiveProblem:
    return ArchiveProblem(ABOUT(subject=path.name, message=messages.LARGE_ARCHIVE()))


def _is_hidden(name: str) -> bool:
    parts = name.split("/")
    return "__MACOSX" in parts or any(part.startswith(".") for part in parts)
