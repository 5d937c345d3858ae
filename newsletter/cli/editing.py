"""`edit`, `test`, `approve`, `reopen`: what the desk does with a draft, for scripts."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.common import WRONG, emit, fail, ready

if TYPE_CHECKING:
    from newsletter.models import Edition

BY = "command line"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog='Example: newsletter edit kinaforum/2026-W06 --subject "The week in Asia" --leave-out 12')(edit)
    app.command(epilog="Example: newsletter test kinaforum/2026-W06 me@example.org")(test)
    app.command(epilog="Example: newsletter approve kinaforum/2026-W06 --revision 3")(approve)
    app.command(epilog="Example: newsletter reopen kinaforum/2026-W06")(reopen)


def edit(
    edition: Annotated[str, typer.Argument(help="such as kinaforum/2026-W06")],
    subject: Annotated[str | None, typer.Option(help="the subject; empty: made from the posts")] = None,
    preheader: Annotated[str | None, typer.Option(help="the line beside it; empty: made from the posts")] = None,
    greeting: Annotated[Path | None, typer.Option(help="a Markdown file to stand above the posts")] = None,
    closing: Annotated[Path | None, typer.Option(help="a Markdown file to stand below the posts")] = None,
    leave_out: Annotated[list[int] | None, typer.Option(metavar="POST", help="take a post out")] = None,
    include: Annotated[list[int] | None, typer.Option(metavar="POST", help="take a post in")] = None,
    pin: Annotated[list[int] | None, typer.Option(metavar="POST", help="put a post first in its day")] = None,
) -> None:
    """Change a draft's words and posts; POST is the number that `show` gives."""
    found = ready()
    from django.db import transaction

    from newsletter.jobs import describe, draft, editing

    row = draft.find(edition)
    words = {"subject": subject, "preheader": preheader, "greeting": _text(greeting), "closing": _text(closing)}
    given = {key: text for key, text in words.items() if text is not None}
    if not (given or leave_out or include or pin):
        fail("nothing to change was given; 'newsletter edit --help' lists what can be", WRONG)
    with transaction.atomic():
        if given:
            row = editing.set_words(row, BY, None, given)
        row = _each(row, leave_out, editing.leave_out)
        row = _each(row, include, editing.include)
        row = _each(row, pin, editing.pin)
    emit(describe.edition(row, found), f"{row.name} is at revision {row.revision}")


def test(
    edition: Annotated[str, typer.Argument(help="such as kinaforum/2026-W06")],
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS…", help="who gets the proof")],
) -> None:
    """Send a proof, [Test] before the subject; it counts as no delivery and its links act on nobody."""
    found = ready()
    from newsletter.jobs import draft
    from newsletter.jobs.proofs import send

    row = draft.find(edition)
    outcomes = send(row, found, addresses, by=BY)
    lines = [f"{address}: {told}" for address, told in outcomes.items()]
    emit({"edition": row.name, "proofs": outcomes}, "\n".join(lines))
    if any(told != "accepted" for told in outcomes.values()):
        fail("not every proof was accepted")


def approve(
    edition: Annotated[str, typer.Argument(help="such as kinaforum/2026-W06")],
    revision: Annotated[int | None, typer.Option(help="the revision that was looked at")] = None,
    despite_lint: Annotated[str, typer.Option(metavar="CODE,…", help="errors to be overruled, by name")] = "",
) -> None:
    """Freeze a draft: what was previewed is what is sent."""
    found = ready()
    from newsletter.jobs import approval, describe, draft

    row = approval.approve(
        draft.find(edition), by=BY, revision=revision, despite=[c.strip() for c in despite_lint.split(",") if c.strip()]
    )
    zone = found.newsletters[row.newsletter].zone
    due = f"it leaves {row.due_at.astimezone(zone):%A %F %H:%M}" if row.due_at else ""
    leaves = due or f"'newsletter send {row.name}' sends it"
    emit(describe.edition(row, found), f"{row.name} is approved at revision {row.revision}; {leaves}")


def reopen(edition: Annotated[str, typer.Argument(help="such as kinaforum/2026-W06")]) -> None:
    """Make an approved edition, or a queued one with nothing claimed, a draft again."""
    found = ready()
    from newsletter.jobs import approval, describe, draft

    row = approval.reopen(draft.find(edition), by=BY)
    emit(describe.edition(row, found), f"{row.name} is a draft again, revision {row.revision}")


def _text(path: Path | None) -> str | None:
    try:
        return None if path is None else path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        fail(f"{path}: is no text in UTF-8; save it as that")


def _each(
    row: "Edition", posts: list[int] | None, act: "Callable[[Edition, str, int | None, int], Edition]"
) -> "Edition":
    for post in posts or []:
        row = act(row, BY, None, post)
    return row
