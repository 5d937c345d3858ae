"""From what went wrong to one sentence and an exit status, for every command alike."""

import sqlite3

import click

from newsletter.cli.common import IMPOSSIBLE, WRONG, Failed
from newsletter.config import ConfigError
from newsletter.start import StartProblem


def sentence_and_status(problem: Exception) -> tuple[str, int] | None:
    """What to print and how to end; None for what nobody foresaw, which deserves its traceback."""
    if isinstance(problem, Failed):
        return str(problem), problem.status
    if isinstance(problem, click.UsageError):
        where = f" ('{problem.ctx.command_path} --help' tells more)" if problem.ctx else ""
        return problem.format_message().rstrip(".") + where, WRONG
    if isinstance(problem, click.ClickException):
        return problem.format_message(), problem.exit_code
    if isinstance(problem, ConfigError):
        return str(problem), WRONG
    if isinstance(problem, StartProblem):
        return str(problem), IMPOSSIBLE
    return _later(problem)


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
