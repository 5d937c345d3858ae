"""Uploaded files that wait for the next step of an import.

Promises: a file is removed after an hour, and when the process ends; what a killed process left is removed when the
next one starts. A file that is being imported is held beside config.toml until that is finished, also if the program is
restarted. Nobody else can read them: the folders have mode 0700.
"""

import atexit
import fcntl
import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.files.uploadedfile import UploadedFile

from newsletter.background import Task, enqueue
from newsletter.config import Config

if TYPE_CHECKING:
    from newsletter.models import Job

KEPT, PREFIX, LOCK = timedelta(hours=1), "newsletter-uploads-", "lock"
SUFFIXES = (".csv", ".json", ".zip")
"""Kept of the names of uploads, since archives of old issues are recognized by them."""
HELD = ".imports"
"""The folder of files that are being imported, beside config.toml."""


def keep(file: "UploadedFile[bytes]") -> str:
    """Write the upload to a file of mode 0600 and return its name, which `path` takes."""
    suffix = Path(file.name or "").suffix.lower()
    suffix = suffix if suffix in SUFFIXES else ".csv"
    with tempfile.NamedTemporaryFile("wb", dir=_folder(), suffix=suffix, delete=False) as target:
        for chunk in file.chunks():
            target.write(chunk)
    return _kept(Path(target.name))


def take(file: Path) -> str:
    """Move a file that the program made to the uploads, and return its name."""
    with tempfile.NamedTemporaryFile("wb", dir=_folder(), suffix=file.suffix, delete=False) as target:
        shutil.move(file, target.name)
    return _kept(Path(target.name))


def _kept(written: Path) -> str:
    """Return the name of an upload, which is removed after an hour."""
    name = f"{written.parent.name}/{written.name}"
    enqueue(REMOVE_UPLOAD, name, datetime.now(UTC) + KEPT, name=name)
    return name


def is_kept(configuration: Config, job: "Job") -> bool:
    """Return whether the file of an import is still here, so that the job can go on."""
    return path(str(job.order["file"]), configuration).exists()


def _remove(configuration: Config, name: str) -> None:
    path(name, configuration).unlink(missing_ok=True)


REMOVE_UPLOAD = Task("remove upload", _remove)


def path(name: str, configuration: Config) -> Path:
    """Return where the upload of that name is, whichever process of this machine took it in."""
    folder, _, file_name = name.partition("/")
    return configuration.path(HELD) / file_name if folder == HELD else Path(tempfile.gettempdir()) / name


def hold(name: str, configuration: Config) -> str:
    """Move a file to where it stays until its import is finished; return its new name."""
    source, folder = path(name, configuration), configuration.path(HELD)
    folder.mkdir(mode=0o700, exist_ok=True)
    moved = f"{HELD}/{source.name}"
    if moved != name:
        shutil.move(source, path(moved, configuration))
    return moved


def release(name: str, configuration: Config, *, later: bool = False) -> None:
    """Remove a file, `later` after an hour."""
    if later:
        enqueue(REMOVE_UPLOAD, name, datetime.now(UTC) + KEPT, name=name)
    else:
        _remove(configuration, name)


def remove_ended(configuration: Config) -> None:
    """Remove files that are held for imports that have ended."""
    from newsletter.models import Job  # the rest needs no models
    from newsletter.scheduling import held_files
    from newsletter.web.desk.jobs import UNFINISHED

    held_files.remove_unused(configuration, Job.objects.filter(state__in=UNFINISHED))


@cache
def _folder() -> Path:
    """Return the folder of this process, made at its first upload and removed at its end."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def remove_abandoned() -> None:
    """Remove the folders of processes that were killed: nobody holds their lock any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            with (folder / LOCK).open("rb+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
        except OSError:
            continue  # in use, another user's, or being made at this moment
