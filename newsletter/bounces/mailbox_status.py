"""The state of the bounce mailbox, for the desk and for notices.

Promises: a message that the program fails on is told to the editors by a notice, at most one a day, written before the
message is flagged; it names no address and quotes nothing of the message. A mailbox that could not be read twice in a
row is told, too.
"""

from datetime import datetime, timedelta

from newsletter.config import Config
from newsletter.editions import notices
from newsletter.messages import Message, bounces as messages
from newsletter.models import BounceMailbox, Notice

AGAIN = timedelta(days=1)


def configured(configuration: Config) -> bool:
    """Return whether there is a bounce mailbox to be read."""
    return bool(configuration.bounces.imap.host)


def trouble(configuration: Config) -> Message | None:
    """Return why the mailbox could not be read when it was last tried; None if it could."""
    row = BounceMailbox.objects.first() if configured(configuration) else None
    problem: Message | None = row.problem if row else None
    return problem


def set_aside(configuration: Config) -> int:
    """Return how many messages were flagged and unread in the mailbox when it was last read."""
    row = BounceMailbox.objects.first() if configured(configuration) else None
    return row.set_aside if row else 0


def remember(now: datetime, **values: Message | int | None) -> None:
    """Record why the mailbox could not be read (`problem`), or how many messages are flagged and unread
    (`set_aside`).
    """
    BounceMailbox.objects.update_or_create(pk=1, defaults={"tried_at": now, **values})


def remember_failure(configuration: Config, problem: Message, now: datetime) -> None:
    """Record why the mailbox could not be read, and tell editors if it could not the time before either."""
    if trouble(configuration) is not None:
        notices.tell_everyone(configuration, notices.MAILBOX, problem, now)
    remember(now, problem=problem)


def tell_of_failure(configuration: Config, uid: str, where: str, now: datetime) -> None:
    """Tell editors about a message that could not be processed; `where` is the exception and its place in the code."""
    if Notice.objects.filter(kind=notices.MAILBOX, at__gt=now - AGAIN).exists():
        return
    imap = configuration.bounces.imap
    text = messages.MESSAGE_FAILED(at=now, cause=where, folder=imap.folder, host=imap.host, uid=uid)
    notices.tell_everyone(configuration, notices.MAILBOX, text, now)
