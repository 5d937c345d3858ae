"""`edit`, `test`, `approve`, `reopen`: change and approve drafts from scripts, as at the desk."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.common import BY, WRONG, AllowLocalLinks, EditionName, emit, fail, ready_with_edition

if TYPE_CHECKING:
    from newsletter.config import Config
    from newsletter.models import Edition


app = typer.Typer()


@app.command(epilog='Example: newsletter edit kinaforum/2026-W06 --subject "The week in Asia" --leave-out 12')
def edit(
    edition: EditionName,
    subject: Annotated[str | None, typer.Option(help="The subject; if empty, it is made from the posts.")] = None,
    preheader: Annotated[str | None, typer.Option(help="The preview text; if empty, the headlines are used.")] = None,
    greeting: Annotated[Path | None, typer.Option(help="A Markdown file with the introduction.")] = None,
    closing: Annotated[Path | None, typer.Option(help="A Markdown file with the sign-off.")] = None,
    leave_out: Annotated[list[int] | None, typer.Option(metavar="POST", help="Remove this post.")] = None,
    include: Annotated[list[int] | None, typer.Option(metavar="POST", help="Add this post.")] = None,
    pin: Annotated[list[int] | None, typer.Option(metavar="POST", help="Put this post first in its day.")] = None,
    block: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A Markdown file with a sponsor, event or call to action.")
    ] = None,
    remove_block: Annotated[list[str] | None, typer.Option(metavar="ID", help="Remove this block.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also change what someone is writing at the desk.")] = False,
) -> None:
    """Change the text, posts and blocks of a draft. 'newsletter show' lists posts and blocks."""
    configuration, row = ready_with_edition(edition)
    from django.db import transaction

    from newsletter.editions import editing, leases, serialize
    from newsletter.editions.composing import block_files, blocks
    from newsletter.messages.posts import INCLUDED_AGAIN, INCLUDED_IN_LETTER

    words = {"subject": subject, "preheader": preheader, "greeting": _text(greeting), "closing": _text(closing)}
    changed_words = {key: text for key, text in words.items() if text is not None}
    added = [block_files.read(str(path), _read(path)) for path in block or []]
    if not (changed_words or leave_out or include or pin or added or remove_block):
        fail("nothing to change; see 'newsletter edit --help'", WRONG)
    leases.refuse_if_written(row, () if force else list(changed_words), datetime.now(UTC))
    with transaction.atomic():
        if changed_words:
            row = editing.set_words(configuration, row, BY, None, changed_words)
        row = _each(configuration, row, leave_out, editing.leave_out)
        row = _each(configuration, row, include, editing.include)
        row = _each(configuration, row, pin, editing.pin)
        for number in remove_block or []:
            row = blocks.remove(configuration, row, BY, None, number)
        for values in added:
            row = blocks.save(configuration, row, BY, None, values)
    document = serialize.edition(row, configuration)
    repeated = (INCLUDED_AGAIN.code, INCLUDED_IN_LETTER.code)
    included_again = [
        post for post in document["posts"] if post["id"] in (include or ()) and post["reason_code"] in repeated
    ]
    sentences = [f"{post['title']}: {post['reason']}" for post in included_again]
    emit(document, "\n".join([f"{row.name} saved, revision {row.revision}", *sentences]))


@app.command("test", epilog="Example: newsletter test kinaforum/2026-W06 me@example.org")
def proof(
    edition: EditionName,
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS", help="Who receives the test email.")],
    allow_local_links: AllowLocalLinks = False,
) -> None:
    """Send a test email, with [Test] before the subject. Its links don't affect subscribers."""
    configuration, row = ready_with_edition(edition, allow_local_links=allow_local_links)
    from newsletter.messages.delivery import TEST_ACCEPTED
    from newsletter.transactional.edition_tests import send

    outcomes = send(row, configuration, addresses, by=BY)
    lines = [f"{address}: {outcome}" for address, outcome in outcomes.items()]
    emit(
        {"edition": row.name, "proofs": {address: str(outcome) for address, outcome in outcomes.items()}},
        "\n".join(lines),
    )
    if not all(map(TEST_ACCEPTED.matches, outcomes.values())):
        fail("not every test email was accepted")


@app.command(epilog="Example: newsletter approve kinaforum/2026-W06 --revision 3")
def approve(
    edition: EditionName,
    revision: Annotated[
        int | None, typer.Option(help="The revision that you reviewed; fails if it is outdated.")
    ] = None,
    despite_lint: Annotated[str, typer.Option(metavar="CODE,…", help="Override these lint errors.")] = "",
    allow_local_links: AllowLocalLinks = False,
) -> None:
    """Approve a draft. Exactly what was approved is sent."""
    configuration, row = ready_with_edition(edition, allow_local_links=allow_local_links)
    from newsletter.editions import approval, serialize

    row = approval.approve(
        configuration,
        row,
        by=BY,
        revision=revision,
        despite=[c.strip() for c in despite_lint.split(",") if c.strip()],
        needs_content=True,
    )
    zone = configuration.newsletters[row.newsletter].zone
    due = (
        f"it will be sent on {row.due_at.astimezone(zone):%A %F} at {row.due_at.astimezone(zone):%H:%M}"
        if row.due_at
        else ""
    )
    leaves = due or f"send it with 'newsletter send {row.name}'"
    emit(serialize.edition(row, configuration), f"{row.name} is approved at revision {row.revision}; {leaves}")


@app.command(epilog="Example: newsletter reopen kinaforum/2026-W06")
def reopen(edition: EditionName) -> None:
    """Make an approved edition a draft again. A queued one can be reopened until its sending begins."""
    configuration, row = ready_with_edition(edition)
    from newsletter.editions import approval, serialize

    row = approval.reopen(row, by=BY)
    emit(serialize.edition(row, configuration), f"{row.name} is a draft again, revision {row.revision}")


def _text(path: Path | None) -> str | None:
    return None if path is None else _read(path)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        fail(f"{path}: not UTF-8 text; save the file as UTF-8")


def _each(
    configuration: "Config",
    row: "Edition",
    posts: list[int] | None,
    change: "Callable[[Config, Edition, str, int | None, int], Edition]",
) -> "Edition":
    for post in posts or []:
        row = change(configuration, row, BY, None, post)
    return row
