"""Notices to editors, stored in the transaction of the event; emailing and posting them is later work.

A notice is never lost, and the same notice is sent once. Silence of a source is never mistaken for a quiet week.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import reduce

from newsletter import config, later
from newsletter.collecting import gaps
from newsletter.collecting.collect import Collected
from newsletter.delivery import retries
from newsletter.delivery.reply import redact_addresses
from newsletter.messages import Message, notices as messages, schedule as schedule_messages
from newsletter.messages.general import ABOUT
from newsletter.models import Edition, Notice, SourceGap
from newsletter.models.later_work import NOTICE_EMAIL, NOTICE_POST

DRAFT, WAITING, PAUSED, SOURCE, SKIPPED, SENT = "draft", "waiting", "paused", "source", "skipped", "sent"
SERVICE, RECOVERED, MAIL, MAILBOX, TASK = "service", "recovered", "mail", "mailbox", "task"
UNKNOWN, COMPLAINTS, FALLBACK = "unknown", "complaints", "fallback"
STALLED, MACHINE, UNDELIVERED, SIGN_UPS = "stalled", "machine", "undelivered", "sign-ups"
STANDSTILL = "standstill"
POSTED = (
    WAITING, PAUSED, SOURCE, SKIPPED, MAIL, MAILBOX, UNKNOWN, COMPLAINTS, FALLBACK, TASK, UNDELIVERED, SIGN_UPS,
    STANDSTILL,
)  # fmt: skip
"""The kinds that need action; they are also logged and posted to `alert_url`."""

log = logging.getLogger("newsletter.notices")

SAME_AGAIN = timedelta(hours=20)
UNSENT = 2
NAMED = 3
"""How many sources a notice names."""
FEW = 1
"""So many posts in a feed say nothing when all of them are new."""
# A little less than a week, since a clock change can make one shorter.
A_WEEK = timedelta(days=6, hours=12)


def tell(newsletter: str, kind: str, text: Message, now: datetime, edition: str = "") -> None:
    """Store a notice, unless the same one was stored within the day."""
    same = Notice.objects.filter(newsletter=newsletter, kind=kind, text=text, at__gt=now - SAME_AGAIN)
    if not same.exists():
        _write(newsletter, kind, text, now, edition)


def tell_everyone(configuration: config.Config, kind: str, text: Message, now: datetime) -> None:
    """Store a notice for the editors of all newsletters, once for each editor."""
    told: set[str] = set()
    for newsletter in configuration.newsletters.values():
        if fresh := set(newsletter.editors) - told:
            told |= fresh
            tell(newsletter.name, kind, text, now)


def tell_of_mail(newsletter: str, problem: Message, now: datetime) -> None:
    """Store a notice that emails to single subscribers can't be sent, at most once a day."""
    recent = Notice.objects.filter(newsletter=newsletter, kind=MAIL, at__gt=now - SAME_AGAIN)
    if not recent.exists():
        text = messages.EMAILS_FAILING(problem=problem, days=retries.TRY_TRANSACTIONAL_FOR.days)
        _write(newsletter, MAIL, text, now)


def tell_of_sources(collected: Iterable[Collected], now: datetime) -> None:
    """Store notices of sources that went silent, and of those of which posts may be missing."""
    collected = list(collected)
    _tell_of_silence(collected, now)
    for source in collected:
        if source.gap is not None and not _knows_of_gaps(source.gap, now):
            tell(source.newsletter, SOURCE, gaps.message(source.gap), now)


def _knows_of_gaps(gap: SourceGap, now: datetime) -> bool:
    """Return whether editors were told within a day that posts of a source may be missing; within a month if it is one
    whose feed shows so few that they may be after each new post.
    """
    since = now - (gaps.REMEMBERED if gap.listed <= FEW else SAME_AGAIN)
    return SourceGap.objects.filter(source=gap.source, found_at__gt=since, pk__lt=gap.pk).exists()


def _tell_of_silence(collected: Iterable[Collected], now: datetime) -> None:
    """Store one notice for each newsletter of which sources went silent, however many they are, and for each source
    that is gone for good.
    """
    problems: dict[str, list[Message]] = {}
    for source in collected:
        if source.stopped and source.problem is not None:
            tell(source.newsletter, SOURCE, source.problem, now)
        elif source.went_silent and source.problem is not None:
            problems.setdefault(source.newsletter, []).append(source.problem)
    for newsletter, silent in problems.items():
        text = messages.SOURCES_SILENT(count=len(silent), problems=tuple(silent[:NAMED]))
        tell(newsletter, SOURCE, text, now)


def _write(newsletter: str, kind: str, text: Message, now: datetime, edition: str = "") -> None:
    notice = Notice.objects.create(newsletter=newsletter, kind=kind, text=text, at=now, edition=edition)
    key = str(notice.pk)
    later.add(NOTICE_EMAIL, key, now, newsletter=newsletter, notice=notice.pk, about=kind)
    if kind in POSTED:
        later.add(NOTICE_POST, key, now, newsletter=newsletter, notice=notice.pk, about=kind, to="alert_url")
        log.warning("%s: %s", newsletter, redact_addresses(str(text)))


def tell_of_draft(newsletter: config.Newsletter, edition: Edition, now: datetime) -> None:
    """Notify the editors of a draft: its posts, when it is sent, and which sources could not be read.

    After `UNSENT` drafts in a row that were neither sent nor cancelled, they are notified once a week.
    """
    posts = edition.entries.filter(included=True).count()
    parts = [messages.DRAFT_READY(edition=edition.name, count=posts), _departure(newsletter, edition)]
    if edition.waiting:
        tell(newsletter.name, SOURCE, ABOUT(subject=edition.name, message=edition.waiting), now, edition.name)
        parts.append(messages.IT_WAITS(reason=edition.waiting))
    missing = [] if edition.standalone else list(gaps.of_window(newsletter, edition.since, edition.until))
    parts += [messages.SOURCE_SAYS(problem=gaps.message(gap)) for gap in missing[:NAMED]]
    unsent = edition.replaces.count()
    if unsent:
        parts.append(_posts_of(edition, unsent))
    if unsent >= UNSENT:
        parts.append(messages.TOLD_WEEKLY())
        if Notice.objects.filter(newsletter=newsletter.name, kind=DRAFT, at__gt=now - A_WEEK).exists():
            return
    text = reduce(lambda first, second: messages.SENTENCES(first=first, second=second), parts)
    tell(newsletter.name, DRAFT, text, now, edition.name)


def _departure(newsletter: config.Newsletter, edition: Edition) -> Message:
    if newsletter.by_post and newsletter.approval == "editor":
        return messages.SENT_WHEN_APPROVED()
    if edition.due_at is None:
        return messages.SENT_BY_HAND()
    if newsletter.approval == "none":
        return messages.SENT_AUTOMATICALLY(at=edition.due_at)
    return messages.SENT_ONCE_APPROVED(at=edition.due_at)


def tell_of_wait(edition: Edition, why: Message, now: datetime) -> Message:
    """Tell why an edition waits, unless the same was told of a draft that it replaced; return the message."""
    message = schedule_messages.WAITING(edition=edition.name, reason=why)
    earlier = Notice.objects.filter(newsletter=edition.newsletter, kind=WAITING)
    messages_of_replaced = [message.renamed(edition.name, replaced.name) for replaced in edition.replaces.all()]
    if not any(earlier.filter(text=text).exists() for text in messages_of_replaced):
        tell(edition.newsletter, WAITING, message, now, edition.name)
    return message


def _posts_of(edition: Edition, count: int) -> Message:
    if count > 1:
        return messages.HAS_POSTS_OF_SEVERAL(count=count)
    return messages.HAS_POSTS_OF(edition=edition.replaces.get().name)
