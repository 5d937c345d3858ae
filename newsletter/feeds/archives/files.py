"""The files of an archive: a ZIP archive, a folder, or a file alone. Nothing is unpacked to the disk."""

import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from newsletter.feeds.archives.old_issue import ArchiveProblem
from newsletter.messages import archives as messages
from newsletter.messages.general import ABOUT, size_of

MOST_FILES, MOST_BYTES = 50_000, 4 << 30
"""An archive with more files, or with more octets in them, is refused."""

LARGEST_DOCUMENT, LARGEST_TABLE, LARGEST_IMAGE = 8_000_000, 200_000_000, 30_000_000
"""Octets of a page, of a table or JSON document of all issues, and of an image. Larger files are refused."""


class ArchiveFiles(ABC):
    """The files of an archive by their names, with `/` between folders."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: tuple[str, ...] = ()

    @abstractmethod
    def size(self, name: str) -> int:
        """Return how many octets a file has."""

    @abstractmethod
    def _content(self, name: str) -> bytes:
        """Return what a file has."""

    def read(self, name: str, most: int) -> bytes:
        """Return what a file has. Raises ArchiveProblem if it has more octets than `most`, or is damaged."""
        if self.size(name) > most:
            raise ArchiveProblem(messages.LARGE_FILE(name=name, most=size_of(most)))
        try:
            return self._content(name)
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

    @abstractmethod
    def close(self) -> None:
        """Close the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _ZipFiles(ArchiveFiles):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError) as e:
            raise ArchiveProblem(ABOUT(subject=path.name, message=messages.BROKEN_ARCHIVE(cause=str(e)))) from e
        files = [each for each in self._archive.infolist() if not each.is_dir() and not _is_hidden(each.filename)]
        _check(path, len(files), sum(each.file_size for each in files))
        self._sizes = {each.filename: each.file_size for each in files}
        self.names = tuple(sorted(self._sizes))

    def size(self, name: str) -> int:
        return self._sizes[name]

    def _content(self, name: str) -> bytes:
        with self._archive.open(name) as file:  # it stops at the size that the archive names
            return file.read()

    def close(self) -> None:
        self._archive.close()


class _FolderFiles(ArchiveFiles):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        root = path.resolve()
        files = [each for each in path.rglob("*") if each.is_file() and each.resolve().is_relative_to(root)]
        names = {each.relative_to(path).as_posix(): each for each in files}
        self._files = {name: each for name, each in names.items() if not _is_hidden(name)}
        _check(path, len(self._files), 0)
        self.names = tuple(sorted(self._files))

    def size(self, name: str) -> int:
        return self._files[name].stat().st_size

    def _content(self, name: str) -> bytes:
        return self._files[name].read_bytes()

    def close(self) -> None:
        """Nothing is open."""


class _OneFile(ArchiveFiles):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.names = (path.name,)

    def size(self, name: str) -> int:
        return self.path.stat().st_size

    def _content(self, name: str) -> bytes:
        return self.path.read_bytes()

    def close(self) -> None:
        """Nothing is open."""


def files_of(path: Path) -> ArchiveFiles:
    """Return the files of an archive. Raises ArchiveProblem if it can't be read, or is too large."""
    try:
        if path.is_dir():
            return _FolderFiles(path)
        with path.open("rb") as file:
            is_zip = file.read(4) == b"PK\x03\x04"
    except OSError as e:
        raise ArchiveProblem(ABOUT(subject=str(path), message=messages.UNREADABLE(cause=e.strerror or str(e)))) from e
    return _ZipFiles(path) if is_zip else _OneFile(path)


def _check(path: Path, count: int, octets: int) -> None:
    if count > MOST_FILES or octets > MOST_BYTES:
        raise ArchiveProblem(ABOUT(subject=path.name, message=messages.LARGE_ARCHIVE()))


def _is_hidden(name: str) -> bool:
    parts = name.split("/")
    return "__MACOSX" in parts or any(part.startswith(".") for part in parts)
