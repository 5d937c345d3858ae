"""`mailq`: the emails to single subscribers, the notices to editors and the events that are not sent yet."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.common import emit, new_table, ready

if TYPE_CHECKING:
    from rich.console import RenderableType

    from newsletter.transactional.mail_queue import QueuedMessage

LIMIT = 500

app = typer.Typer()


@app.command(epilog="Example: newsletter mailq --retry")
def mailq(
    retry: Annotated[bool, typer.Option("--retry", help="Retry now, including what was given up.")] = False,
) -> None:
    """List unsent emails to single people, notices and events."""
    configuration = ready()
    from newsletter import later
    from newsletter.scheduling.later_kinds import LATER
    from newsletter.transactional import mail_queue, subscriber_mail

    now = datetime.now(UTC)
    count = mail_queue.retry(now) if retry else 0
    sent = 0
    if retry:
        sent = subscriber_mail.send_due(configuration, now)
        sent += later.run_due(configuration, now, *LATER)
    unsent = list(mail_queue.messages(LIMIT))
    lines = [
        {
            "kind": message.what,
            "newsletter": message.newsletter,
            "to": message.to or "editors",
            "written": message.written.isoformat(),
            "attempts": message.attempts,
            "next_try": message.next_try.isoformat() if message.next_try else None,
            "problem": str(message.problem or ""),
            "problem_code": message.problem.code if message.problem else None,
        }
        for message in unsent
    ]
    emit(
        {"retried": count, "sent": sent, "waiting": lines},
        _text(unsent, f"Retried {count}, sent {sent}. " if retry else ""),
    )


def _text(unsent: "Sequence[QueuedMessage]", retried: str) -> "RenderableType":
    if not unsent:
        return f"{retried}Nothing is waiting."
    return new_table(
        ("kind", "newsletter", "to", "written", "attempts", "next try", "problem"),
        (
            (
                m.what,
                m.newsletter,
                m.to or "editors",
                f"{m.written:%F %H:%M}Z",
                m.attempts,
                f"{m.next_try:%F %H:%M}Z" if m.next_try else "given up",
                m.problem or "",
            )
            for m in unsent
        ),
        caption=retried or None,
        pad_edge=False,
    )
