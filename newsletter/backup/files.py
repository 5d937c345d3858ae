"""The files of a site in a backup, and where a database is restored before it takes its place. Needs no Django."""

import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from newsletter.backup import BackupProblem
from newsletter.backup.archive import ArchiveReader, ArchiveWriter
from newsletter.config import Config
from newsletter.config.database import SQLITE
from newsletter.config.references import reference
from newsletter.images import store

CONFIGURATION, KEY, TEMPLATES, IMAGES = "config.toml", "secret_key", "templates", "images"
PREVIOUS_KEYS = "secret_key_previous"
COMPANIONS = ("-wal", "-shm", "-journal")
"""What the names of SQLite's files beside a database end with."""
RESTORING = f"newsletter_restoring_{datetime.now(UTC):%Y%m%dt%H%M%S}"
"""The schema of a PostgreSQL database that is being restored; housekeeping deletes one that a killed restore left."""


def restoring_url(configuration: Config) -> str:
    """Return the URL of the database that is filled first."""
    if file := configuration.sqlite_file:
        return f"{SQLITE}{file.with_name(f'{file.name}.restoring')}"
    url, option = configuration.site.database, quote(f"-c search_path={RESTORING}")
    return f"{url}{'&' if '?' in url else '?'}options={option}"


def add_files(archive: ArchiveWriter, configuration: Config, *, images: bool) -> None:
    """Add the site's files to a backup, but for its key."""
    archive.add_file(CONFIGURATION, configuration.file)
    _add_folder(archive, TEMPLATES, configuration.folder / TEMPLATES)
    if images:
        _add_folder(archive, IMAGES, store.folder(configuration))


def add_keys(archive: ArchiveWriter, key: str, previous: Sequence[str]) -> None:
    """Add the site's secret key and the previous ones, in their order."""
    archive.add(KEY, iter([key.encode()]))
    for number, secret in enumerate(previous):
        archive.add(f"{PREVIOUS_KEYS}/{number}", iter([secret.encode()]))


def _add_folder(archive: ArchiveWriter, name: str, folder: Path) -> None:
    """Add the complete files of a folder."""
    if not folder.is_dir():
        return
    for parent, _, files in os.walk(folder):
        for file in sorted(files):
            path = Path(parent) / file
            if not file.endswith(".part"):
                archive.add_file(f"{name}/{path.relative_to(folder).as_posix()}", path)


class NewFiles:
    """The files and folders that a restore creates. They are removed if it is refused."""

    def __init__(self) -> None:
        self._paths: list[Path] = []

    def add(self, *paths: Path) -> None:
        """Add those that don't exist yet, before anything is written to them."""
        self._paths += [path for path in paths if not path.exists()]

    def keep(self) -> None:
        """Forget them all, because the restored database takes its place now."""
        self._paths.clear()

    def remove(self) -> None:
        """Remove them, folders with everything in them."""
        for path in self._paths:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


@contextmanager
def removing_new_files_on_error() -> Iterator[NewFiles]:
    """Yield a list for new files, and remove them if the block raises an exception."""
    created = NewFiles()
    try:
        yield created
    except Exception:
        created.remove()
        raise


def made_before_django(configuration: Config) -> list[Path]:
    """Return the paths that the first steps of a restore create, and those where the database is filled."""
    fresh = configuration.path(restoring_url(configuration).removeprefix(SQLITE))
    database = [fresh, *beside(fresh)] if configuration.sqlite_file else []
    folders = [configuration.folder / TEMPLATES, store.folder(configuration), configuration.recovery_log]
    return [configuration.path(".newsletter.lock"), configuration.path(".secret_key"), *database, *folders]


def beside(database: Path) -> list[Path]:
    """Return the files that SQLite has beside a database that is in use."""
    return [Path(f"{database}{suffix}") for suffix in COMPANIONS]


def restore_configuration(archive: Path, file: Path) -> None:
    """Write the backup's config.toml unless there is one already."""
    if not file.exists():
        with closing(ArchiveReader(archive)) as reader:
            _write_new(file, reader.read(CONFIGURATION))


def restore_key_files(archive: Path, file: Path, created: NewFiles) -> None:
    """Write the secret keys to the files in which config.toml looks for them, unless these exist.

    Files of previous keys are written only if config.toml is that of the backup, so that each gets its own key. Raises
    BackupProblem if neither the backup nor this machine has the key, or its file can't be written.
    """
    text = file.read_bytes()
    with closing(ArchiveReader(archive)) as reader:
        site = _site_of(text)
        members = {KEY: site.get("secret_key")}
        if text == reader.read(CONFIGURATION):
            previous = site.get("secret_key_previous")
            members |= {
                f"{PREVIOUS_KEYS}/{number}": reference_of_key
                for number, reference_of_key in enumerate(previous if isinstance(previous, list) else ())
            }
        for member, value in members.items():
            target = reference(value)
            if target is None or target.kind != "file" or (path := file.parent / target.name).exists():
                continue
            if member in reader.manifest.members:
                _write_key(path, reader.read(member), created)
            elif member == KEY:
                raise BackupProblem(
                    f"{archive}: it has no secret key, and {path} is missing; copy the site's key to that file, and "
                    "restore again"
                )


def _site_of(text: bytes) -> Mapping[str, Any]:
    """Return the section `site`; empty if the text can't be read, which is told when the configuration is loaded."""
    try:
        site = tomllib.loads(text.decode()).get("site")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
    return site if isinstance(site, dict) else {}


def _write_key(path: Path, key: bytes, created: NewFiles) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        created.add(path)
        _write_new(path, key + b"\n")
    except OSError as e:
        raise BackupProblem(f"{path}: the secret key can't be written: {e.strerror}; create its folder") from e


def restore_key(archive: Path, configuration: Config) -> None:
    """Write the backup's secret key unless there is one already. Raises BackupProblem if both are missing."""
    path = configuration.path(".secret_key")
    if configuration.site.secret_key or path.exists():
        return
    with closing(ArchiveReader(archive)) as reader:
        if KEY not in reader.manifest.members:
            raise BackupProblem(
                f"{archive}: it has no secret key, nor has this site; copy the site's .secret_key to {path}, or "
                "set site.secret_key, and restore again"
            )
        _write_new(path, reader.read(KEY) + b"\n")


def restore_files(archive: ArchiveReader, configuration: Config, created: NewFiles) -> None:
    """Write templates and images that are missing; those that exist stay as they are."""
    places = {TEMPLATES: configuration.folder / TEMPLATES, IMAGES: store.folder(configuration)}
    for name, folder in places.items():
        for member in archive.named(name):
            path = (folder / member.removeprefix(f"{name}/")).resolve()
            if path.is_relative_to(folder.resolve()) and not path.exists():
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                created.add(path)
                _write_new(path, archive.read(member))


def _write_new(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.restoring")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
