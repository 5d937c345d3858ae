"""`send`, `pause`, `resume`, `cancel`, `status`, `worker`: send editions."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter import config
from newsletter.cli import progress_tables
from newsletter.cli.common import (
    BY,
    NEEDS_A_PERSON,
    WRONG,
    AllowLocalLinks,
    EditionName,
    confirm,
    emit,
    fail,
    newsletter_named,
    progress,
    ready,
    ready_with_edition,
    refuse_unmigrated,
    say,
    shows_progress,
    time_given,
)
from newsletter.config import Config
from newsletter.config.database import is_postgresql
from newsletter.domain.english import counted
from newsletter.logs.setup import in_format

if TYPE_CHECKING:
    import socket

    from newsletter.messages import Message
    from newsletter.models import Edition
    from newsletter.sending.progress import Counts

LOOK = 0.4

app = typer.Typer()


@app.command(epilog="Example: newsletter send kinaforum/2026-W06 --approve --wait")
def send(
    edition: EditionName,
    approve: Annotated[bool, typer.Option("--approve", help="Approve the current revision first.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show how many would receive it.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Send now, and wait until everything is sent.")] = False,
    at: Annotated[str, typer.Option(metavar="TIME", help="When to send it, such as 2026-02-06T18:00.")] = "",
    now: Annotated[bool, typer.Option("--now", help="Send it now, even if it is scheduled for later.")] = False,
    allow_local_links: AllowLocalLinks = False,
) -> None:
    """Queue an approved edition for sending. With --wait, send it now."""
    configuration, row = ready_with_edition(edition, allow_local_links=allow_local_links)

    due = _time(at, configuration, row) if at else None
    if dry_run:
        _rehearse(configuration, row)
        return
    if at and now:
        fail("--at and --now contradict each other; use one of them", WRONG)
    _queue(configuration, row, approve=approve, yes=yes, due=due)
    if now:
        _send_now(configuration, row)
    if wait:
        _send_and_wait(configuration, row)
    else:
        _tell_who_sends(configuration, row)


@app.command(epilog="Example: newsletter pause kinaforum/2026-W06")
def pause(edition: EditionName) -> None:
    """Pause sending an edition. Messages being transferred are completed."""
    _, row = ready_with_edition(edition)
    from newsletter.sending import lifecycle

    row = lifecycle.pause(row, by=BY)
    _emit(row, f"{row.name} is paused; continue with 'newsletter resume {row.name}'")


@app.command(epilog="Example: newsletter resume kinaforum/2026-W06")
def resume(
    edition: EditionName,
    leave_refused: Annotated[
        bool, typer.Option("--leave-refused", help="Don't send again what was refused for no reason of a mailbox.")
    ] = False,
) -> None:
    """Resume sending a paused edition. Emails that were refused for no reason of a mailbox are sent again."""
    configuration, row = ready_with_edition(edition)
    from newsletter.sending import lifecycle, refusals

    count = 0 if leave_refused else refusals.refused_to_send(row)
    resumed = lifecycle.resume(row, by=BY, leave_refused=leave_refused, expected=count)
    if count:
        say(f"{row.name}: {counted(count, 'refused email')} will be sent again")
    _tell_who_sends(configuration, resumed)


@app.command(epilog="Example: newsletter cancel kinaforum/2026-W06")
def cancel(edition: EditionName) -> None:
    """Cancel an edition. Messages not yet attempted are skipped; 'newsletter resend' sends them after all."""
    configuration, row = ready_with_edition(edition)
    from newsletter.editions import approval
    from newsletter.models import State
    from newsletter.sending import lifecycle

    begun = row.state not in (State.DRAFT, State.APPROVED, State.QUEUED)
    row = lifecycle.cancel(configuration, row, by=BY) if begun else approval.cancel(row, by=BY)
    _emit(
        row,
        f"{row.name} is cancelled; {'messages already sent stay sent' if begun else 'its posts are available again'}",
    )


@app.command(epilog="Example: newsletter status kinaforum/2026-W06")
def status(edition: Annotated[str | None, typer.Argument(metavar="EDITION", help="Only this edition.")] = None) -> None:
    """Show the sending progress of one edition, or of all."""
    configuration = ready()
    from newsletter.editions.edition_names import find
    from newsletter.recovery import hold
    from newsletter.sending import unsubscriptions
    from newsletter.transactional import mail_queue

    for problem in filter(None, (hold.reason(), unsubscriptions.problem())):
        say(str(problem))
    if count := mail_queue.failed():
        whom = "to subscribers, editors or webhooks"
        say(f"{counted(count, 'message')} {whom} could not be sent yet; 'newsletter mailq' lists the reasons")
    if edition is None:
        _status_of_all()
        return
    from newsletter.models import State
    from newsletter.sending.standing import standing

    row = find(configuration, edition)
    document = standing(row, datetime.now(UTC))
    emit(document, progress_tables.of_one(document))
    for delivery in document["unknown_deliveries"]:
        address = delivery["address"] or "an erased subscriber"
        say(f"unknown: {address} (number {delivery['number']}): {delivery['text']}")
    if row.reason or row.waiting:
        say(f"{row.name}: {row.reason or row.waiting}")
    if count := document["refused_to_send"]:
        command = "resume" if row.state == State.PAUSED else "resend"
        say(
            f"refused: {counted(count, 'email')}, for a reason other than a mailbox; when it is gone, "
            f"'newsletter {command} {row.name}' sends the edition to those who did not get it"
        )


@app.command(epilog="Example: newsletter worker")
def worker(
    host: Annotated[str | None, typer.Option(help="The address to answer /healthz and /metrics on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port to answer them on.")] = None,
    *,
    allow_local_links: AllowLocalLinks = False,
) -> None:
    """Send editions as one of several machines. They share a PostgreSQL database."""
    configuration = ready(migrate=False, allow_local_links=allow_local_links, events=True)
    from newsletter.cli.services import run_supervised, supervise

    if not is_postgresql(configuration.site.database):
        fail("site.database: 'newsletter worker' needs PostgreSQL; on a single machine use 'newsletter run'")
    refuse_unmigrated()
    say(in_format(configuration.log, "sending what is due; press Ctrl-C to stop"))
    listener = _probe_listener(configuration, host, port)
    with _stopped_by_signals() as stop:
        supervisor = supervise(config.current, schedule=False, send=True, command="worker")
        if listener is not None:
            from newsletter.web import server

            supervisor.add("web", lambda service: server.run_probes(service, listener, configuration))
        run_supervised(supervisor, configuration, "worker", stop)


def _probe_listener(configuration: Config, host: str | None, port: int | None) -> "socket.socket | None":
    """Listen for requests of monitoring; a port that was not asked for may be in use, such as by `newsletter run`."""
    from newsletter.web.listener import CannotListen, inherited_listener, listener_address, open_listener

    host = host or configuration.web.host
    try:
        listener = inherited_listener() or open_listener(host, configuration.web.port if port is None else port)
    except CannotListen as problem:
        if port is not None:
            fail(str(problem))
        without = f"{problem}; without it, nobody answers /healthz, /readyz and /metrics for this worker"
        say(in_format(configuration.log, without))
        return None
    say(in_format(configuration.log, f"/healthz, /readyz and /metrics are at {listener_address(listener)}"))
    return listener


def _queue(configuration: Config, row: "Edition", *, approve: bool, yes: bool, due: datetime | None) -> None:
    """Queue the edition unless it is queued already; raise Failed if it can't be sent."""
    from newsletter.editions import approval
    from newsletter.editions.problems import refuse_inactive
    from newsletter.models import State

    newsletter = newsletter_named(configuration, row.newsletter)
    if row.state != State.SENT:
        refuse_inactive(newsletter)
    if row.state in (State.CANCELLED, State.SKIPPED):
        fail(f"{row.name} is {row.state} and can't be sent")
    if row.state == State.PAUSED:
        fail(f"{row.name} is paused: {row.reason}; continue with 'newsletter resume {row.name}'", NEEDS_A_PERSON)
    if row.state == State.DRAFT and not approve:
        fail(f"{row.name} is a draft; review it with 'newsletter preview {row.name}', then send it with --approve")
    if row.state == State.QUEUED:
        approval.try_again(configuration, row)
    if row.state not in (State.DRAFT, State.APPROVED):
        return
    _check_links(configuration, row)
    recipients = _audience(configuration, row)
    action = f"Schedule {row.name} for {due:%F %H:%M}Z, to be sent" if due else f"Send {row.name}"
    confirm(f"{action} to {counted(recipients, 'subscriber')}?", yes=yes)
    if row.state == State.DRAFT:
        row = approval.approve(configuration, row, by=BY, needs_content=True)
    approval.queue(configuration, row, by=BY, at=due)


def _send_now(configuration: Config, row: "Edition") -> None:
    """Send the edition now if it is scheduled for later."""
    from newsletter.editions import approval
    from newsletter.models import State

    row.refresh_from_db()
    if row.state == State.QUEUED and row.due_at and row.due_at > datetime.now(UTC):
        approval.send_now(configuration, row, by=BY)


def _check_links(configuration: Config, row: "Edition") -> None:
    from newsletter.editions.local_links import check_edition, check_links
    from newsletter.models import ApprovedContent

    content = ApprovedContent.objects.filter(edition=row).first()
    if content is None:
        check_links(configuration, row.newsletter)
    else:
        check_edition(configuration, row.newsletter, content)


def _audience(configuration: Config, row: "Edition") -> int:
    from newsletter.sending import audience

    return audience.receiving(configuration.edited(row), row, datetime.now(UTC)).count()


def _rehearse(configuration: Config, row: "Edition") -> None:
    from subscribers.models import Subscription

    newsletter = newsletter_named(configuration, row.newsletter)
    _check_links(configuration, row)
    count, now = _audience(configuration, row), datetime.now(UTC)
    excluded = Subscription.objects.excluded(newsletter, now)
    exclusions = ", ".join(f"{number} {why}" for why, number in excluded.items() if number) or "none"
    document = {"edition": row.name, "state": row.state, "audience": count, "excluded": excluded}
    recipients = counted(count, "subscriber")
    emit(document, f"{row.name} ({row.state}) would be sent to {recipients}; excluded: {exclusions}; nothing was done")


def _tell_who_sends(configuration: Config, row: "Edition") -> None:
    from newsletter.models import State
    from newsletter.sending.sender import sender_is_running

    row.refresh_from_db()
    if row.state == State.SENT:
        _emit(row, f"{row.name} is already sent; nothing was sent again")
    elif sender_is_running(configuration):
        _emit(row, f"{row.name} is {row.state}; the running sender will send it")
    else:
        _emit(row, f"{row.name} is {row.state}; send it with 'newsletter run' or 'newsletter send {row.name} --wait'")


def _send_and_wait(configuration: Config, row: "Edition") -> None:
    """Send, or watch another sender, until nothing is left to do now; then report the result."""
    from newsletter.bounces import policy
    from newsletter.models import State
    from newsletter.sending import sender

    problem: Message | None = None
    looked, through, edition_wait = 0.0, False, sender.EditionWait(row)
    with_progress = shows_progress()
    if row.state == State.SENT and sender.nothing_due(row):
        say(f"{row.name} is already sent; nothing was sent again")

    def until(message: "Message | None") -> bool:
        nonlocal problem, looked, through
        problem = message
        if time.monotonic() - looked < LOOK and message is None:
            return False
        looked = time.monotonic()
        if with_progress:
            step(*_done(row))
        through = edition_wait.over()
        return through or message is not None

    with _stopped_by_signals() as stop, progress(f"sending {row.name}") as step:
        sender.run_sender(configuration, stop, until)
    policy.count_refusals(configuration, datetime.now(UTC))
    row.refresh_from_db()
    is_unfinished = not (through or sender.nothing_due(row))
    _conclude(row, str(problem) if is_unfinished and problem else "", stopped=stop.is_set() and is_unfinished)


def _done(row: "Edition") -> tuple[int, int]:
    from newsletter.sending.progress import counts

    counted = counts(row)
    return counted.audience - counted.pending, counted.audience


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Yield an event that SIGINT, SIGTERM and a terminal that closes set, so that messages being transferred are
    completed. `nohup` goes on without a terminal.
    """
    from newsletter.supervision import on_signals

    stop, hang_up = threading.Event(), signal.SIGHUP
    is_ignored = signal.getsignal(hang_up) == signal.SIG_IGN
    with on_signals(stop.set, signal.SIGINT, signal.SIGTERM, *(() if is_ignored else (hang_up,))):
        yield stop


def _conclude(row: "Edition", problem: str, *, stopped: bool) -> None:
    from newsletter.models import State
    from newsletter.sending.progress import counts, unsettled

    counted = counts(row)
    emit(counted.document(), _sentence(counted))
    if problem:
        fail(f"{problem}; {row.name} is still {row.state}")
    if row.state == State.QUEUED and row.waiting:
        fail(f"{row.name} waits: {row.waiting}", NEEDS_A_PERSON)
    if stopped:
        fail(f"stopped; {row.name} is still {row.state}; continue with 'newsletter send {row.name} --wait'")
    if row.state == State.PAUSED:
        fail(f"{row.name} is paused: {row.reason}", NEEDS_A_PERSON)
    if open_questions := unsettled(row):
        fail(
            f"{open_questions} unconfirmed: the connection dropped before the server confirmed; list them with "
            f"'newsletter status {row.name}', then decide with 'newsletter settle {row.name} resend' or 'leave'",
            NEEDS_A_PERSON,
        )


def _sentence(counted: "Counts") -> str:
    undelivered = counted.state == "sent" and counted.refused and not (counted.accepted or counted.unknown)
    state = "was not delivered" if undelivered else f"is {counted.state}"
    others = (
        (counted.deferred, "deferred, which 'newsletter run' will retry"),
        (counted.refused, "refused permanently"),
        (counted.skipped, "skipped"),
    )
    accepted = f"{counted.edition} {state}: {counted.accepted} of {counted.audience} accepted"
    return "; ".join([accepted, *(f"{count} {words}" for count, words in others if count)])


def _status_of_all() -> None:
    from django.db.models import Exists, OuterRef, Q

    from newsletter.models import Edition, Result, Retry, State
    from newsletter.sending.standing import standing

    open_ends = Q(Exists(Retry.objects.filter(edition=OuterRef("pk")))) | Q(
        Exists(Result.objects.filter(edition=OuterRef("pk"), kind="unknown", settled=False))
    )
    rows = Edition.objects.filter(Q(state__in=(State.QUEUED, State.SENDING, State.PAUSED)) | open_ends)
    now = datetime.now(UTC)
    documents = [standing(row, now) for row in rows.exclude(state=State.CANCELLED).order_by("-until")]
    emit({"editions": documents}, progress_tables.of_several(documents) if documents else "No edition is being sent.")


def _emit(row: "Edition", text: str) -> None:
    from newsletter.sending.progress import counts

    emit(counts(row).document(), text)


def _time(text: str, configuration: Config, row: "Edition") -> datetime:
    """Parse a time, in the newsletter's time zone unless it has an offset; raise Failed if it has passed."""
    from newsletter.editions.approval import check_due
    from newsletter.editions.problems import Impossible

    due = time_given("--at", text, newsletter_named(configuration, row.newsletter).zone)
    try:
        check_due(due, datetime.now(UTC))
    except Impossible as problem:
        fail(f"--at: {problem}", WRONG)
    return due
