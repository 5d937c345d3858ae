"""The folder of images that the site serves, beside the database.

Promises: a file's name is a hash of its content and its size in pixels, so that it never changes and can be cached for
ever, and the same image is stored once; files are complete or absent, and private to this user (0600 in a folder 0700).
"""

import os
import tempfile
from collections.abc import Collection
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

from newsletter.config import Config
from newsletter.config.durable_files import locked_folder
from newsletter.images.mail_image import MailImage
from newsletter.images.names import name_of, size_of

FOLDER = "images"


def folder(configuration: Config) -> Path:
    """Return the folder, which may not exist yet."""
    return configuration.data_folder / FOLDER


def keep(configuration: Config, image: MailImage) -> str:
    """Store an image and return its name; one that is there already counts as new again."""
    digest = blake2b(image.data, digest_size=16).hexdigest()
    name = name_of(digest, image.width, image.height, image.kind)
    place = folder(configuration)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked_folder(place):
        descriptor, unfinished = tempfile.mkstemp(dir=place, suffix=".part")
        with os.fdopen(descriptor, "wb") as file:
            file.write(image.data)
            file.flush()
            os.fsync(descriptor)
        Path(unfinished).replace(place / name)
    return name


def path(configuration: Config, name: str) -> Path | None:
    """Return the file of an image; None if no image has that name."""
    if size_of(name) is None:
        return None
    file = folder(configuration) / name
    return file if file.is_file() else None


def stored_before(configuration: Config, moment: datetime) -> set[str]:
    """Return the names of images, and of unfinished files, that were stored before a moment."""
    place = folder(configuration)
    if not place.is_dir():
        return set()
    return {file.name for file in place.iterdir() if _is_ours(file.name) and _modified(file) < moment}


def remove(configuration: Config, names: Collection[str], before: datetime) -> int:
    """Remove images unless they were stored again since `before`; return how many were removed."""
    place, removed = folder(configuration), 0
    if not names:
        return removed
    with locked_folder(place):
        for name in names:
            file = place / name
            if file.is_file() and _modified(file) < before:
                file.unlink()
                removed += 1
    return removed


def _is_ours(name: str) -> bool:
    return size_of(name) is not None or name.endswith(".part")


def _modified(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
