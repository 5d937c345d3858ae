"""Whether the folders that the program writes to can take more: free space, and the folder of the journals."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from newsletter.config import Config
from newsletter.messages import Message
from newsletter.messages import failures as messages
from newsletter.messages.general import size_of

DATABASE, JOURNAL, CONFIGURATION = "database", "journal", "configuration"
CONTENTS = {
    DATABASE: messages.FOR_DATABASE,
    JOURNAL: messages.FOR_JOURNAL,
    CONFIGURATION: messages.FOR_CONFIGURATION,
}


def folders(configuration: Config) -> dict[str, Path]:
    """Return the folders by what is in them; one that is missing stands for the one above, where it will be made."""
    paths = {CONFIGURATION: configuration.folder, JOURNAL: configuration.journal_folder}
    scheme, _, file = configuration.site.database.partition(":///")
    if scheme == "sqlite":
        paths[DATABASE] = configuration.path(file).parent
    return {name: _existing(path) for name, path in paths.items()}


def free(configuration: Config) -> dict[str, int]:
    """Return the free space of each folder in bytes."""
    return {name: shutil.disk_usage(path).free for name, path in folders(configuration).items()}


def problems(configuration: Config) -> Iterator[Message]:
    """Yield a message for each folder that is nearly full, and if journals or the recovery log can't be written."""
    yield from nearly_full(configuration)
    journal = folders(configuration)[JOURNAL]
    if not journal.is_dir():
        yield messages.JOURNAL_IS_A_FILE(path=str(journal))
    elif not os.access(journal, os.W_OK | os.X_OK):
        yield messages.JOURNAL_NOT_WRITABLE(path=str(journal))
    log = configuration.recovery_log
    if log.is_dir() and not _is_writable(log):
        yield messages.RECOVERY_LOG_NOT_WRITABLE(path=str(log))


def _is_writable(folder: Path) -> bool:
    """Return whether files can be made in a folder, and those in it written."""
    own_folder = os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    return own_folder and all(os.access(file, os.W_OK) for file in folder.iterdir())


def nearly_full(configuration: Config) -> Iterator[Message]:
    """Yield a message for each folder with less free space than configured."""
    least = configuration.site.minimum_free_space
    for name, path in folders(configuration).items():
        left = shutil.disk_usage(path).free
        if left < least:
            yield messages.NEARLY_FULL(path=str(path), free=size_of(left), content=CONTENTS[name]())


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)
