"""From what went wrong to one sentence and an exit status, for every command alike."""

import sqlite3

import typer

from newsletter.cli.common import IMPOSSIBLE, WRONG, Failed
from newsletter.config import ConfigError
from newsletter.start import StartProblem


def sentence_and_status(problem: Exception) -> tuple[str, int] | None:
    """What to print and how to end; None for what nobody foresaw, which deserves its traceback."""
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
    """A command line that is wrong, in one line, and where the right one is explained."""
    context = getattr(problem, "ctx", None)
    said = problem.format_message() if isinstance(problem, typer.BadParameter) else str(problem)
    if not said.strip():  # its help was printed instead
        return "", WRONG
    where = f"; '{context.command_path} --help' tells more" if context else ""
    return " ".join(said.split()).rstrip(".") + where, WRONG


def _later(problem: Exception) -> tuple[str, int] | None:
    """What only exists once Django is set up: the sentences of jobs and rooms, and a database that won't."""
    if isinstance(problem, OSError) and problem.filename:
        return f"{problem.filename}: {problem.strerror}", IMPOSSIBLE
    if isinstance(problem, sqlite3.Error) or type(problem).__module__.startswith("django.db"):
        return f"the database said: {str(problem).strip().splitlines()[0]}", IMPOSSIBLE
    from newsletter.render.loader import TemplateProblem

    if isinstance(problem, TemplateProblem) or getattr(problem, "is_a_sentence", False):
        return str(problem), IMPOSSIBLE
    return None
