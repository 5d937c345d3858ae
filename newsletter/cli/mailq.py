"""`newsletter mailq`: unsent emails to single subscribers and to editors."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.common import emit, new_table, ready

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from newsletter.transactional.mail_queue import QueuedMessage

LIMIT = 500

app = typer.Typer()


@app.command(epilog="Example: newsletter mailq --retry")
def mailq(
    retry: Annotated[bool, typer.Option("--retry", help="Retry now, including emails that were given up.")] = False,
) -> None:
    """List unsent emails to single subscribers and to editors."""
    configuration = ready()
    from newsletter.transactional import mail_queue, subscriber_mail

    now = datetime.now(UTC)
    count = mail_queue.retry(now) if retry else 0
    sent = subscriber_mail.send_due(configuration, now) if retry else 0
    unsent = list(mail_queue.messages(LIMIT))
    retried = f"Retried {count}, sent {sent}. " if retry else ""
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
    emit({"retried": count, "sent": sent, "waiting": lines}, _text(unsent, retried))


def _text(unsent: "Sequence[QueuedMessage]", retried: str) -> "RenderableType":

    if not unsent:
        return f"{retried}No emails are waiting."
    table = new_table("kind", "newsletter", "to", "written", "attempts", "next try", "problem", pad_edge=False)
    for m in unsent:
        next_try = f"{m.next_try:%F %H:%M}Z" if m.next_try else "given up"
        written_at = f"{m.written:%F %H:%M}Z"
        table.add_row(
            m.what, m.newsletter, m.to or "editors", written_at, str(m.attempts), next_try, str(m.problem or "")
        )
    table.caption = retried or None
    return table
