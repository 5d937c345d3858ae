"""`bounces`, `mailq`, `workers`: look after a site that runs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.common import WRONG, emit, fail, new_table, progress, ready, refuse_unmigrated

if TYPE_CHECKING:
    from rich.console import RenderableType

    from newsletter.background import SetAside
    from newsletter.sending.machines.presence import WorkerStatus
    from newsletter.transactional.mail_queue import QueuedMessage


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

LIMIT = 500

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
    lines = [f"messages read: {reading.read}"]
    lines += [f"{LINES[name]}: {count}" for name, count in reading.counts.items() if count]
    lines += [f"addresses blocked: {suppressed}"]
    emit({"read": reading.read, **reading.counts, "suppressed": suppressed}, "\n".join(lines))


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


@app.command(epilog="Example: newsletter workers --json")
def workers(
    retry: Annotated[bool, typer.Option("--retry", help="Run the tasks that were set aside once more.")] = False,
) -> None:
    """List the machines and programs that use this database. Each line says what one of them is doing."""
    ready(migrate=False)
    refuse_unmigrated()
    from newsletter import background
    from newsletter.sending.machines import presence

    if retry:
        emit({"retried": (count := background.retry_set_aside())}, f"Run once more: {count}")
        return
    running, aside = presence.workers(), [_set_aside(task) for task in background.set_aside()]
    text = "".join(f"\nset aside: {task['task']} ({task['about']}) at {task['at']}" for task in aside)
    emit({"workers": [_document(worker) for worker in running], "set_aside": aside}, _tables(running, text))


def _set_aside(task: "SetAside") -> dict[str, str | None]:
    from newsletter.scheduling.failed_tasks import about

    return {"task": task.task, "about": about(task.arguments), "at": task.at.isoformat() if task.at else None}


def _tables(workers: "list[WorkerStatus]", text: str) -> "RenderableType":
    from rich.console import Group

    return Group(_table(workers), text.strip()) if text else _table(workers)


def _document(worker: "WorkerStatus") -> dict[str, Any]:
    return {
        "host": worker.host,
        "folder": worker.folder,
        "pid": worker.pid,
        "command": worker.command,
        "version": worker.version,
        "alive": worker.alive,
        "started": worker.started_at.isoformat(),
        "seen": worker.seen_at.isoformat(),
        "share": f"1/{worker.share.parts}" if worker.share else None,
        "editions": list(worker.editions),
        "services": dict(worker.services),
    }


def _table(workers: "list[WorkerStatus]") -> "RenderableType":
    from rich.table import Column

    if not workers:
        return "No program is running."
    table = new_table(
        Column("machine", ratio=2, overflow="fold"),
        Column("what it does", ratio=3, overflow="fold"),
        pad_edge=False,
        expand=True,
    )
    for worker in workers:
        table.add_row(f"{worker.host}:{worker.folder}", _what_it_does(worker))
    return table


def _what_it_does(worker: "WorkerStatus") -> str:
    """Return a line each for the program, its work and its state, so that nothing is cut off on a narrow terminal."""
    bad = [f"{name} {state}" for name, state in worker.services.items() if state != "running"]
    share = f"1/{worker.share.parts} of the limits" if worker.share else ""
    sending = f"sending {', '.join(worker.editions)}" if worker.editions else ""
    return "\n".join(
        filter(
            None,
            (
                f"{worker.command} ({worker.pid}), version {worker.version}",
                ", ".join(filter(None, (sending, share))),
                f"services: {', '.join(bad) or f'{len(worker.services)} running'}",
                f"last seen {worker.seen_at:%F %T}Z" + ("" if worker.alive else ", lost"),
            ),
        )
    )
