"""`newsletter fetch`: read subscribers and old issues of an account at another tool, by its address and key."""

import getpass
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from newsletter.cli.common import configuration, emit, fail, progress
from newsletter.domain.english import counted

app = typer.Typer()


@app.command("fetch", epilog="Example: newsletter fetch ghost https://ghost.example ghost-export")
def fetch(
    tool: Annotated[Literal["ghost", "listmonk"], typer.Argument(metavar="TOOL", help="ghost or listmonk.")],
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The address of its admin pages.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder, which only you can read.")],
    list_: Annotated[
        str, typer.Option("--list", help="Which newsletter or list moves here: its number, name or slug.")
    ] = "",
    key_file: Annotated[
        Path | None, typer.Option("--key-file", help="A file with the key; otherwise you are asked for it.")
    ] = None,
) -> None:
    """Read an account at Ghost or listmonk into files.

    They can be imported. The key is not stored. If this is interrupted, run it again: it goes on where it stopped.
    """
    loaded = configuration()
    from newsletter.feeds.accounts.fetch import ISSUES, PEOPLE, Account, fetch as fetch_account

    collect = replace(loaded.collect, allow_private_addresses=True)
    account = Account(tool, address, list_)
    try:
        key = _key(key_file)
        with progress("fetching") as step:
            fetched = fetch_account(account, key, folder, collect, step=step)
    except OSError as problem:
        fail(str(problem))
    people, issues = counted(fetched.people, "subscriber"), counted(fetched.issues, "issue")
    emit(
        {"subscribers": fetched.people, "issues": fetched.issues, "folder": str(folder)},
        f"{people} and {issues} fetched. Import {folder / PEOPLE} with 'newsletter subscribers import', and"
        f" {folder / ISSUES} with 'newsletter archive import'; then delete the folder.",
    )


def _key(file: Path | None) -> str:
    """Return the key: from a file, from standard input, or as it is typed, without showing it."""
    if file is not None:
        return file.read_text(encoding="utf-8")
    return getpass.getpass("Key: ") if sys.stdin.isatty() else sys.stdin.readline()
