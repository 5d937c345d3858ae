"""Every command has help with an example."""

import re
from collections.abc import Iterator

import pytest
import typer

from newsletter import __version__
from newsletter.cli.app import COMMANDS, application
from tests.cli.conftest import Run

CONTRACT = {
    "ground": "init demo check run manage",
    "sources": "try collect",
    "editions": "draft editions show preview lint edit test approve reopen",
    "sending": "send pause resume cancel status settle",
    "people": "subscribers users",
}


def commands() -> Iterator[tuple[str, ...]]:
    """Return every command and group as its words."""
    yield ()
    group = typer.main.get_group(application())
    for name, each in group.commands.items():
        yield (name,)
        for below in getattr(each, "commands", {}):
            yield name, below


ALL = sorted(commands())


@pytest.mark.parametrize("words", [w for w in ALL if w != ("manage",)], ids=" ".join)
def test_help_says_what_it_does_with_an_example(command: Run, words: tuple[str, ...]) -> None:
    told = command(*words, "--help")
    assert told.err == ""
    assert "Usage: newsletter" in told.out
    assert re.search(r"Example:\s+newsletter", told.out)
    assert "<bool>" not in told.out, "a switch takes no value"
    assert "...\n" not in told.out.partition("Commands:")[2], "what a command does fits in its line"


def test_each_command_is_listed_with_its_module() -> None:
    for names in COMMANDS.values():
        assert tuple(typer.main.get_group(application(names[0])).commands) == names


@pytest.mark.parametrize("name", " ".join(CONTRACT.values()).split())
def test_every_documented_command_exists(name: str) -> None:
    assert (name,) in ALL


def test_without_arguments_it_shows_its_help(command: Run) -> None:
    assert "Usage: newsletter" in command().out


def test_a_group_without_a_command_shows_its_help(command: Run) -> None:
    told = command("subscribers", status=2)
    assert "Usage: newsletter subscribers" in told.out + told.err


def test_the_version_is_shown(command: Run) -> None:
    assert command("--version").out == f"newsletter {__version__}\n"
