"""What an error was, in a few words for the log: without what a person wrote."""

from pathlib import Path

from django.db import InterfaceError, OperationalError


def cause(error: BaseException) -> str:
    """Return the kind of an error, and its cause: of the system and of the database's connection in their words.

    Texts of other errors may hold personal data, such as a value that a column doesn't take; they are named by where
    they were raised.
    """
    kind = type(error).__name__
    if isinstance(error, OperationalError | InterfaceError):
        return f"{kind}: {next(iter(str(error).strip().splitlines()), 'without a word')}"
    if isinstance(error, OSError) and error.strerror:
        return f"{kind}: {error.strerror}"
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return kind
    return f"{kind} in {Path(traceback.tb_frame.f_code.co_filename).name}, line {traceback.tb_lineno}"
