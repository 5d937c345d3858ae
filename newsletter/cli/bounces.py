"""`bounces`: read the bounce mailbox."""

from datetime import UTC, datetime

import typer

from newsletter.cli.common import WRONG, emit, fail, progress, ready

LINES = {
    "hard": "hard bounces",
    "soft": "soft bounces",
    "complaints": "complaints",
    "unsubscribed": "unsubscribed by email",
    "codes": "emails that ask for a delayed confirmation",
    "dmarc_reports": "DMARC reports",
    "nothing": "delays, receipts and automatic replies",
    "not_understood": "not understood, left unread and flagged",
}

app = typer.Typer()


@app.command(epilog="Example: newsletter bounces --json")
def bounces() -> None:
    """Read the bounce mailbox now. Bounces, complaints and unsubscribe requests are processed."""
    configuration = ready()
    from newsletter.bounces import policy
    from newsletter.bounces.mailbox_status import configured
    from newsletter.bounces.processing import read_mailbox

    now = datetime.now(UTC)
    refusals = policy.count_refusals(configuration, now)
    if not configured(configuration):
        fail("bounces.imap.host is not set, so there is no mailbox to read; see docs/bounces.md", WRONG)
    with progress("reading") as step:
        reading = read_mailbox(configuration, now, step)
    suppressed = reading.suppressed + refusals
    lines = [
        f"messages read: {reading.read}",
        *(f"{LINES[name]}: {count}" for name, count in reading.counts.items() if count),
        f"addresses blocked: {suppressed}",
    ]
    emit({"read": reading.read, **reading.counts, "suppressed": suppressed}, "\n".join(lines))
