"""The command line application, with the commands of this package."""

from typing import Annotated

import typer

from newsletter import __version__
from newsletter.cli import (
    api_tokens,
    archive,
    backups,
    bounces,
    checking_machine,
    collecting,
    deploying,
    dkim,
    drafting,
    edition_edits,
    fetching,
    mailq,
    resending,
    sending,
    starting,
    subscribers,
    users,
    workers,
)

app = typer.Typer(
    name="newsletter",
    help="Turn a blog into an email digest: collect posts, review a draft, send it to subscribers.",
    epilog="Options for every command: --config FILE, --json, --quiet, --debug. Example: newsletter draft kinaforum",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    starting,
    collecting,
    drafting,
    edition_edits,
    sending,
    resending,
    fetching,
    bounces,
    checking_machine,
    mailq,
    deploying,
    backups,
    workers,
    archive,
    subscribers,
    users,
    api_tokens,
    dkim,
):
    app.add_typer(module.app)


def _show_version(is_given: bool) -> None:
    if is_given:
        typer.echo(f"newsletter {__version__}")
        raise typer.Exit


@app.callback()
def newsletter(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Run one of the commands below."""
