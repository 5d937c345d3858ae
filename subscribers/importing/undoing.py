"""Undo an import: what it added is removed, and what it changed is put back, except where somebody acted since.

Somebody acted if a subscriber confirmed, unsubscribed or changed something, or an editor added or changed them. The
latest import is undone first, since it may have found present what earlier ones had added. An interrupted undo is
continued by undoing again; once it is done, undoing again does nothing.
"""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from newsletter.messages import Problem, subscriptions as messages
from subscribers.models import (
    Consent,
    Import,
    ImportChange,
    RefusedLine,
    Subscriber,
    Subscription,
    Suppression,
    choices_changed,
    import_undone,
    store_sets,
    stored,
    subscriptions_changed,
    subscriptions_started,
    subscriptions_starting,
)
from subscribers.pacing import PacedTransactions

PORTION = 500
STATE_FIELDS = ("state", "joined", "unsubscribed_at", "reason", "returns", "paused_until", "welcome_from")
TIMES = ("joined", "unsubscribed_at", "welcome_from", "at")
State = Subscription.State


class UndoRefused(Problem):
    """The import can't be undone; the message says why."""


KeepRule = Callable[[Collection[int]], Collection[int]]
"""Returns which of these subscriptions must stay."""


def undo_import(
    record: Import, at: datetime, keep: KeepRule = lambda numbers: (), step: Callable[[int], None] = lambda done: None
) -> Import:
    """Undo an import, and return it with the numbers of what was removed, put back and kept.

    The caller has made sure that nothing was sent since. `keep` returns subscriptions that must stay for other reasons.
    `step` is called after each portion with the number of rows that are done. Raises UndoRefused if there is a later
    import.
    """
    if record.undone_at:
        return record
    if later := later_import(record):
        raise UndoRefused(messages.LATER_IMPORT(number=later.pk))
    Import.objects.filter(pk=record.pk, undo_began_at=None).update(undo_began_at=at)
    done, paced = 0, PacedTransactions(PORTION)
    for part in (_put_back, _unblock, _remove, _delete_refused):
        after = 0
        while True:
            with paced.begin():
                last_row = part(record, after, at, keep)
            if last_row is None:
                break
            after = last_row
            done += PORTION
            step(done)
    Import.objects.filter(pk=record.pk, undone_at=None).update(undone_at=at)
    record.refresh_from_db()
    return record


def later_import(record: Import) -> Import | None:
    """Return the latest import after this one that has not been undone."""
    return Import.objects.filter(pk__gt=record.pk, undone_at=None, lines__gt=0).order_by("-pk").first()


def _count(record: Import, **counts: int) -> None:
    """Add to the numbers of what was removed, put back and kept, in the caller's transaction."""
    row = Import.objects.select_for_update().get(pk=record.pk)
    row.undo = dict(Counter(row.undo) + Counter(counts))
    row.save(update_fields=["undo"])


def _put_back(record: Import, after: int, at: datetime, _keep: KeepRule) -> int | None:
    """Put back some of what was changed in existing rows; return the last change, None if there is no more."""
    rows = ImportChange.objects.filter(of=record, pk__gt=after).order_by("pk")
    changes = list(rows.select_related("subscriber", "subscription", "suppression")[:PORTION])
    if not changes:
        return None
    subscriptions_starting.send(Subscription, newsletter=record.newsletter, at=at)
    back: Counter[str] = Counter()
    returned: list[Subscription] = []
    changed_subscriptions: list[int] = []
    for change in changes:
        if change.suppression:
            is_restored = _restore(change.suppression, change, ("reason", "note", "at"))
        elif change.subscription:
            is_restored = _restore_subscription(record, change, change.subscription, at)
            if is_restored and change.after["state"] == State.UNSUBSCRIBED != change.subscription.state:
                returned.append(change.subscription)
            if is_restored:
                changed_subscriptions.append(change.subscription.pk)
        elif change.subscriber:
            is_restored = _restore(change.subscriber, change, tuple(change.before))
        back["restored" if is_restored else "kept"] += 1
    ImportChange.objects.filter(pk__in=[change.pk for change in changes]).delete()
    choices_changed.send(Subscription, numbers=changed_subscriptions)
    subscriptions_changed.send(Subscription, numbers=changed_subscriptions)
    started = [subscription.pk for subscription in returned if subscription.state == State.ACTIVE]
    if started:
        subscriptions_started.send(Subscription, numbers=started)
    if returned:
        states = [(subscription.pk, str(subscription.state)) for subscription in returned]
        import_undone.send(Import, returned=states, unblocked=[])
    _count(record, **back)
    return changes[-1].pk


def _restore_subscription(record: Import, change: ImportChange, subscription: Subscription, at: datetime) -> bool:
    """Put back what was changed in a subscription; return whether anything was."""
    is_restored = False
    heard = subscription.heard_at is not None and subscription.heard_at > record.at
    if not heard and all(_same(subscription, change, name) for name in ("state", "unsubscribed_at", "joined")):
        is_restored = _assign(subscription, change, STATE_FIELDS)
        if change.consent:
            Consent.objects.filter(pk=change.consent, subscription=subscription).delete()
    is_restored = (_same(subscription, change, "tags") and _assign(subscription, change, ("tags",))) or is_restored
    subscription.save(update_fields=[*STATE_FIELDS, "tags"])
    if change.before["cadence"] != change.after["cadence"] and _same(subscription, change, "cadence"):
        store_sets(Subscription.objects.filter(pk=subscription.pk), subscription.newsletter)
        Subscription.objects.filter(pk=subscription.pk).update(cadence=change.before["cadence"])
        is_restored = True
    if change.before["topics"] != change.after["topics"] and _same(subscription, change, "topics"):
        subscription.pick(change.before["topics"], at)
        is_restored = True
    return is_restored


def _restore(row: Subscriber | Suppression, change: ImportChange, names: Collection[str]) -> bool:
    """Put back the values that are still those of the import; return whether there were any."""
    is_restored = _assign(row, change, [name for name in names if _same(row, change, name)])
    row.save(update_fields=list(names))
    return is_restored


def _same(row: Any, change: ImportChange, name: str) -> bool:
    """Return whether a field still has the value that the import gave it."""
    return bool(stored(getattr(row, name)) == change.after[name])


def _assign(row: Any, change: ImportChange, names: Collection[str]) -> bool:
    """Set fields to their values before the import; return whether that changes anything."""
    differing = [name for name in names if change.before[name] != change.after[name]]
    for name in differing:
        setattr(row, name, _value(name, change.before[name]))
    return bool(differing)


def _value(name: str, value: Any) -> Any:
    """Return a stored value as the field's."""
    if value is None:
        return None
    if name in TIMES:
        return datetime.fromisoformat(value)
    if name == "paused_until":
        return date.fromisoformat(value)
    return tuple(value) if name == "tags" else value


def _unblock(record: Import, after: int, _at: datetime, _keep: KeepRule) -> int | None:
    """Delete some of the suppressions that were added, unless something strengthened them since."""
    rows = list(Suppression.objects.filter(imported=record.pk, pk__gt=after).order_by("pk")[:PORTION])
    if not rows:
        return None
    stays = {row.pk for row in rows if row.at > record.at}
    gone = [row for row in rows if row.pk not in stays]
    Suppression.objects.filter(pk__in=[row.pk for row in gone]).delete()
    Suppression.objects.filter(pk__in=stays).update(imported=None)
    import_undone.send(Import, returned=[], unblocked=[(row.kind, row.hash) for row in gone])
    _count(record, removed=len(gone), kept=len(stays))
    return rows[-1].pk


def _remove(record: Import, after: int, _at: datetime, keep: KeepRule) -> int | None:
    """Remove some of the subscriptions that were added, and people who have no other."""
    added = Subscription.objects.filter(imported=record.pk, newsletter=record.newsletter, pk__gt=after)
    numbers = list(added.order_by("pk").values_list("pk", flat=True)[:PORTION])
    if not numbers:
        return None
    consents = Consent.objects.filter(subscription=OuterRef("pk"), at__gt=record.at)
    has_acted = Q(heard_at__isnull=False) | Q(unsubscribed_at__gt=record.at) | Exists(consents)
    stays = {*Subscription.objects.filter(has_acted, pk__in=numbers).values_list("pk", flat=True), *keep(numbers)}
    gone = Subscription.objects.filter(pk__in=set(numbers) - stays)
    people = list(gone.values_list("subscriber", flat=True))
    gone.delete()
    Subscription.objects.filter(pk__in=stays).update(imported=None)
    Subscriber.objects.filter(pk__in=people, created=record.at, subscriptions=None).delete()
    _count(record, removed=len(people), kept=len(stays))
    return numbers[-1]


def _delete_refused(record: Import, after: int, _at: datetime, _keep: KeepRule) -> int | None:
    """Delete some of the lines that were refused."""
    rows = RefusedLine.objects.filter(of=record, pk__gt=after).order_by("pk")
    numbers = list(rows.values_list("pk", flat=True)[:PORTION])
    RefusedLine.objects.filter(pk__in=numbers).delete()
    return numbers[-1] if numbers else None
