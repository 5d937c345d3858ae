"""`newsletter users …`: manage who can log in to the desk.

No password is ever given on a command line; new users choose one through a link that works once.
"""

import getpass
import sys
from typing import Annotated, Literal

import typer

from newsletter.cli.common import NEEDS_A_PERSON, WRONG, emit, fail, new_table, ready

app = typer.Typer(
    name="users",
    help="Manage who can log in to the desk.",
    epilog="Example: newsletter users add anna@example.org --role editor",
    no_args_is_help=True,
)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The email address used to log in.")]


@app.command("add", epilog="Example: newsletter users add anna@example.org --role admin")
def add(
    email: Email,
    role: Annotated[
        Literal["admin", "editor"], typer.Option(help="Admins can do everything, editors work on editions.")
    ] = "editor",
    drafts_only: Annotated[
        bool, typer.Option("--drafts-only", help="The editor can't approve or send editions.")
    ] = False,
) -> None:
    """Invite someone, and print the link to choose a password."""
    if drafts_only and role == "admin":
        fail("--drafts-only is for editors; an admin can do everything", WRONG)
    site = ready().site.url
    from newsletter.web.desk import users

    user = users.add(email, role, by="the command line", sends=not drafts_only)
    link = users.invitation(user, site)
    text = f"{user.username} can log in as {role} after choosing a password at this link, valid for three days:\n{link}"
    emit({"email": user.username, "role": role, "sends": users.may_send(user), "link": link}, text)


@app.command("list", epilog="Example: newsletter users list --json")
def show() -> None:
    """List who can log in, and when they last did."""

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
    table = new_table(
        ("address", "role", "last login"),
        (
            (
                row["email"],
                row["role"] if row["sends"] else f"{row['role']}, drafts only",
                str(row["last_login"] or "never")[:16].replace("T", " "),
            )
            for row in rows
        ),
    )
    emit(rows, table if rows else "No one can log in yet. Invite someone with 'newsletter users add'.")


@app.command("password", epilog="Example: newsletter users password anna@example.org")
def password(
    email: Email,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the new password from standard input.")] = False,
    without_factor: Annotated[bool, typer.Option("--without-factor", help="Also turn off two-step login.")] = False,
) -> None:
    """Set a password. Without a terminal or --stdin, print a link to choose one."""
    site = ready().site.url
    from newsletter.web.desk import users
    from newsletter.web.desk.login import recovery_codes

    user = users.named(email)
    new_password = _chosen(stdin)
    if stdin and not new_password:
        fail("standard input has no password; nothing was changed", WRONG)
    if new_password and (problem := users.weakness(new_password)):
        fail(problem)
    if without_factor:
        recovery_codes.switch_off(user, by="the command line")
    if not new_password:
        link = users.invitation(user, site)
        emit(
            {"email": user.username, "link": link},
            f"{user.username} can choose a password at this link, valid for three days:\n{link}",
        )
        return
    users.set_password(user, new_password, by="the command line")
    emit({"email": user.username, "changed": True}, f"{user.username} has a new password and was logged out everywhere")


@app.command("remove", epilog="Example: newsletter users remove anna@example.org")
def remove(email: Email) -> None:
    """Remove a user. The last admin can't be removed."""
    ready()
    from newsletter.web.desk import users

    user = users.named(email)
    users.remove(user, by="the command line")
    emit({"email": user.username, "removed": True}, f"{user.username} can no longer log in")


def _chosen(stdin: bool) -> str:
    """Return the password from standard input or the terminal; "" without either."""
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        return ""
    typed = getpass.getpass("New password (leave empty to print a link instead): ")
    if typed and getpass.getpass("Repeat the password: ") != typed:
        fail("the passwords don't match; nothing was changed", NEEDS_A_PERSON)
    return typed
