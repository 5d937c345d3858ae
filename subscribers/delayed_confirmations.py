"""Confirmation emails that were above their budget: sent later, at once if their reader asks by email, or never.

A code stands for an address and a newsletter. Its page is shown to whoever enters the address, so an email with the
code only lets the confirmation email go, to that address; it confirms nothing.
"""

from base64 import b32encode
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from newsletter.config import Config, Newsletter
from subscribers.models import Subscription, TransactionalEmail
from subscribers.pacing import delete, in_portions
from subscribers.protection import confirmation_budget as budget
from subscribers.protection.sign_up_limits import Counters
from subscribers.tokens import Purpose, hashes

KEEP_DELAYED = timedelta(days=3)
"""After so long they are deleted; whoever still wants the newsletter signs up again."""
AT_ONCE = 500
CODE_OCTETS = 5
ASKED = "asked"
"""Marks emails that their reader asked for: what becomes of them says nothing about the others."""
UNSOLVED = "unsolved"
"""Marks emails of requests without a solution, which have a budget of their own."""
MARK = "+c-"
"""Before the code in the bounce mailbox's address, where return paths have a delivery."""


def codes(newsletter: str, key: str) -> list[str]:
    """Return the code of an address for a newsletter, eight characters, first under the current secret key."""
    digests = hashes(Purpose.CODE, f"{newsletter}\0{key}")
    return [b32encode(bytes.fromhex(digest)[:CODE_OCTETS]).decode().lower() for digest in digests]


def place_to_ask(configuration: Config, newsletter: Newsletter, code: str) -> tuple[str, bool]:
    """Return the address to which a person sends the code from their own mailbox, and whether the program reads it.

    Without a bounce mailbox, the editors read it, and let the email go at the desk.
    """
    if configuration.bounces.imap.host and configuration.bounces.return_path:
        local, _, domain = configuration.bounces.return_path.rpartition("@")
        return f"{local}{MARK}{code}@{domain}", True
    return newsletter.reply_to or newsletter.sender.address, False


def code_in(configuration: Config, address: str) -> str:
    """Return the code in an address that `place_to_ask` returned; "" for any other.

    A return path begins in the same way if its edition has the number 12 (`c` to the base 36), but has a hyphen.
    """
    local, _, domain = configuration.bounces.return_path.lower().rpartition("@")
    start, end, lowered = f"{local}{MARK}", f"@{domain}", address.lower()
    is_ours = bool(local) and lowered.startswith(start) and lowered.endswith(end)
    code = lowered[len(start) : -len(end)] if is_ours else ""
    return "" if "-" in code else code


def waiting() -> QuerySet[TransactionalEmail]:
    """Return the confirmation emails that are delayed."""
    return TransactionalEmail.objects.filter(delayed_at__isnull=False, released_at=None, sent_at=None)


def release_due(newsletter: str, at: datetime) -> int:
    """Let go what the budget allows, those that have waited longest first; return their number."""
    rows = waiting().filter(newsletter=newsletter)
    if not rows.exists():
        return 0
    of_solved = _release_within(rows.exclude(payload__has_key=UNSOLVED), budget.of_newsletter(newsletter), at)
    (unsolved,) = budget.unsolved_scopes(newsletter)
    return of_solved + _release_within(rows.filter(payload__has_key=UNSOLVED), unsolved, at)


@transaction.atomic
def _release_within(rows: QuerySet[TransactionalEmail], common_scope: budget.BudgetScope, at: datetime) -> int:
    if budget.is_exceeded(common_scope, at, Counters(budget.keys(common_scope, at)).values, delayed=True):
        return 0
    oldest = _locked(rows)[:AT_ONCE]
    if not oldest:
        return 0
    scopes = {
        row.pk: budget.scopes(row.newsletter, row.subscriber.domain, is_unsolved=UNSOLVED in row.payload)
        for row in oldest
    }
    distinct = dict.fromkeys(scope for scopes_of_row in scopes.values() for scope in scopes_of_row)
    counters = Counters([key for scope in distinct for key in budget.keys(scope, at)])
    fitting = []
    for row in oldest:
        if not any(budget.is_exceeded(scope, at, counters.values, delayed=True) for scope in scopes[row.pk]):
            fitting.append(row)
            for key in (key for scope in scopes[row.pk] for key in budget.keys_now("sent", scope, at)):
                counters.increment(key)
    counters.store()
    _release(fitting, at)
    return len(fitting)


@transaction.atomic
def release_asked(code: str, senders: Collection[str], at: datetime) -> int:
    """Let go the emails to these addresses that the code stands for; return their number."""
    rows = _locked(waiting().filter(subscriber__key__in=[sender.lower() for sender in senders]))
    requested = [row for row in rows if code.lower() in codes(row.newsletter, row.subscriber.key)]
    for row in requested:
        row.payload[ASKED] = True
        row.save(update_fields=["payload"])
    _release(requested, at)
    return len(requested)


def release(rows: QuerySet[TransactionalEmail], at: datetime) -> int:
    """Let go some of `waiting` that were delayed by then, whatever the budget, in portions; return their number.

    If the program ends meanwhile, the rest is still waiting. The emails to one person are in one portion.
    """
    rows = rows.filter(delayed_at__lte=at)

    def release_with_others(portion: QuerySet[TransactionalEmail]) -> int:
        locked = _locked(rows.filter(subscriber__in=portion.values("subscriber")))
        _release(locked, at)
        return len(locked)

    return in_portions(rows, release_with_others)


def totals(newsletter: str, since: datetime) -> dict[str, int]:
    """Return how many emails were delayed since a time, were let go, and led to a subscription; and how many wait."""
    rows = TransactionalEmail.objects.filter(newsletter=newsletter, delayed_at__gte=since)
    released = rows.filter(released_at__isnull=False)
    confirmed = released.filter(subscription__state=Subscription.State.ACTIVE)
    return {
        "count": rows.count(),
        "released": released.count(),
        "confirmed": confirmed.count(),
        "waiting": waiting().filter(newsletter=newsletter).count(),
    }


def domains(newsletter: str) -> list[tuple[str, int]]:
    """Return the domains of what waits with their numbers, the most frequent first."""
    rows = waiting().filter(newsletter=newsletter).values_list("subscriber__domain", flat=True)
    return Counter(rows.iterator()).most_common()


def delete_old(at: datetime) -> int:
    """Delete what has waited for `KEEP_DELAYED`; return the number of rows."""
    return delete(waiting().filter(delayed_at__lt=at - KEEP_DELAYED))


def _locked(rows: QuerySet[TransactionalEmail]) -> list[TransactionalEmail]:
    ordered = rows.select_related("subscriber", "subscription").order_by("delayed_at", "pk")
    return list(ordered.select_for_update(skip_locked=True, of=("self",)))


def _release(rows: Sequence[TransactionalEmail], at: datetime) -> None:
    """Let emails go; those that ask one person to confirm several newsletters become one."""
    if not rows:
        return
    delayed = waiting().filter(subscriber__in={row.subscriber_id for row in rows}).exclude(pk__in=[r.pk for r in rows])
    pending = delayed.filter(subscription__state=Subscription.State.PENDING)
    first_rows: dict[tuple[int, int], TransactionalEmail] = {}
    joined: list[int] = []
    payloads = {}
    for row in (*rows, *_locked(pending)):
        asks = row.subscription is not None and row.subscription.state == Subscription.State.PENDING
        first_row = first_rows.setdefault((row.subscriber_id, 0 if asks else row.pk), row)
        if first_row is not row:
            first_row.payload.setdefault("more", []).append(row.payload["consent"])
            joined.append(row.pk)
            payloads[first_row.pk] = first_row
    TransactionalEmail.objects.filter(pk__in=joined).delete()
    TransactionalEmail.objects.bulk_update(payloads.values(), ["payload"])
    TransactionalEmail.objects.filter(pk__in=[row.pk for row in first_rows.values()]).update(due=at, released_at=at)
