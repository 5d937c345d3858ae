"""An edition on its way: it begins, is paused, resumed or cancelled, and is sent.

Promises: each change is a compare-and-set (states.py) in one transaction with its effect: the audience is frozen with
the beginning, what was not tried is skipped with the cancellation, and an edition is only sent when none is pending.
"""

from collections.abc import Collection
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from newsletter import config
from newsletter.jobs import audience, history, progress
from newsletter.jobs.results import Row, record
from newsletter.jobs.states import NotAllowed, change
from newsletter.models import Became, Chunk, Edition, Retry, State
from subscribers.models import WhereProblem

BY_HAND = "paused by hand"
CANCELLED = "the edition was cancelled"


def begin_due(newsletters: Collection[str], now: datetime) -> list[Edition]:
    """Let every queued edition whose time has come begin to leave."""
    due = Edition.objects.filter(Q(due_at=None) | Q(due_at__lte=now), state=State.QUEUED, newsletter__in=newsletters)
    return [begun for edition in due.order_by("due_at", "pk") if (begun := _begin(edition, now))]


def _begin(edition: Edition, now: datetime) -> Edition | None:
    """Freeze the audience and take the edition to sending; None where somebody was faster or its filter is wrong."""
    try:
        with transaction.atomic():
            held = Edition.objects.select_for_update().get(pk=edition.pk)
            if held.state != State.QUEUED:
                return None
            count = audience.freeze(held, now)
            change(held, State.SENDING, began_at=now, audience=count, reason="")
            return held
    except WhereProblem as problem:
        Edition.objects.filter(pk=edition.pk, state=State.QUEUED).update(waiting=str(problem))
        return None


def complete(newsletters: Collection[str], now: datetime) -> list[Edition]:
    """Take to sent every edition of which none is pending and no chunk is open."""
    in_hand = Chunk.objects.filter(edition=OuterRef("pk"), closed_at=None)
    sending = Edition.objects.filter(~Exists(in_hand), state=State.SENDING, newsletter__in=newsletters)
    return [sent for edition in sending if _is_through(edition) and (sent := _complete(edition, now))]


def _complete(edition: Edition, now: datetime) -> Edition | None:
    with transaction.atomic():
        held = Edition.objects.select_for_update().get(pk=edition.pk)
        if held.state != State.SENDING or not _is_through(held):
            return None
        change(held, State.SENT, ended_at=now)
        _tell(held, "sent", f"{held.name} is sent: {progress.counts(held).words()}", now)
        return held


def _tell(edition: Edition, kind: str, text: str, now: datetime) -> None:
    # Imported here: the sending processes need not carry the render room, which notices lean on.
    from newsletter.jobs import notices

    notices.tell(edition.newsletter, kind, text, now, edition.name)


def _is_through(edition: Edition) -> bool:
    open_chunks = Chunk.objects.filter(edition=edition, closed_at=None)
    return not open_chunks.exists() and progress.counts(edition).pending == 0


def pause(edition: Edition, *, by: str = "", reason: str = BY_HAND, now: datetime | None = None) -> Edition:
    """Stop what is on its way, within two seconds; what is in flight is waited for. Raises NotAllowed."""
    now = now or datetime.now(UTC)
    with transaction.atomic():
        held = _on_its_way(edition, "paused", (State.SENDING, State.SENT))
        change(held, State.PAUSED, reason=reason)
        history.log(by, "paused", held.name, now, after={"reason": reason})
    return held


def pause_by_itself(name: str, reason: str) -> None:
    """What the circuit does: pause, and tell the editors; nothing where the edition is not under way any more."""
    newsletter, _, period = name.partition("/")
    edition = Edition.objects.select_for_update().get(newsletter=newsletter, period=period)
    if edition.state in (State.SENDING, State.SENT):
        now = datetime.now(UTC)
        change(edition, State.PAUSED, reason=reason)
        history.log("the sender", "paused", edition.name, now, after={"reason": reason})
        _tell(edition, "paused", f"{name} is paused: {reason}", now)


def resume(edition: Edition, *, by: str = "", now: datetime | None = None) -> Edition:
    """Let a paused edition go on; a sender takes it up. Raises NotAllowed."""
    now = now or datetime.now(UTC)
    with transaction.atomic():
        held = Edition.objects.select_for_update().get(pk=edition.pk)
        if held.state != State.PAUSED:
            raise NotAllowed(f"{held.name} is {held.state}, not paused: there is nothing to resume")
        change(held, State.SENDING, reason="", ended_at=None)
        history.log(by, "resumed", held.name, now)
    return held


def cancel(edition: Edition, *, by: str = "", now: datetime | None = None) -> Edition:
    """Stop for good: what was not tried is skipped, and nothing is tried again. Raises NotAllowed."""
    now = now or datetime.now(UTC)
    with transaction.atomic():
        held = _on_its_way(edition, "cancelled", (State.SENDING, State.PAUSED, State.SENT))
        change(held, State.CANCELLED, ended_at=now, reason=CANCELLED)
        waiting = Retry.objects.filter(edition=held, chunk=None).values_list("number", "attempt")
        skip(held, dict(waiting), now)
        history.log(by, "cancelled", held.name, now)
    return held


def skip(edition: Edition, attempts: dict[int, int], now: datetime) -> None:
    """Numbers of a cancelled edition that were still to be tried, each with the attempt that it is spared."""
    rows = [Row(n, a, Became.SKIPPED.value, now.timestamp(), text=CANCELLED) for n, a in attempts.items()]
    record(edition, rows, config.current().delivery, now)


def _on_its_way(edition: Edition, what: str, states: Collection[State]) -> Edition:
    """The edition, held; sent ones only where some are deferred."""
    held = Edition.objects.select_for_update().get(pk=edition.pk)
    if held.state not in states:
        raise NotAllowed(f"{held.name} is {held.state}: it can't be {what}")
    if held.state == State.SENT and not Retry.objects.filter(edition=held).exists():
        raise NotAllowed(f"{held.name} is sent, and nobody is deferred: there is nothing to be {what}")
    return held
