"""`send`, `pause`, `resume`, `cancel`, `status`, `settle`: an edition on its way."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.table import Column, Table

from newsletter.cli.common import (
    NEEDS_A_PERSON,
    WRONG,
    confirm,
    emit,
    fail,
    newsletter_named,
    progress,
    ready,
    say,
    shows_progress,
)
from newsletter.config import Config

if TYPE_CHECKING:
    from newsletter.jobs.progress import Counts
    from newsletter.models import Edition

BY = "command line"
LOOK = 0.4
EditionName = Annotated[str, typer.Argument(metavar="EDITION", help="such as kinaforum/2026-W06")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog="Example: newsletter send kinaforum/2026-W06 --approve --wait")(send)
    app.command(epilog="Example: newsletter pause kinaforum/2026-W06")(pause)
    app.command(epilog="Example: newsletter resume kinaforum/2026-W06")(resume)
    app.command(epilog="Example: newsletter cancel kinaforum/2026-W06")(cancel)
    app.command(epilog="Example: newsletter status kinaforum/2026-W06")(status)
    app.command(epilog="Example: newsletter settle kinaforum/2026-W06 resend")(settle)
    app.command(epilog="Example: newsletter worker")(worker)


def send(
    edition: EditionName,
    approve: Annotated[bool, typer.Option("--approve", help="approve it first, as it stands")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say who would get it")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="take part in sending, until nothing is left to do now")] = False,
    at: Annotated[str, typer.Option(metavar="TIME", help="when it leaves, such as 2026-02-06T18:00")] = "",
) -> None:
    """Let an approved edition leave; with --wait send it here and now."""
    found = ready()
    from newsletter.jobs.draft import find

    row = find(edition)
    due = _time(at, found, row) if at else None
    if dry_run:
        _rehearse(found, row)
        return
    _queue(found, row, approve=approve, yes=yes, due=due)
    if wait:
        _take_part(found, row)
    else:
        _tell_who_sends(found, row)


def pause(edition: EditionName) -> None:
    """Stop an edition that is on its way; what is in flight is waited for."""
    ready()
    from newsletter.jobs import underway
    from newsletter.jobs.draft import find

    row = underway.pause(find(edition), by=BY)
    _emit(row, f"{row.name} is paused; 'newsletter resume {row.name}' lets it go on")


def resume(edition: EditionName) -> None:
    """Let a paused edition go on."""
    found = ready()
    from newsletter.jobs import underway
    from newsletter.jobs.draft import find

    _tell_who_sends(found, underway.resume(find(edition), by=BY))


def cancel(edition: EditionName) -> None:
    """Give an edition up: what was not tried is skipped."""
    ready()
    from newsletter.jobs import approval, underway
    from newsletter.jobs.draft import find
    from newsletter.models import State

    row = find(edition)
    begun = row.state not in (State.DRAFT, State.APPROVED, State.QUEUED)
    row = underway.cancel(row, by=BY) if begun else approval.cancel(row, by=BY)
    _emit(row, f"{row.name} is cancelled; {'who got it has it' if begun else 'its posts are free again'}")


def status(edition: Annotated[str | None, typer.Argument(metavar="EDITION")] = None) -> None:
    """Show where an edition stands, or each that is on its way."""
    ready()
    from newsletter.jobs.draft import find

    if edition is None:
        _status_of_all()
        return
    row = find(edition)
    document = _standing(row)
    emit(document, _in_full(document))
    for one in document["unknown_deliveries"]:
        say(f"unknown: {one['address'] or 'someone forgotten since'} (number {one['number']}): {one['text']}")
    if row.reason or row.waiting:
        say(f"{row.name}: {row.reason or row.waiting}")


def settle(
    edition: EditionName,
    what: Annotated[Literal["resend", "leave"], typer.Argument(help="send the unknown ones again, or leave them")],
) -> None:
    """Decide what becomes of those of whom nobody can tell whether they got it."""
    ready()
    from newsletter.jobs import unknowns
    from newsletter.jobs.draft import find

    row = find(edition)
    count = (unknowns.resend if what == "resend" else unknowns.leave)(row, by=BY)
    word = "are to be sent again: some may get it twice" if what == "resend" else "stay unknown, and are settled"
    _emit(row, f"{count} {word}", settled=count)


def worker() -> None:
    """Send what is due, beside other machines that share the PostgreSQL database."""
    found = ready(migrate=False)
    from newsletter.jobs import sending

    if not found.site.database.startswith("postgresql"):
        fail("site.database: several machines need PostgreSQL; on this one alone 'newsletter run' sends")
    say("sending what is due; Ctrl-C ends it")
    with _stopped_by_signals() as stop:
        sending.serve(found, stop)


def _queue(found: Config, row: "Edition", *, approve: bool, yes: bool, due: datetime | None) -> None:
    """Take the edition to queued, or join where it is there already; ends where it can't leave."""
    from newsletter.jobs import approval
    from newsletter.models import State

    newsletter_named(found, row.newsletter)
    if row.state in (State.CANCELLED, State.SKIPPED):
        fail(f"{row.name} is {row.state}: it can't be sent")
    if row.state == State.PAUSED:
        fail(f"{row.name} is paused: {row.reason}; 'newsletter resume {row.name}' lets it go on", NEEDS_A_PERSON)
    if row.state == State.DRAFT and not approve:
        fail(f"{row.name} is a draft: look at it with 'newsletter preview {row.name}', then send it with --approve")
    if row.state not in (State.DRAFT, State.APPROVED):
        return
    approval.check_links(found, row.newsletter)
    readers = _audience(found, row)
    confirm(f"Send {row.name} to {readers} subscriber{'' if readers == 1 else 's'}?", yes=yes)
    if row.state == State.DRAFT:
        row = approval.approve(row, by=BY)
    approval.queue(row, by=BY, at=due)


def _audience(found: Config, row: "Edition") -> int:
    from subscribers.models import Subscription

    where = found.newsletters[row.newsletter].where
    return Subscription.objects.receiving(row.newsletter, datetime.now(UTC), where).count()


def _rehearse(found: Config, row: "Edition") -> None:
    from newsletter.jobs import approval
    from subscribers.models import Subscription

    newsletter = newsletter_named(found, row.newsletter)
    approval.check_links(found, row.newsletter)
    count, now = _audience(found, row), datetime.now(UTC)
    excluded = Subscription.objects.excluded(row.newsletter, now, newsletter.where)
    others = ", ".join(f"{number} {why}" for why, number in excluded.items() if number) or "nobody"
    document = {"edition": row.name, "state": row.state, "audience": count, "excluded": excluded}
    emit(document, f"{row.name} ({row.state}) would go to {count} subscribers; left out: {others}; nothing was done")


def _tell_who_sends(found: Config, row: "Edition") -> None:
    from newsletter.jobs.sending import somebody_sends
    from newsletter.models import State

    row.refresh_from_db()
    if row.state == State.SENT:
        _emit(row, f"{row.name} is sent already: nothing was sent again")
    elif somebody_sends(found):
        _emit(row, f"{row.name} is {row.state}; the sender that is running sends it")
    else:
        _emit(row, f"{row.name} is {row.state}; 'newsletter run' sends it, or 'newsletter send {row.name} --wait'")


def _take_part(found: Config, row: "Edition") -> None:
    """Send, or watch whoever sends, until nothing is left to do now; then say how it went."""
    from newsletter.jobs import consequences, sending
    from newsletter.models import State

    problem, looked, through, waiting = "", 0.0, False, sending.Waiting(row)
    shown = shows_progress()
    if row.state == State.SENT and sending.nothing_left_now(row):
        say(f"{row.name} is sent already: nothing is sent again")

    def until(said: str) -> bool:
        nonlocal problem, looked, through
        problem = said
        if time.monotonic() - looked < LOOK and not said:
            return False
        looked = time.monotonic()
        if shown:
            step(*_done(row))
        through = waiting.over()
        return through or bool(said)

    with _stopped_by_signals() as stop, progress(f"sending {row.name}") as step:
        sending.take_part(found, stop, until)
    consequences.weigh_refusals(found, datetime.now(UTC))
    row.refresh_from_db()
    left = not (through or sending.nothing_left_now(row))
    _conclude(row, problem if left else "", stopped=stop.is_set() and left)


def _done(row: "Edition") -> tuple[int, int]:
    from newsletter.jobs.progress import counts

    counted = counts(row)
    return counted.audience - counted.pending, counted.audience


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set: what is in flight is waited for."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _conclude(row: "Edition", problem: str, *, stopped: bool) -> None:
    from newsletter.jobs.progress import counts, unsettled
    from newsletter.models import State

    counted = counts(row)
    emit(counted.document(), _sentence(counted))
    if problem:
        fail(f"{problem}; {row.name} is still {row.state}")
    if stopped:
        fail(f"stopped; {row.name} is still {row.state}, and 'newsletter send {row.name} --wait' goes on")
    if row.state == State.PAUSED:
        fail(f"{row.name} is paused: {row.reason}", NEEDS_A_PERSON)
    if open_questions := unsettled(row):
        fail(
            f"of {open_questions} nobody can tell whether they got it: 'newsletter status {row.name}' names them, "
            f"'newsletter settle {row.name} resend' or 'leave' decides",
            NEEDS_A_PERSON,
        )


def _sentence(counted: "Counts") -> str:
    parts = [f"{counted.edition} is {counted.state}: {counted.accepted} of {counted.audience} accepted"]
    if counted.deferred:
        parts.append(f"{counted.deferred} are deferred, and 'newsletter run' will try them again")
    if counted.refused:
        parts.append(f"{counted.refused} were refused for good")
    if counted.skipped:
        parts.append(f"{counted.skipped} were skipped")
    return "; ".join(parts)


def _status_of_all() -> None:
    from django.db.models import Exists, OuterRef, Q

    from newsletter.models import Edition, Result, Retry, State

    open_ends = Q(Exists(Retry.objects.filter(edition=OuterRef("pk")))) | Q(
        Exists(Result.objects.filter(edition=OuterRef("pk"), kind="unknown", settled=False))
    )
    rows = Edition.objects.filter(Q(state__in=(State.QUEUED, State.SENDING, State.PAUSED)) | open_ends)
    documents = [_standing(row) for row in rows.exclude(state=State.CANCELLED).order_by("-until")]
    emit({"editions": documents}, _table(documents) if documents else "Nothing is on its way.")


def _standing(row: "Edition") -> dict[str, Any]:
    from newsletter.jobs import progress as standing

    counted = standing.counts(row)
    rate = standing.rate(row, datetime.now(UTC))
    left = standing.time_left(counted, rate)
    return {
        **counted.document(),
        "reason": row.reason or None,
        "rate": round(rate, 1),
        "seconds_left": None if left is None else left.total_seconds(),
        "unknown_deliveries": [
            {"number": u.number, "address": u.address, "text": u.text, "settled": u.settled}
            for u in standing.unknown(row)
        ],
    }


def _in_full(one: dict[str, Any]) -> Table:
    """One edition, a line for each thing there is to know."""
    table = Table(one["edition"], one["state"], box=None)
    for kind in ("audience", "pending", "accepted", "deferred", "refused", "unknown", "skipped"):
        table.add_row(kind, str(one[kind]))
    table.add_row("a second", f"{one['rate']:g}")
    table.add_row("time left", _duration(one["seconds_left"]))
    return table


def _table(documents: list[dict[str, Any]]) -> Table:
    """Several editions, a line each, within 80 columns."""
    table = Table(
        Column("edition", no_wrap=True), "state", "accepted", "pending", "deferred", "unknown", "left", box=None
    )
    for one in documents:
        accepted = f"{one['accepted']} of {one['audience']}"
        counts = (accepted, str(one["pending"]), str(one["deferred"]), str(one["unknown"]))
        table.add_row(one["edition"], one["state"], *counts, _duration(one["seconds_left"]))
    return table


def _duration(seconds: float | None) -> str:
    return "nobody can tell" if seconds is None else str(timedelta(seconds=seconds))


def _emit(row: "Edition", text: str, **more: Any) -> None:
    from newsletter.jobs.progress import counts

    emit({**counts(row).document(), **more}, text)


def _time(text: str, found: Config, row: "Edition") -> datetime:
    """A time of the newsletter's place, unless it names its offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--at {text}: write a time such as 2026-02-06T18:00", WRONG)
    return at if at.tzinfo else at.replace(tzinfo=newsletter_named(found, row.newsletter).zone)
