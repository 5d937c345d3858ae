"""Shared by all commands: the options allowed anywhere on the command line, output, and exit status.

Exit status: 0 done; 1 failed; 2 the command line or the configuration is invalid; 3 a person must decide.
"""

import io
import json
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TextIO
from zoneinfo import ZoneInfo

import typer

from newsletter import config
from newsletter.config import Config
from newsletter.web.listener import CannotListen, inherited_listener, open_listener

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Column, Table

    from newsletter.models import Edition

IMPOSSIBLE, WRONG, NEEDS_A_PERSON = 1, 2, 3

BY = "command line"
"""How the history of editions names whoever uses a command."""

EditionName = Annotated[str, typer.Argument(metavar="EDITION", help="An edition, such as kinaforum/2026-W06.")]
AllowLocalLinks = Annotated[
    bool, typer.Option("--allow-local-links", help="Accept a site.url that is not public, for any recipient.")
]

Step = Callable[[int, int], None]
"""Called with the work done so far and the total."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of every command."""

    config: str | None = None
    json: bool = False
    quiet: bool = False
    debug: bool = False


class Failed(Exception):
    """A command failed: one sentence and the exit status."""

    def __init__(self, sentence: str, status: int = IMPOSSIBLE) -> None:
        super().__init__(sentence)
        self.status = status


_options = Options()


def options() -> Options:
    """Return the options of this call."""
    return _options


def take_common_options(arguments: Sequence[str]) -> list[str]:
    """Remove the common options from anywhere in the arguments and keep them; ignore what follows `manage` or `--`."""
    global _options
    options: dict[str, Any] = {}
    remaining: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in ("manage", "--") and (word == "--" or not remaining):
            remaining += [word, *words]
        elif word in ("--json", "--quiet", "--debug"):
            options[word[2:]] = True
        elif word == "--config":
            options["config"] = next(words, None)
            if options["config"] is None:
                raise Failed("--config requires the path of a file", WRONG)
        elif word.startswith("--config="):
            options["config"] = word.removeprefix("--config=")
        else:
            remaining.append(word)
    _options = Options(**options)
    return remaining


def listening(host: str, port: int) -> socket.socket:
    """Return the socket that was passed on to this program, else one that listens there."""
    try:
        return inherited_listener() or open_listener(host, port)
    except CannotListen as e:
        raise Failed(str(e)) from e


def config_file() -> Path:
    """Return where the configuration is or would be."""
    return config.find(_options.config)


def configuration() -> Config:
    """Read and validate the configuration, and make it the current one."""
    return config.use(config.load(config_file()))


def ready(*, migrate: bool = True, allow_local_links: bool = False, events: bool = False) -> Config:
    """Return the configuration, with Django set up and the database migrated, so that models can be used."""
    from newsletter.start import start

    loaded = replace(configuration(), allow_local_links=allow_local_links)
    start(loaded, migrate=migrate, events=events)
    return loaded


def ready_with_edition(name: str, *, allow_local_links: bool = False) -> "tuple[Config, Edition]":
    """Return the configuration as `ready` does, and an edition. Raises NoSuchEdition."""
    loaded = ready(allow_local_links=allow_local_links)
    from newsletter.editions.edition_names import find

    return loaded, find(loaded, name)


def refuse_unmigrated() -> None:
    """End the command with a sentence and status IMPOSSIBLE if the database was not migrated to this version."""
    from newsletter.models.migration_state import waiting_migrations

    if waiting := waiting_migrations():
        fail(
            f"site.database: this version needs changes of the database that were not made yet ({waiting[-1]}); "
            "start 'newsletter run' of this version first",
        )


def newsletter_named(configuration: Config, name: str) -> config.Newsletter:
    """Return the newsletter of that name; raise Failed with the existing names if there is none."""
    if name not in configuration.newsletters:
        raise Failed(f"there is no newsletter '{name}'; config.toml has {', '.join(sorted(configuration.newsletters))}")
    return configuration.newsletters[name]


def time_given(option: str, text: str, zone: ZoneInfo) -> datetime:
    """Return the time that an option gives, local in this zone unless it has an offset.

    Ends the command with a sentence and status 2 if it is invalid.
    """
    from newsletter.editions.selection.windows import NoPeriod, moment_of

    try:
        return moment_of(text, zone)
    except NoPeriod as problem:
        raise Failed(f"{option}: {problem}", WRONG) from problem


def console() -> "Console":
    """Return a console for standard output, coloured only on a terminal."""
    from rich.console import Console  # rich takes 2 MB, which `run` does not need

    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False, markup=False)


def new_table(columns: "Sequence[str | Column]", rows: Iterable[Sequence[Any]], **options: Any) -> "Table":
    """Return a table without lines, of cells as `str` writes them; the options are those of rich."""
    from rich.table import Table

    table = Table(*columns, box=None, **options)
    for row in rows:
        table.add_row(*map(str, row))
    return table


def emit(document: Any, text: "RenderableType | None" = None, *, to_copy: str = "") -> None:
    """Print the result: `document` as the one JSON document with --json, else `text` unless --quiet.

    `to_copy` follows, and its lines are not broken, however narrow the terminal is.
    """
    if _options.json:
        document_output().write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")
    elif text is not None and not _options.quiet:
        if isinstance(text, str) and not sys.stdout.isatty():  # rich would write the same, and takes long to load
            sys.stdout.write(text + "\n")
        else:
            console().print(text)
    if to_copy and not (_options.json or _options.quiet):
        console().print(to_copy, soft_wrap=True)


def document_output() -> TextIO:
    """Return standard output for a document. In a file or a pipe it is UTF-8, so that no letter of it is replaced."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    return sys.stdout


def say(sentence: str) -> None:
    """Print a note to standard error, if it can be written; nothing with --quiet or --json."""
    if not (_options.quiet or _options.json):
        with suppress(OSError):
            sys.stderr.write(sentence + "\n")


def fail(sentence: str, status: int = IMPOSSIBLE) -> NoReturn:
    """End the command with one sentence on standard error."""
    raise Failed(sentence, status)


def fail_if_any(problems: Sequence[str]) -> None:
    """End the command with the first of these sentences and how many follow, if there are any."""
    if problems:
        fail(problems[0] + (f" (and {len(problems) - 1} more)" if problems[1:] else ""))


def confirm(question: str, *, yes: bool) -> None:
    """Ask for confirmation; without a terminal, `--yes` is required (status 3)."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failed(f"{question} There is no terminal to ask on; confirm with --yes", NEEDS_A_PERSON)
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes", "j", "ja"):
        raise Failed("cancelled; nothing was done", NEEDS_A_PERSON)


def shows_progress() -> bool:
    """Return whether standard error is a terminal, and output is wanted."""
    from rich.console import Console

    return not (_options.quiet or _options.json) and Console(stderr=True).is_terminal


@contextmanager
def progress(label: str) -> Iterator[Step]:
    """Show a progress bar on standard error, if it is a terminal."""
    if not shows_progress():
        yield lambda completed, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda completed, total: bar.update(task, completed=completed, total=total)
