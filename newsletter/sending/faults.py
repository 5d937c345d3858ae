"""Explains errors of a service in a sentence with the remedy, for the desk, `/readyz` and notices."""

import errno

from django.db import Error

from newsletter.messages import Message, Problem, failures as messages
from newsletter.sending.sql import database_watch

REMEDIES = {
    errno.ENOSPC: messages.FREE_SPACE(),
    errno.EDQUOT: messages.QUOTA(),
    errno.EMFILE: messages.OPEN_FILES(),
    errno.ENFILE: messages.CLOSE_PROGRAMS(),
    errno.EACCES: messages.OWNER(),
    errno.EPERM: messages.OWNER(),
    errno.EROFS: messages.MOUNT(),
    errno.ENOENT: messages.RESTORE(),
    errno.ENOTDIR: messages.NOT_A_FOLDER(),
    errno.EEXIST: messages.NOT_A_FOLDER(),
    errno.ENOMEM: messages.MORE_MEMORY(),
}


def explain(error: BaseException) -> Message:
    """Return what failed and what to do."""
    if isinstance(error, Problem | database_watch.DatabaseChanged):
        return error.message
    if isinstance(error, Error):
        return database_watch.unusable(error)
    if isinstance(error, OSError) and error.errno in REMEDIES:
        where = f"{error.filename}: " if error.filename else ""
        return messages.SYSTEM_ERROR(cause=f"{where}{error.strerror}", remedy=REMEDIES[error.errno])
    if isinstance(error, MemoryError):
        return messages.NO_MEMORY()
    return messages.UNEXPECTED(error=type(error).__name__)
