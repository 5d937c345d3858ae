"""`settle` and `resend`: send an edition to those who may not, or did not, get it."""

from typing import Annotated, Literal

import typer

from newsletter.cli.common import BY, EditionName, confirm, emit, ready_with_edition
from newsletter.domain.english import counted

app = typer.Typer()


@app.command(epilog="Example: newsletter settle kinaforum/2026-W06 resend")
def settle(
    edition: EditionName,
    what: Annotated[
        Literal["resend", "leave"],
        typer.Argument(metavar="resend|leave", help="Send unconfirmed messages again, or don't."),
    ],
) -> None:
    """Decide about unconfirmed messages. Their connection dropped before the server confirmed them."""
    _, row = ready_with_edition(edition)
    from newsletter.sending import progress, unknown_deliveries

    count = (unknown_deliveries.resend if what == "resend" else unknown_deliveries.leave)(row, by=BY)
    word = "will be sent again; some subscribers may get it twice" if what == "resend" else "will not be sent again"
    emit(
        {**progress.counts(row).document(), "settled": count},
        f"{count} {word}" if count else "no unconfirmed deliveries",
    )


@app.command(epilog="Example: newsletter resend kinaforum/2026-W06 --dry-run")
def resend(
    edition: EditionName,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show how many subscribers did not get it.")] = False,
) -> None:
    """Send an edition again to the subscribers who missed it.

    They were skipped, since it was cancelled or they could not receive it when it was sent, or a server refused it
    because of the sender or the content. Nobody gets it twice. Unconfirmed messages are not sent again; see
    'newsletter settle'.
    """
    configuration, row = ready_with_edition(edition)
    from newsletter.sending import progress, resending

    counts = progress.counts(row)
    missed = resending.missed(row)
    if dry_run:
        emit(
            {**counts.document(), "resent": 0},
            f"{row.name}: {counted(missed.skipped, 'subscriber')} skipped, {missed.refused} refused for a reason other "
            "than their mailbox; nothing was done",
        )
        return
    if missed.count:
        confirm(
            f"Send {row.name} to {counted(missed.count, 'subscriber')} who got nothing ({missed.skipped} skipped, "
            f"{missed.refused} refused)?",
            yes=yes,
        )
    count = resending.send_to_missed(configuration, row, by=BY, expected=missed.count or None)
    document = {**progress.counts(row).document(), "resent": count}
    emit(
        document,
        f"{row.name} will be sent to {counted(count, 'subscriber')} by 'newsletter run', or 'newsletter send --wait'",
    )
