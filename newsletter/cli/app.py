"""The command line: puts the commands of this folder together."""

from typing import Annotated

import typer

from newsletter import __version__
from newsletter.cli import bounces, collecting, dkim, drafting, editing, sending, starting, subscribers, users

app = typer.Typer(
    name="newsletter",
    help="Collects a blog's posts, makes them a mail grouped by day, and sends it once to each subscriber.",
    epilog="Anywhere in the line: --config FILE, --json, --quiet, --debug. Example: newsletter draft kinaforum",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (starting, collecting, drafting, editing, sending, subscribers, users, bounces, dkim):
    module.register(app)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"newsletter {__version__}")
        raise typer.Exit


@app.callback()
def newsletter(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Every command is one of those below."""
