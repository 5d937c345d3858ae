"""Turn exceptions into one sentence and an exit status, for all commands."""

import errno
import sqlite3

import typer

from newsletter.cli.common import IMPOSSIBLE, WRONG, Failed
from newsletter.config import ConfigError
from newsletter.messages import Problem
from newsletter.start import StartProblem

REMEDIES = {
    errno.ENOSPC: "free some space and try again",
    errno.EDQUOT: "free some space and try again",
    errno.EACCES: "change its permissions, or use another user",
    errno.EPERM: "change its permissions, or use another user",
    errno.ENOENT: "check the path",
    errno.EISDIR: "name a file",
    errno.ENOTDIR: "name a folder",
    errno.EEXIST: "choose another name",
    errno.EROFS: "choose another folder, or mount the file system for writing",
    errno.EIO: "check the disk and the system's log",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
    errno.ENFILE: "the machine has too many open files; close some programs",
}
"""What to do about an error of the system."""
WITHOUT_A_NAME = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
"""Errors of a file that need not name it, because they come when it is written."""


def sentence_and_status(problem: Exception) -> tuple[str, int] | None:
    """Return the sentence and exit status of an exception; None for an unexpected one, which keeps its traceback."""
    if isinstance(problem, Failed):
        return str(problem), problem.status
    if isinstance(problem, typer.TyperException):
        return _usage(problem)
    if isinstance(problem, ConfigError):
        return str(problem), WRONG
    if isinstance(problem, StartProblem):
        return str(problem), IMPOSSIBLE
    if isinstance(problem, UnicodeEncodeError) and "surrogates" in problem.reason:  # PEP 383
        return "the command line has text that is not UTF-8; use a terminal with UTF-8", WRONG
    return _later(problem)


def _usage(problem: typer.TyperException) -> tuple[str, int]:
    """Return the sentence about an invalid command line, with the command that explains it."""
    context = getattr(problem, "ctx", None)
    sentence = problem.format_message() if isinstance(problem, typer.BadParameter) else str(problem)
    if not sentence.strip():  # its help was printed instead
        return "", WRONG
    if type(problem).__name__ == "NoArgsIsHelpError":  # typer doesn't export it; its text is the whole help
        return sentence.rstrip(), WRONG
    sentence = sentence.replace("Value error, ", "")  # words of pydantic
    if possibilities := getattr(problem, "possibilities", None):  # of an option; typer's class is private
        sentence += f" (did you mean {' or '.join(possibilities)}?)"
    hint = f"; see '{context.command_path} --help'" if context else ""
    return " ".join(sentence.split()).rstrip(".") + hint, WRONG


def _later(problem: Exception) -> tuple[str, int] | None:
    """Return the sentence about errors of classes that need Django: jobs, templates and the database."""
    if isinstance(problem, OSError) and (problem.filename or problem.errno in WITHOUT_A_NAME):
        remedy = REMEDIES.get(problem.errno or 0)
        sentence = f"{problem.filename or 'a file or the output'}: {problem.strerror}"
        return (f"{sentence}; {remedy}" if remedy else sentence), IMPOSSIBLE
    if isinstance(problem, sqlite3.Error) or type(problem).__module__.startswith(("django.db", "psycopg")):
        return _of_database(problem), IMPOSSIBLE
    from newsletter.backup import BackupProblem
    from newsletter.render.html.loader import TemplateProblem

    if isinstance(problem, TemplateProblem | Problem | BackupProblem):
        return str(problem), IMPOSSIBLE
    return None


def _of_database(problem: Exception) -> str:
    """Return what is wrong with the database; other errors than those of a connection or its disk are our fault."""
    from newsletter.sending.sql import database_watch

    if explanation := database_watch.explained(problem):
        return str(explanation)
    if type(problem).__name__ in ("OperationalError", "InterfaceError"):
        return str(database_watch.unusable(problem))
    return f"database error: {database_watch.first_line(problem)}; please report it"
