"""`workers`: the machines and programs that use this database."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.common import emit, new_table, ready, refuse_unmigrated

if TYPE_CHECKING:
    from rich.console import RenderableType

    from newsletter.background import SetAside
    from newsletter.sending.machines.presence import WorkerStatus

app = typer.Typer()


@app.command(epilog="Example: newsletter workers --json")
def workers(
    retry: Annotated[bool, typer.Option("--retry", help="Run the tasks that were set aside once more.")] = False,
) -> None:
    """List the machines and programs that use this database. Each line says what one of them is doing."""
    from rich.console import Group

    configuration = ready(migrate=False)
    refuse_unmigrated()
    from newsletter import background
    from newsletter.sending.machines import presence

    if retry:
        emit({"retried": (count := background.retry_set_aside())}, f"Run once more: {count}")
        return
    running, aside = presence.workers(configuration.delivery), [_set_aside(task) for task in background.set_aside()]
    lines = [f"set aside: {task['task']} ({task['about']}) at {task['at']}" for task in aside]
    emit({"workers": [_document(worker) for worker in running], "set_aside": aside}, Group(_table(running), *lines))


def _set_aside(task: "SetAside") -> dict[str, str | None]:
    from newsletter.scheduling.failed_tasks import about

    return {"task": task.task, "about": about(task.arguments), "at": task.at.isoformat() if task.at else None}


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
    return new_table(
        (Column("machine", ratio=2, overflow="fold"), Column("what it does", ratio=3, overflow="fold")),
        ((f"{worker.host}:{worker.folder}", _what_it_does(worker)) for worker in workers),
        pad_edge=False,
        expand=True,
    )


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
