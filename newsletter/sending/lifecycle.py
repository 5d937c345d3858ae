"""How an edition is sent: sending begins, is paused, resumed, cancelled or completed.

Each change is a compare-and-set (states.py) in one transaction with its effect: the audience is created when sending
begins, deliveries that were not attempted are skipped when it is cancelled, and an edition is completed only when no
delivery is pending.
"""

import logging
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from newsletter.config import Config, DeliverySettings
from newsletter.editions.local_links import LinkProblem, check_edition
from newsletter.editions.problems import Impossible
from newsletter.editions.render_cache import rendered_before
from newsletter.editions.states import NotAllowed, change, locked_in
from newsletter.events import record as events
from newsletter.events.record import EventKind
from newsletter.logs import log_event
from newsletter.messages import (
    Message,
    MessageType,
    acts,
    delivery,
    editions as editions_messages,
    message_of,
    notices as notices_messages,
    schedule as schedule_messages,
    sending as messages,
)
from newsletter.models import Act, Chunk, DeliveryStatus, Edition, Retry, State
from newsletter.recovery import entries
from newsletter.sending import audience, progress, refusals
from newsletter.sending.results import CANCELLED, ROWS_AT_ONCE, ResultRow, record
from newsletter.sending.sql.precompiled import PrecompiledQuery
from subscribers.models import WhereProblem
from subscribers.pacing import in_portions

log = logging.getLogger("newsletter.sending")

ACTIVE_STATES = (State.SENDING, State.SENT)
"""The states in which emails of an edition can be due: of one that was sent, retries."""


def begin_due(configuration: Config, now: datetime) -> list[Edition]:
    """Begin to send every queued edition whose time has come."""
    due = Edition.objects.filter(
        Q(due_at=None) | Q(due_at__lte=now), state=State.QUEUED, newsletter__in=configuration.active
    )
    return [begun for edition in due.order_by("due_at", "pk") if (begun := _begin(configuration, edition, now))]


def _begin(configuration: Config, edition: Edition, now: datetime) -> Edition | None:
    """Create the audience and begin sending; None if that is not possible now."""

    def render_variants() -> None:
        of_queued = Edition.objects.filter(pk=edition.pk, state=State.QUEUED).select_related("approved_content")
        queued, late = of_queued.first(), configuration.newsletters[edition.newsletter].late
        if queued is not None and _missed_time(queued, late, now) is None:
            check_edition(configuration, queued.newsletter, queued.approved_content)
            audience.render_variants(configuration, queued, now)

    try:
        return rendered_before(render_variants, partial(_fix_audience, configuration, edition, now))
    except (WhereProblem, LinkProblem) as problem:
        _wait(edition, message_of(problem), now)
        return None


@transaction.atomic
def _fix_audience(configuration: Config, edition: Edition, now: datetime) -> Edition | None:
    """Create the audience of an edition whose time has come; None if that has changed."""
    locked = Edition.objects.select_for_update().get(pk=edition.pk)
    if locked.state != State.QUEUED or (locked.due_at and locked.due_at > now):
        return None  # cancelled, taken back or rescheduled meanwhile
    missed = _missed_time(locked, configuration.newsletters[locked.newsletter].late, now)
    if missed is not None:
        _hold_back(locked, missed, now)
        return None
    check_edition(configuration, locked.newsletter, locked.approved_content)
    created = audience.create(configuration, locked, now)
    waiting_by_posts = [(str(those.posts), those.subscriptions) for those in created.waiting]
    entries.audience_created(locked, waiting_by_posts, configuration.newsletters[locked.newsletter].offered)
    change(locked, State.SENDING, began_at=now, audience=created.size, reason=None, waiting=None)
    _skip(locked, range(1, created.nothing_new + 1), delivery.NOTHING_NEW(), configuration.delivery, now)
    off_topic = range(created.nothing_new + 1, created.skipped + 1)
    _skip(locked, off_topic, delivery.OFF_TOPIC(), configuration.delivery, now)
    return locked


def _missed_time(edition: Edition, late: timedelta, now: datetime) -> datetime | None:
    """Return the time that was chosen for an edition if it has passed by more than `late`: nothing sent it then."""
    due, queued = edition.due_at, edition.queued_at
    return due if due is not None and queued is not None and due > queued and now - due > late else None


def _hold_back(edition: Edition, due: datetime, now: datetime) -> None:
    """Let an edition that missed its time be approved only, until an editor sends it."""
    why = editions_messages.SCHEDULED_TIME_MISSED(at=due)
    change(edition, State.APPROVED, due_at=None, queued_at=None, waiting=why)
    tell(edition, "waiting", schedule_messages.WAITING(edition=edition.name, reason=why), now)


def _skip(edition: Edition, numbers: range, reason: Message, settings: DeliverySettings, now: datetime) -> None:
    """Skip subscribers for whom the edition has no posts: a closed chunk has their numbers."""
    if not numbers:
        return
    times = dict.fromkeys(("claimed_at", "begun_at", "leased_until", "closed_at"), now)
    first, last = numbers[0], numbers[-1]
    chunk = Chunk.objects.create(edition=edition, first=first, last=last, machine="", holder="", **times)
    entries.begun(edition.name, chunk.pk, dict.fromkeys(numbers, 1))
    why = reason.to_text()
    for start in range(0, len(numbers), ROWS_AT_ONCE):
        some = numbers[start : start + ROWS_AT_ONCE]
        skipped = (ResultRow(n, 1, DeliveryStatus.SKIPPED.value, now.timestamp(), text=why) for n in some)
        record(edition, list(skipped), settings, now)


def _wait(edition: Edition, why: Message, now: datetime) -> None:
    """Keep the edition queued, and tell editors once for each reason."""
    queued = Edition.objects.filter(pk=edition.pk, state=State.QUEUED)
    if queued.exclude(waiting=why).update(waiting=why):
        tell(edition, "waiting", schedule_messages.WAITING(edition=edition.name, reason=why), now)


def complete(newsletters: Collection[str], now: datetime) -> list[Edition]:
    """Complete every edition without pending deliveries and open chunks."""
    keys = [key for (key,) in _without_open_chunks(tuple(newsletters)).rows()] if newsletters else []
    editions = Edition.objects.filter(pk__in=keys) if keys else ()
    return [sent for edition in editions if _is_through(edition) and (sent := _complete(edition, now))]


@lru_cache(maxsize=8)
def _without_open_chunks(newsletters: tuple[str, ...]) -> PrecompiledQuery:
    """Return the query for the editions being sent without open chunks, which runs twice a second."""
    open_chunks = Chunk.objects.filter(edition=OuterRef("pk"), closed_at=None)
    sending = Edition.objects.filter(~Exists(open_chunks), state=State.SENDING, newsletter__in=newsletters)
    return PrecompiledQuery(lambda: sending.order_by("pk").values_list("pk"))


def _complete(edition: Edition, now: datetime) -> Edition | None:
    with transaction.atomic():
        locked = Edition.objects.select_for_update().get(pk=edition.pk)
        if locked.state != State.SENDING or not _is_through(locked):
            return None
        counts = progress.counts(locked)
        problem = _undelivered(counts)
        change(locked, State.SENT, ended_at=now, reason=problem)
        counts = replace(counts, state=locked.state)
        if locked.welcome_id is not None:  # it is sent again with the next new subscriber
            return locked
        deliveries = {name: value for name, value in counts.document().items() if isinstance(value, int)}
        events.of_edition(EventKind.EDITION_SENT, locked, now, deliveries=deliveries)
        if problem:
            numbers = problem.param("counts")
            tell(locked, "undelivered", notices_messages.UNDELIVERED(edition=locked.name, counts=numbers), now)
        else:
            tell(locked, "sent", _sent(locked, counts), now)
        transaction.on_commit(partial(_log_sent, locked, counts), robust=True)
        return locked


def _undelivered(counts: progress.Counts) -> Message | None:
    """Return the reason why an edition of which nothing is left to send was not delivered; None if it was.

    An unconfirmed email may have been accepted, and editors are asked about it.
    """
    if counts.accepted or counts.unknown or not counts.refused:
        return None
    return messages.NONE_ACCEPTED(counts=counts.messages()[1:])


def _sent(edition: Edition, counts: progress.Counts) -> Message:
    """Return what editors are told of an edition that was sent."""
    if refused := refusals.refused_to_send(edition):
        return notices_messages.SENT_WITH_REFUSALS(edition=edition.name, counts=counts.messages(), count=refused)
    return notices_messages.SENT(edition=edition.name, counts=counts.messages())


def _log_sent(edition: Edition, counts: progress.Counts) -> None:
    seconds = (edition.ended_at - edition.began_at).total_seconds() if edition.ended_at and edition.began_at else 0.0
    counted = ", ".join(map(str, counts.messages()))
    text = f"{edition.name}: {'not delivered' if edition.reason else 'sent'}, {counted}, in {seconds:.0f} s"
    level = logging.WARNING if edition.reason else logging.INFO
    log_event(log, "sent", text, level=level, seconds=seconds, **counts.document())


def tell(edition: Edition, kind: str, text: Message, now: datetime) -> None:
    """Tell the editors of an edition."""
    # Imported here, because the sending processes don't need the rendering that notices import.
    from newsletter.editions import notices

    notices.tell(edition.newsletter, kind, text, now, edition.name)


def _is_through(edition: Edition) -> bool:
    open_chunks = Chunk.objects.filter(edition=edition, closed_at=None)
    counts = progress.counts(edition)
    return not open_chunks.exists() and counts.pending == 0 and not _only_deferred(edition, counts)


def waits_for_retries(edition: Edition) -> bool:
    """Return whether every delivery was attempted, none was accepted, and some are deferred: it isn't sent yet."""
    counts = progress.counts(edition)
    return counts.pending == 0 and _only_deferred(edition, counts)


def _only_deferred(edition: Edition, counts: progress.Counts) -> bool:
    return counts.accepted == 0 and counts.deferred > 0 and edition.welcome_id is None


def pause(edition: Edition, *, by: str = "", now: datetime | None = None) -> Edition:
    """Pause sending, within two seconds; messages in flight are waited for. Raises NotAllowed."""
    now = now or datetime.now(UTC)
    with transaction.atomic():
        locked = _locked_unfinished(edition, messages.CANNOT_PAUSE, ACTIVE_STATES)
        reason = messages.PAUSED_BY(who=by) if "@" in by else messages.PAUSED_BY_HAND()
        change(locked, State.PAUSED, reason=reason)
        Act.objects.log(by, acts.PAUSED(), locked.name, after={"reason": reason.to_json()}, now=now)
    return locked


def pause_automatically(name: str, reason: Message) -> None:
    """Pause the edition and tell its editors; does nothing if the edition is not being sent any more."""
    newsletter, _, period = name.partition("/")
    edition = Edition.objects.select_for_update().get(newsletter=newsletter, period=period)
    if edition.state in ACTIVE_STATES:
        now = datetime.now(UTC)
        change(edition, State.PAUSED, reason=reason)
        Act.objects.log("the sender", acts.PAUSED(), edition.name, after={"reason": reason.to_json()}, now=now)
        tell(edition, "paused", notices_messages.PAUSED(edition=name, reason=reason), now)


class RefusedCountChanged(Impossible):
    """The number of refused deliveries that are made again is not the one that was shown."""


def resume(
    edition: Edition,
    *,
    by: str = "",
    now: datetime | None = None,
    leave_refused: bool = False,
    expected: int | None = None,
) -> Edition:
    """Resume a paused edition, and make the deliveries again whose refusal no mailbox caused, unless `leave_refused`.

    Raises NotAllowed, and RefusedCountChanged if there aren't `expected` of them.
    """
    now = now or datetime.now(UTC)
    with transaction.atomic():
        edition = locked_in(edition, [State.PAUSED], messages.NOT_PAUSED)
        count = 0 if leave_refused else refusals.make_again(edition, now)
        if expected not in (None, count):
            raise RefusedCountChanged(messages.OTHER_REFUSED(name=edition.name, found=count, expected=expected))
        change(edition, State.SENDING, reason=None, ended_at=None, fallback_reason=None, **_allowance(edition, now))
        after = {"count": count} if count else None
        Act.objects.log(by, acts.RESUMED(), edition.name, after=after, now=now)
    return edition


def _allowance(edition: Edition, now: datetime) -> dict[str, Any]:
    """Return what the reputation guard remembers if it was the one that paused the edition."""
    reason = edition.reason
    if not (messages.BOUNCING.matches(reason) or messages.COMPLAINED.matches(reason)):
        return {}
    return {"guard_pauses": edition.guard_pauses + 1, "guarded_since": now}


def cancel(configuration: Config, edition: Edition, *, by: str = "", now: datetime | None = None) -> Edition:
    """Cancel sending permanently: deliveries that were not attempted are skipped, and none is retried. Raises
    NotAllowed.
    """
    now = now or datetime.now(UTC)
    with transaction.atomic():
        locked = _locked_unfinished(edition, messages.CANNOT_CANCEL, (State.SENDING, State.PAUSED, State.SENT))
        reason = messages.CANCELLED_BY(who=by) if "@" in by else messages.CANCELLED()
        change(locked, State.CANCELLED, ended_at=now, reason=reason)
        Act.objects.log(by, acts.CANCELLED(), locked.name, now=now)
    skip_retries(locked, configuration.delivery, now)
    return locked


def skip_retries(edition: Edition, settings: DeliverySettings, now: datetime) -> int:
    """Skip the retries of a cancelled edition, in portions, and return their number.

    No retry is skipped once somebody sends the edition again. If the program ends meanwhile, housekeeping skips the
    rest.
    """

    def skip_portion(retries: QuerySet[Retry]) -> int:
        locked = Edition.objects.select_for_update().get(pk=edition.pk)
        if locked.state != State.CANCELLED:
            return 0
        attempts = dict(retries.values_list("number", "attempt"))
        skip(locked, attempts, settings, now)
        return len(attempts)

    return in_portions(Retry.objects.filter(edition=edition, chunk=None), skip_portion, ROWS_AT_ONCE, "number")


def skip(edition: Edition, attempts: dict[int, int], settings: DeliverySettings, now: datetime) -> None:
    """Record numbers of a cancelled edition as skipped, each with the attempt that is not made."""
    at, why = now.timestamp(), CANCELLED.to_text()
    rows = [ResultRow(n, a, DeliveryStatus.SKIPPED.value, at, text=why) for n, a in attempts.items()]
    record(edition, rows, settings, now)


def _locked_unfinished(edition: Edition, refusal: MessageType, states: Collection[State]) -> Edition:
    """Return the edition, locked, if it is in one of these states; a sent one only if some deliveries are deferred."""
    edition = locked_in(edition, states, refusal)
    if edition.state == State.SENT and not Retry.objects.filter(edition=edition).exists():
        raise NotAllowed(messages.NOTHING_DEFERRED(name=edition.name))
    return edition
