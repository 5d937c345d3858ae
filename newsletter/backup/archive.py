"""The file of a backup: a ZIP archive with the manifest, a member for each table, and files of the site.

It is complete or absent, and only its owner can read it. Each member has a SHA-256 in the manifest, which is checked
before anything is restored; the ZIP file itself ends with a directory, so that one that was cut short is recognized.
"""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Self

from newsletter.backup import BackupProblem
from newsletter.backup.tables import Table, from_document

FORMAT = 1
MANIFEST = "manifest.json"
COMPRESSION = 1
BLOCK = 1_000_000

Advance = Callable[[int], None]
"""Called with the number of rows or octets that were handled since the last call."""


@dataclass(slots=True)
class Member:
    """A member of the archive as the manifest describes it."""

    sha256: str
    octets: int
    rows: int | None = None


@dataclass(slots=True)
class Manifest:
    """What a backup contains, and the state of the program that it was made by."""

    id: str
    made_at: str
    version: str
    database: str
    """The kind of database that it was made from."""

    identity: str
    fingerprint: str
    """Of the secret key that the database's hashes were made with."""

    machines: list[str]
    migrations: list[tuple[str, str]]
    tables: list[Table] = field(default_factory=list)
    sequences: dict[str, int] = field(default_factory=dict)
    """The last primary key of each numbered table."""

    members: dict[str, Member] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the manifest as a document."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1)

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Read the document. Raises ValueError, KeyError or TypeError if it is something else."""
        document = json.loads(text)
        if document.pop("format") != FORMAT:
            raise ValueError("its format is newer than this program")
        document["tables"] = [from_document(table) for table in document["tables"]]
        document["members"] = {name: Member(**member) for name, member in document["members"].items()}
        document["migrations"] = [(app, name) for app, name in document["migrations"]]
        return cls(**document)


def table_member(table: Table) -> str:
    """Return the name of a table's member."""
    return f"tables/{table.name}"


class ArchiveWriter:
    """An archive that is being written."""

    def __init__(self, file: IO[bytes], manifest: Manifest) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION)
        self._manifest = manifest

    def add(self, name: str, blocks: Iterator[bytes], advance: Advance | None = None) -> None:
        """Add a member; with `advance`, its lines are counted."""
        digest, octets, lines = hashlib.sha256(), 0, 0
        with self._zip.open(name, "w", force_zip64=True) as member:
            for block in blocks:
                digest.update(block)
                octets += len(block)
                member.write(block)
                if advance is not None:
                    count = block.count(b"\n")
                    lines += count
                    advance(count)
        self._manifest.members[name] = Member(digest.hexdigest(), octets, lines if advance is not None else None)

    def add_file(self, name: str, path: Path) -> None:
        """Add a file of the site; one that is gone by now is left out."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return
        with file:
            self.add(name, iter(lambda: file.read(BLOCK), b""))

    def finish(self) -> None:
        """Write the manifest and the directory."""
        self._zip.writestr(MANIFEST, self._manifest.to_json())
        self._zip.close()


@contextmanager
def new_archive(path: Path, manifest: Manifest) -> Iterator[ArchiveWriter]:
    """Write an archive, which is complete and on the disk at the end."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        writer = ArchiveWriter(file, manifest)
        yield writer
        writer.finish()
        file.flush()
        os.fsync(descriptor)


class ArchiveReader:
    """An archive whose manifest was read; `verify` checks the rest."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
            self.manifest = Manifest.from_json(self._zip.read(MANIFEST))
        except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as e:
            raise BackupProblem(f"{path}: it is not a complete backup: {e}; use another copy of it") from e

    @property
    def octets(self) -> int:
        """Return the size of all members before compression."""
        return sum(member.octets for member in self.manifest.members.values())

    def verify(self, advance: Advance) -> None:
        """Read all members and compare their checksums. Raises BackupProblem."""
        for name in self.manifest.members:
            for block in self.blocks(name):
                advance(len(block))

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a member in blocks of whole lines. Raises BackupProblem at the end if it is damaged."""
        expected, digest = self.manifest.members[name], hashlib.sha256()
        try:
            with self._zip.open(name) as member:
                for block in _whole_lines(member):
                    digest.update(block)
                    yield block
        except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, ValueError) as e:
            raise BackupProblem(f"{self.path}: {name} is damaged: {e}; use another copy of the backup") from e
        if digest.hexdigest() != expected.sha256:
            raise BackupProblem(f"{self.path}: {name} is damaged: its checksum differs; use another copy of the backup")

    def read(self, name: str) -> bytes:
        """Return the whole content of a member."""
        return b"".join(self.blocks(name))

    def named(self, folder: str) -> list[str]:
        """Return the names of the members in a folder of the archive."""
        return [name for name in self.manifest.members if name.startswith(f"{folder}/")]

    def close(self) -> None:
        """Close the file."""
        self._zip.close()


def _whole_lines(member: IO[bytes]) -> Iterator[bytes]:
    """Yield blocks that end with a newline, if the content does."""
    while block := member.read(BLOCK):
        yield block if block.endswith(b"\n") else block + member.readline()
