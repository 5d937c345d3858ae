"""`newsletter bounces`: read the bounce mailbox now."""

from datetime import UTC, datetime

import typer

from newsletter.cli.common import WRONG, Failed, emit, progress, ready

LINES = {
    "hard": "no such mailbox",
    "soft": "came back for another reason",
    "complaints": "complaints",
    "unsubscribed": "unsubscribed by mail",
    "nothing": "delays, receipts and automatic replies",
    "not_understood": "not understood, left unread and flagged in the mailbox",
}


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog="Example: newsletter bounces --json")(bounces)


def bounces() -> None:
    """Read the bounce mailbox now, and let bounces, complaints and unsubscribing mails take effect."""
    found = ready()
    from newsletter.jobs import consequences
    from newsletter.jobs.bounces import configured, read_mailbox

    now = datetime.now(UTC)
    refusals = consequences.weigh_refusals(found, now)
    if not configured(found):
        raise Failed("bounces.imap.host is not set, so that there is no mailbox to read; see docs/bounces.md", WRONG)
    with progress("reading") as step:
        reading = read_mailbox(found, now, step)
    suppressed = reading.suppressed + refusals
    lines = [f"mails read: {reading.read}"]
    lines += [f"{LINES[name]}: {count}" for name, count in reading.counts.items() if count]
    lines += [f"addresses that get nothing more: {suppressed}"]
    emit({"read": reading.read, **reading.counts, "suppressed": suppressed}, "\n".join(lines))
