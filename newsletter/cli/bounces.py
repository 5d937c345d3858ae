"""`newsletter bounces`: read the bounce mailbox now."""

from datetime import UTC, datetime

import typer

from newsletter.cli.common import WRONG, Failed, emit, progress, ready

SENTENCES = {
    "hard": "said that there is no such mailbox",
    "soft": "came back for another reason",
    "complaints": "were complaints",
    "unsubscribed": "asked to unsubscribe",
    "nothing": "were delays, receipts or automatic replies",
    "not_understood": "were not understood; they stay unread and are flagged in the mailbox",
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
    lines = [f"{reading.read} mails were read"]
    lines += [f"{count} {SENTENCES[name]}" for name, count in reading.counts.items() if count]
    lines += [f"{reading.suppressed + refusals} addresses get nothing more"]
    emit({"read": reading.read, **reading.counts, "suppressed": reading.suppressed + refusals}, "\n".join(lines))
