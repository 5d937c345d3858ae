"""The command line application, with the commands of this package."""

from importlib import import_module
from typing import Annotated

import typer

import newsletter as package

COMMANDS = {
    "starting": ("init", "demo", "check", "run", "manage"),
    "collecting": ("try", "collect"),
    "drafting": ("draft", "editions", "show"),
    "previewing": ("preview", "designs", "lint"),
    "edition_edits": ("edit", "test", "approve", "reopen"),
    "sending": ("send", "pause", "resume", "cancel", "status", "worker"),
    "resending": ("settle", "resend"),
    "fetching": ("fetch",),
    "bounces": ("bounces",),
    "mail_queue": ("mailq",),
    "workers": ("workers",),
    "checking_machine": ("check-machine",),
    "deploying": ("deploy",),
    "backups": ("backup", "restore", "move-database"),
    "archive": ("archive",),
    "subscribers": ("subscribers",),
    "users": ("users",),
    "api_tokens": ("tokens",),
    "dkim": ("dkim",),
}
"""The commands of each module of this package, in the order of the help."""


def application(command: str = "") -> typer.Typer:
    """Return the command line with the commands of the module that has this one, or with all if none has it.

    The others take a tenth of a command's CPU time, and memory for as long as `run` runs.
    """
    app = typer.Typer(
        name="newsletter",
        help="Turn a blog into an email digest: collect posts, review a draft, send it to subscribers.",
        epilog="Options for every command: --config FILE, --json, --quiet, --debug. "
        "Example: newsletter draft kinaforum",
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(newsletter)
    for module in [module for module, names in COMMANDS.items() if command in names] or COMMANDS:
        app.add_typer(import_module(f"newsletter.cli.{module}").app)
    return app


def _show_version(is_given: bool) -> None:
    if is_given:
        typer.echo(f"newsletter {package.__version__}")
        raise typer.Exit


def newsletter(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Run one of the commands below."""
