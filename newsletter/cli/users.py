"""`newsletter users …`: who may log in at the desk.

Promises: no password is ever on a command line; whoever is added chooses one through a link that works once.
"""

import getpass
import sys
from typing import Annotated, Literal

import typer
from rich.table import Table

from newsletter.cli.common import NEEDS_A_PERSON, emit, fail, ready

app = typer.Typer(
    help="Who may log in at the desk: add, list, password, remove.",
    epilog="Example: newsletter users add anna@example.org --role editor",
    no_args_is_help=True,
)

Email = Annotated[str, typer.Argument(help="The address that they log in with.")]


def register(parent: typer.Typer) -> None:
    """Put these commands under `newsletter users`."""
    parent.add_typer(app, name="users")


@app.command("add", epilog="Example: newsletter users add anna@example.org --role admin")
def add(
    email: Email,
    role: Annotated[Literal["admin", "editor"], typer.Option(help="admin: everything; editor: editions.")] = "editor",
    drafts_only: Annotated[
        bool, typer.Option("--drafts-only", help="An editor who changes drafts and sends proofs, but no edition.")
    ] = False,
) -> None:
    """Let somebody log in, and print the link through which they choose a password."""
    site = ready().site.url
    from newsletter.web.desk import users

    user = users.add(email, role, by="the command line", sends=not drafts_only)
    link = users.invitation(user, site)
    text = f"{user.username} may log in as {role} after choosing a password, within three days, at\n{link}"
    emit({"email": user.username, "role": role, "sends": users.may_send(user), "link": link}, text)


@app.command("list", epilog="Example: newsletter users list --json")
def show() -> None:
    """Who may log in, and when they last did."""
    ready()
    from newsletter.web.desk import users

    rows = [
        {
            "email": u.username,
            "role": users.role_name(u),
            "sends": sends,
            "last_login": u.last_login.isoformat() if u.last_login else None,
        }
        for u, sends in users.with_sending()
    ]
    table = Table("address", "role", "last here", box=None)
    for row in rows:
        role = f"{row['role']}" if row["sends"] else f"{row['role']}, drafts only"
        table.add_row(f"{row['email']}", role, f"{row['last_login'] or 'never'}"[:16].replace("T", " "))
    emit(rows, table if rows else "nobody may log in yet; 'newsletter users add' changes that")


@app.command("password", epilog="Example: newsletter users password anna@example.org")
def password(
    email: Email,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the new password from standard input.")] = False,
    without_factor: Annotated[
        bool, typer.Option("--without-factor", help="Also switch off a second factor that was lost.")
    ] = False,
) -> None:
    """Set a password: asked for on a terminal, read with --stdin; without either, a link to choose one is printed."""
    site = ready().site.url
    from newsletter.web.desk import recovery, users

    user = users.named(email)
    chosen = _chosen(stdin)
    if chosen and (problem := users.weakness(chosen)):
        fail(problem)
    if without_factor:
        recovery.switch_off(user, by="the command line")
    if not chosen:
        link = users.invitation(user, site)
        emit(
            {"email": user.username, "link": link}, f"{user.username} chooses a password, within three days, at\n{link}"
        )
        return
    users.set_password(user, chosen, by="the command line")
    emit({"email": user.username, "changed": True}, f"{user.username} has a new password, and is logged out everywhere")


@app.command("remove", epilog="Example: newsletter users remove anna@example.org")
def remove(email: Email) -> None:
    """Let somebody log in no more; the last admin stays."""
    ready()
    from newsletter.web.desk import users

    user = users.named(email)
    users.remove(user, by="the command line")
    emit({"email": user.username, "removed": True}, f"{user.username} can't log in any more")


def _chosen(stdin: bool) -> str:
    """The password off standard input or the terminal; "" where there is neither."""
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        return ""
    first = getpass.getpass("New password (empty: print a link instead): ")
    if first and getpass.getpass("Once more: ") != first:
        fail("the two passwords differ; nothing was changed", NEEDS_A_PERSON)
    return first
