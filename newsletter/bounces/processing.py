"""Processing of the bounce mailbox: each email in it takes effect once.

An email affects a subscription only if it identifies a delivery: by its return path, which is proof, or by the
unsubscribe link or the Message-ID in the returned headers, which anyone knows to whom the email was forwarded. An
address alone has no effect, since anybody could write it. An email takes effect once, however often it is read, and is
marked as read after that is committed. An email that isn't understood stays unread, and is flagged for a person; so is
one that exceeds the limits of its reader or crashes it. Emails are read outside of transactions.
"""

import hashlib
import logging
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet

from newsletter import sandbox
from newsletter.bounces import mailbox_status, policy
from newsletter.bounces.imap import FLAGGED, SEEN, ImapMailbox, MailboxProblem
from newsletter.bounces.mail_reader import Read, bounded_reader, read_mail
from newsletter.bounces.reading import BounceKind, Returned
from newsletter.config import Config
from newsletter.deliverability import rates
from newsletter.deliverability.dmarc import reports as dmarc_reports
from newsletter.deliverability.dmarc.attachments import InvalidReport
from newsletter.models import Bounce, Delivery, Edition
from newsletter.sandbox import LimitExceeded
from newsletter.sending import audience, return_path
from subscribers import tokens
from subscribers.delayed_confirmations import code_in, release_asked
from subscribers.models import Subscriber
from subscribers.preferences import unsubscribe

log = logging.getLogger("newsletter.bounces")

LOOK_BACK = timedelta(days=60)
_LINK = re.compile(r"/u/([A-Za-z0-9_-]{20,60})")

Step = Callable[[int, int], None]


class BounceEffect(StrEnum):
    """The result of processing an email of the bounce mailbox."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaints"
    UNSUBSCRIBED = "unsubscribed"
    CODE = "codes"
    DMARC = "dmarc_reports"
    NOTHING = "nothing"
    UNKNOWN = "not_understood"


@dataclass(frozen=True, slots=True)
class MailboxRun:
    """How many emails were read, and what became of them; `suppressed` are the addresses that get nothing more now."""

    read: int
    counts: dict[str, int]
    suppressed: int


def read_mailbox(configuration: Config, now: datetime, step: Step = lambda done, total: None) -> MailboxRun:
    """Read what is unread. Raises MailboxProblem, which the desk shows; what was marked until then is done."""
    try:
        reading = _read(configuration, now, step)
    except MailboxProblem as problem:
        mailbox_status.remember_failure(configuration, problem.message, now)
        raise
    mailbox_status.remember(now, problem=None)
    return reading


def _read(configuration: Config, now: datetime, step: Step) -> MailboxRun:
    counts: Counter[BounceEffect] = Counter()
    suppressed = 0
    with ImapMailbox(configuration.bounces.imap) as mailbox, bounded_reader() as read:
        uids = mailbox.unread()
        for done, uid in enumerate(uids, 1):
            raw = mailbox.mail(uid)
            if raw is not None:
                effect, suppressed_now = _process_safely(configuration, uid, raw, now, read)
                mailbox.mark(uid, FLAGGED if effect is BounceEffect.UNKNOWN else SEEN)
                counts[effect] += 1
                suppressed += suppressed_now
            step(done, len(uids))
        mailbox_status.remember(now, set_aside=len(mailbox.unread(flagged=True)))
    return MailboxRun(counts.total(), {effect.value: counts[effect] for effect in BounceEffect}, suppressed)


def tick(configuration: Config, now: datetime) -> None:
    """For the clock: weigh refusals, and read the mailbox where there is one; one that fails is told in one line."""
    policy.count_refusals(configuration, now)
    rates.refresh(configuration, now)
    if not mailbox_status.configured(configuration):
        return
    try:
        puzzles = read_mailbox(configuration, now).counts[BounceEffect.UNKNOWN]
    except MailboxProblem as problem:
        log.warning("%s", problem)
        return
    if puzzles:
        log.warning("%s mails in the bounce mailbox were not understood; they are flagged there", puzzles)


def _process_safely(configuration: Config, uid: str, raw: bytes, now: datetime, read: Read) -> tuple[BounceEffect, int]:
    """Let one message take effect; if the program fails on it, log that without its content, and tell the editors.

    A database that is away is no fault of the message, which stays unread.
    """
    try:
        return process(configuration, raw, now, read)
    except (InterfaceError, OperationalError):
        raise
    except LimitExceeded as limit:
        where = str(limit)
    except Exception as fault:  # noqa: BLE001 - one bad message must not keep the others from being read
        where = place_of(fault)
    log.error("a message in the bounce mailbox could not be processed and is flagged there: %s", where)
    mailbox_status.tell_of_failure(configuration, uid, where, now)
    return BounceEffect.UNKNOWN, 0


def place_of(fault: Exception) -> str:
    """Return an exception's type and where it was raised; its message may quote the email."""
    return f"{type(fault).__name__} at {sandbox.place_of(fault)}"


def process(configuration: Config, raw: bytes, now: datetime, read: Read = read_mail) -> tuple[BounceEffect, int]:
    """Let one email take effect; return what became of it, and how many addresses are suppressed by it."""
    try:
        returned = read(raw)
    except InvalidReport:
        return BounceEffect.UNKNOWN, 0
    if isinstance(returned, list):
        dmarc_reports.store(configuration, returned, now)
        return BounceEffect.DMARC, 0
    if code := next((code for to in returned.to if (code := code_in(configuration, to))), ""):
        return (BounceEffect.CODE if release_asked(code, returned.senders, now) else BounceEffect.NOTHING), 0
    with transaction.atomic():
        # The name is the same each time that the email is read, so that it takes effect once.
        name = hashlib.blake2b(returned.message_id.encode() or raw, digest_size=16).hexdigest()
        return _apply(configuration.bounces.return_path, returned, name, now)


def _apply(bare: str, returned: Returned, mail: str, now: datetime) -> tuple[BounceEffect, int]:
    subscription = _unsubscribed(bare, returned)
    if subscription is not None:
        unsubscribe(subscription, now)
        return BounceEffect.UNSUBSCRIBED, 0
    if returned.delayed or returned.kind is BounceKind.NOTHING:
        return BounceEffect.NOTHING, 0
    if returned.kind is BounceKind.UNKNOWN:
        return BounceEffect.UNKNOWN, 0
    by_path = _by_return_path(bare, returned)
    delivery = by_path or _by_link(returned, now) or _by_message_id(returned, now)
    if delivery is None:
        return BounceEffect.UNKNOWN, 0
    kind, proven = Bounce.Kind(returned.kind.value), by_path is not None
    report = policy.Report(kind, returned.fault, returned.status, returned.text, mail, proven)
    return BounceEffect[returned.kind.name], int(policy.record(report, delivery, now))


def _unsubscribed(bare: str, returned: Returned) -> int | None:
    """Return the subscription that an email to `…+u-<token>@…` unsubscribes; 0 for a test email's, else None."""
    local, _, domain = bare.rpartition("@")
    start, end = f"{local}+u-".lower(), f"@{domain}".lower()
    for address in returned.to if bare else ():
        if address.lower().startswith(start) and address.lower().endswith(end):
            number = tokens.read_link(address[len(start) : -len(end)])
            if number is not None:
                return number
    return None


def _by_return_path(bare: str, returned: Returned) -> Delivery | None:
    for address in (*returned.to, *returned.about) if bare else ():
        identifiers = return_path.read(bare, address)
        if identifiers:
            return Delivery.objects.filter(edition_id=identifiers[0], number=identifiers[1]).first()
    return None


def _by_link(returned: Returned, now: datetime) -> Delivery | None:
    match = _LINK.search(returned.unsubscribe)
    number = tokens.read_link(match[1]) if match else None
    if not number:
        return None
    recent = list(_recent(now).filter(subscription_id=number).order_by("-edition__began_at"))
    return next((d for d in recent if is_about(d, returned.original_id)), recent[0] if recent else None)


def _by_message_id(returned: Returned, now: datetime) -> Delivery | None:
    if not returned.original_id:
        return None
    keys = [address.lower() for address in returned.recipients[:50]]
    numbers = Subscriber.objects.filter(key__in=keys).values_list("subscriptions", flat=True)
    recent = _recent(now).filter(subscription_id__in=list(numbers))
    return next((delivery for delivery in recent if is_about(delivery, returned.original_id)), None)


def _recent(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(edition_id__in=recent_editions(now)).select_related("edition")


def recent_editions(now: datetime) -> list[int]:
    """Return the keys of the editions whose deliveries can still be reported about."""
    return list(Edition.objects.filter(began_at__gt=now - LOOK_BACK).values_list("pk", flat=True))


def is_about(delivery: Delivery, message_id: str) -> bool:
    """Return whether this is the Message-ID of a delivery; what stands after "@" doesn't matter."""
    return message_id.partition("@")[0] in audience.message_ids(delivery.edition_id, delivery.subscription_id)
