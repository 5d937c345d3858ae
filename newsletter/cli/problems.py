"""Turn exceptions into one sentence and an exit status, for all commands."""

import errno
import sqlite3

import typer

from newsletter.cli.common import IMPOSSIBLE, WRONG, Failed
from newsletter.config import ConfigError
from newsletter.messages import Problem
from newsletter.start import StartProblem

FULL = (errno.ENOSPC, errno.EDQUOT)


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
    return _later(problem)


def _usage(problem: typer.TyperException) -> tuple[str, int]:
    """Return the sentence about an invalid command line, with the command that explains it."""
    context = getattr(problem, "ctx", None)
    said = problem.format_message() if isinstance(problem, typer.BadParameter) else str(problem)
    if not said.strip():  # its help was printed instead
        return "", WRONG
    if type(problem).__name__ == "NoArgsIsHelpError":  # typer doesn't export it; its text is the whole help
        return said.rstrip(), WRONG
    where = f"; see '{context.command_path} --help'" if context else ""
    return " ".join(said.split()).rstrip(".") + where, WRONG


def _later(problem: Exception) -> tuple[str, int] | None:
    """Return the sentence about errors of classes that need Django: jobs, templates and the database."""
    if isinstance(problem, OSError) and problem.errno in FULL:
        return f"{problem.filename or 'a file'}: {problem.strerror}; free some space and try again", IMPOSSIBLE
    if isinstance(problem, OSError) and problem.filename:
        return f"{problem.filename}: {problem.strerror}", IMPOSSIBLE
    if isinstance(problem, sqlite3.Error) or type(problem).__module__.startswith("django.db"):
        from newsletter.sending.sql.database_watch import damaged, full

        return str(
            full(problem) or damaged(problem) or f"database error: {str(problem).strip().splitlines()[0]}"
        ), IMPOSSIBLE
    from newsletter.backup.backup_problem import BackupProblem
    from newsletter.render.html.loader import TemplateProblem

    if isinstance(problem, TemplateProblem | Problem | BackupProblem):
        return str(problem), IMPOSSIBLE
    return None
