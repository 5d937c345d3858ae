"""`newsletter tokens …`: add, list and revoke tokens of the API."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from newsletter.cli.common import emit, new_table, ready

app = typer.Typer(
    name="tokens",
    help="Manage the tokens that other programs need to use the API.",
    epilog="Example: newsletter tokens add 'the shop' --scope subscribers:write --newsletter kinaforum",
    no_args_is_help=True,
)

BY = "the command line"


@app.command("add", epilog="Example: newsletter tokens add 'the blog' --scope posts:write")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the token is for.")],
    scope: Annotated[list[str], typer.Option("--scope", help="What it allows; repeat the option for several.")],
    newsletter: Annotated[
        list[str] | None, typer.Option("--newsletter", "-n", help="Only for this newsletter; may be repeated.")
    ] = None,
) -> None:
    """Create a token, and print it once."""
    configuration = ready()
    from newsletter.api import tokens

    token = tokens.create(configuration, name, scope, newsletter or [], by=BY, now=datetime.now(UTC))
    document = {
        "key": token.row.key,
        "token": token.text,
        "scopes": token.row.scopes,
        "newsletters": token.row.newsletters,
    }
    emit(document, f"The token for {token.row.name} is not shown again:\n{token.text}")


@app.command("list", epilog="Example: newsletter tokens list --json")
def show() -> None:
    """List the tokens with their scopes."""
    ready()
    from newsletter.api import tokens

    rows = [
        {
            "key": row.key,
            "name": row.name,
            "scopes": row.scopes,
            "newsletters": row.newsletters,
            "created_at": row.created_at.isoformat(),
            "last_used_at": row.last_used_at.isoformat() if row.last_used_at else None,
            "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None,
        }
        for row in tokens.listed()
    ]

    table = new_table(
        ("key", "name", "scopes", "last used"),
        (
            (
                row["key"],
                row["name"],
                ", ".join(row["scopes"]),
                "revoked" if row["revoked_at"] else (row["last_used_at"] or "never")[:16].replace("T", " "),
            )
            for row in rows
        ),
    )
    emit(rows, table if rows else "There are no tokens. Add one with 'newsletter tokens add'.")


@app.command("revoke", epilog="Example: newsletter tokens revoke 4f1c09d2ab37")
def revoke(key: Annotated[str, typer.Argument(metavar="KEY", help="The token's key, as listed.")]) -> None:
    """Revoke a token."""
    ready()
    from newsletter.api import tokens

    row = tokens.revoke(key, by=BY, now=datetime.now(UTC))
    emit({"key": row.key, "revoked": True}, f"The token for {row.name} is revoked.")
