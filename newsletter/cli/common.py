"""What every command shares: the options that may stand anywhere in the line, what is printed where, how it ends.

Exit status: 0 done; 1 it could not be done; 2 the command line or the configuration is wrong; 3 it needs a person.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from newsletter import config
from newsletter.config import Config

IMPOSSIBLE, WRONG, NEEDS_A_PERSON = 1, 2, 3

Step = Callable[[int, int], None]
"""Called with how much of how much is done."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options that every command takes."""

    config: str | None = None
    json: bool = False
    quiet: bool = False
    debug: bool = False


class Failed(Exception):
    """A command can't do what it was asked; one sentence, and the exit status."""

    def __init__(self, sentence: str, status: int = IMPOSSIBLE) -> None:
        super().__init__(sentence)
        self.status = status


_options = Options()


def options() -> Options:
    """The options of this call."""
    return _options


def lift(arguments: Sequence[str]) -> list[str]:
    """Take the common options out of a line, wherever they stand; what follows `manage` or `--` is left alone."""
    global _options
    found: dict[str, Any] = {}
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in ("manage", "--") and (word == "--" or not rest):
            rest += [word, *words]
        elif word in ("--json", "--quiet", "--debug"):
            found[word[2:]] = True
        elif word == "--config":
            found["config"] = next(words, None)
            if found["config"] is None:
                raise Failed("--config wants the path of a file", WRONG)
        elif word.startswith("--config="):
            found["config"] = word.removeprefix("--config=")
        else:
            rest.append(word)
    _options = Options(**found)
    return rest


def configuration() -> Config:
    """The configuration of this call, read and checked, put into force; nothing else is touched."""
    return config.use(config.load(config.find(_options.config)))


def ready(*, migrate: bool = True) -> Config:
    """The configuration, with Django set up and the database there: models may be used after it."""
    from newsletter.start import start

    found = configuration()
    start(found, migrate=migrate)
    return found


def newsletter_named(found: Config, name: str) -> config.Newsletter:
    """The newsletter of that name; ends with a sentence that lists the known ones."""
    if name not in found.newsletters:
        raise Failed(f"there is no newsletter '{name}'; config.toml has {', '.join(sorted(found.newsletters))}")
    return found.newsletters[name]


def console() -> Console:
    """Where people read: standard output, in colour only on a terminal."""
    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False, markup=False)


def emit(document: Any, text: RenderableType | None = None) -> None:
    """Print the result: `document` as the one JSON document with --json, else `text` unless --quiet."""
    if _options.json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")
    elif text is not None and not _options.quiet:
        console().print(text)


def say(sentence: str) -> None:
    """Tell a person something on the side, on standard error; silent with --quiet or --json."""
    if not (_options.quiet or _options.json):
        sys.stderr.write(sentence + "\n")


def fail(sentence: str, status: int = IMPOSSIBLE) -> NoReturn:
    """End with one sentence on standard error."""
    raise Failed(sentence, status)


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if a person says yes; without a terminal that needs `--yes` (status 3)."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failed(f"{question} Say so with --yes: there is no terminal to ask on", NEEDS_A_PERSON)
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes", "j", "ja"):
        raise Failed("nothing was done", NEEDS_A_PERSON)


def shows_progress() -> bool:
    """Whether somebody looks: only on a terminal."""
    return not (_options.quiet or _options.json) and Console(stderr=True).is_terminal


@contextmanager
def progress(what: str) -> Iterator[Step]:
    """A bar on standard error while something long goes on, where somebody looks."""
    if not shows_progress():
        yield lambda done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
