"""What comes back: the bounce mailbox is read, and what is in it takes effect.

Promises: a mail touches a subscription only where it proves which delivery it is about: by its return path, by the
unsubscribe link in the headers that it brings back, or by our Message-ID to that address; an address alone proves
nothing, since anybody could write it. A mail takes effect once, however often it is read, and is marked only after that
is committed. What was not understood stays unread, and is flagged for a person.
"""

import hashlib
import logging
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import QuerySet

from newsletter.config import Config
from newsletter.delivery.bounces import Kind, Returned, read
from newsletter.jobs import audience, consequences, return_path
from newsletter.jobs.mailbox import FLAGGED, SEEN, Mailbox, MailboxProblem
from newsletter.models import Bounce, Delivery, Edition, Occurrence
from subscribers import tokens
from subscribers.models import Subscriber
from subscribers.preferences import leave

log = logging.getLogger("newsletter.bounces")

LOOK_BACK = timedelta(days=60)
ACT = "bounces"
_LINK = re.compile(r"/u/([A-Za-z0-9_-]{20,60})")

Step = Callable[[int, int], None]


class Became(StrEnum):
    """What became of a mail in the mailbox."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaints"
    UNSUBSCRIBED = "unsubscribed"
    NOTHING = "nothing"
    UNKNOWN = "not_understood"


@dataclass(frozen=True, slots=True)
class Reading:
    """How many mails were read, and what became of them; `suppressed` are the addresses that get nothing more now."""

    read: int
    counts: dict[str, int]
    suppressed: int


def configured(configuration: Config) -> bool:
    """Whether there is a bounce mailbox to be read."""
    return bool(configuration.bounces.imap.host)


def read_mailbox(configuration: Config, now: datetime, step: Step = lambda done, total: None) -> Reading:
    """Read what is unread. Raises MailboxProblem, which stays in `trouble`; what was marked until then is done."""
    try:
        reading = _read(configuration, now, step)
    except MailboxProblem as problem:
        _remember(now, str(problem))
        raise
    _remember(now, "")
    return reading


def trouble(configuration: Config) -> str:
    """Why the mailbox could not be read when it was last tried, in a sentence; "" where it could."""
    if not configured(configuration):
        return ""
    return Occurrence.objects.filter(act=ACT).values_list("outcome", flat=True).first() or ""


def _remember(now: datetime, outcome: str) -> None:
    """One row, the same each time; done at once, it is nothing that the clock would do."""
    done = {"done_at": now, "outcome": outcome}
    Occurrence.objects.update_or_create(newsletter="", act=ACT, due_at=datetime.fromtimestamp(0, UTC), defaults=done)


def _read(configuration: Config, now: datetime, step: Step) -> Reading:
    counts: Counter[Became] = Counter()
    suppressed = 0
    with Mailbox(configuration.bounces.imap) as mailbox:
        waiting = mailbox.unread()
        for done, uid in enumerate(waiting, 1):
            raw = mailbox.mail(uid)
            if raw is not None:
                became, more = take(configuration, raw, now)
                mailbox.mark(uid, FLAGGED if became is Became.UNKNOWN else SEEN)
                counts[became] += 1
                suppressed += more
            step(done, len(waiting))
    return Reading(counts.total(), {became.value: counts[became] for became in Became}, suppressed)


def tick(configuration: Config, now: datetime) -> None:
    """For the clock: weigh refusals, and read the mailbox where there is one; one that fails is told in one line."""
    consequences.weigh_refusals(configuration, now)
    if not configured(configuration):
        return
    try:
        puzzles = read_mailbox(configuration, now).counts[Became.UNKNOWN]
    except MailboxProblem as problem:
        log.warning("%s", problem)
        return
    if puzzles:
        log.warning("%s mails in the bounce mailbox were not understood; they are flagged there", puzzles)


def take(configuration: Config, raw: bytes, now: datetime) -> tuple[Became, int]:
    """Let one mail take effect; gives what became of it, and how many addresses are suppressed by it."""
    returned = read(raw)
    with transaction.atomic():
        return _take(configuration.bounces.return_path, returned, _name_of(returned, raw), now)


def _take(bare: str, returned: Returned, mail: str, now: datetime) -> tuple[Became, int]:
    leaving = _leaving(bare, returned)
    if leaving is not None:
        leave(leaving, now)
        return Became.UNSUBSCRIBED, 0
    if returned.kind in (Kind.DELAYED, Kind.NOTHING):
        return Became.NOTHING, 0
    delivery = _delivery(bare, returned, now) if returned.kind is not Kind.UNKNOWN else None
    if delivery is None:
        return Became.UNKNOWN, 0
    return _record(delivery, returned, mail, now)


def _record(delivery: Delivery, returned: Returned, mail: str, now: datetime) -> tuple[Became, int]:
    bounce, new = Bounce.objects.get_or_create(
        edition_id=delivery.edition_id,
        number=delivery.number,
        mail=mail,
        defaults={
            "kind": returned.kind,
            "fault": returned.fault,
            "status": returned.status[:12],
            "text": consequences.without(returned.text, delivery),
            "at": now,
        },
    )
    return Became[returned.kind.name], int(new and consequences.follow(bounce, delivery, now))


def _leaving(bare: str, returned: Returned) -> int | None:
    """The subscription that a mail to `…+u-<token>@…` unsubscribes; 0 for a proof's, None for any other mail."""
    local, _, domain = bare.rpartition("@")
    start, end = f"{local}+u-".lower(), f"@{domain}".lower()
    for address in returned.to if bare else ():
        if address.lower().startswith(start) and address.lower().endswith(end):
            number = tokens.read_link(address[len(start) : -len(end)])
            if number is not None:
                return number
    return None


def _delivery(bare: str, returned: Returned, now: datetime) -> Delivery | None:
    """The delivery that a mail proves itself to be about."""
    for address in (*returned.to, *returned.about) if bare else ():
        named = return_path.read(bare, address)
        if named:
            return Delivery.objects.filter(edition_id=named[0], number=named[1]).first()
    return _by_link(returned, now) or _by_message_id(returned, now)


def _by_link(returned: Returned, now: datetime) -> Delivery | None:
    found = _LINK.search(returned.unsubscribe)
    number = tokens.read_link(found[1]) if found else None
    if not number:
        return None
    recent = list(_recent(now).filter(subscription_id=number).order_by("-edition__began_at"))
    return next((d for d in recent if _is_about(d, returned.original_id)), recent[0] if recent else None)


def _by_message_id(returned: Returned, now: datetime) -> Delivery | None:
    if not returned.original_id:
        return None
    keys = [address.lower() for address in returned.recipients[:50]]
    numbers = Subscriber.objects.filter(key__in=keys).values_list("subscriptions", flat=True)
    recent = _recent(now).filter(subscription_id__in=list(numbers))
    return next((delivery for delivery in recent if _is_about(delivery, returned.original_id)), None)


def _recent(now: datetime) -> QuerySet[Delivery]:
    editions = Edition.objects.filter(began_at__gt=now - LOOK_BACK).values_list("pk", flat=True)
    return Delivery.objects.filter(edition_id__in=list(editions)).select_related("edition")


def _is_about(delivery: Delivery, message_id: str) -> bool:
    return audience.message_id(delivery.edition, delivery.subscription_id) == message_id.partition("@")[0]


def _name_of(returned: Returned, raw: bytes) -> str:
    """What stands for the mail, so that it takes effect once."""
    return hashlib.blake2b(returned.message_id.encode() or raw, digest_size=16).hexdigest()
