"""Emails that are never sent twice, such as the question whether a subscriber still wants a newsletter.

Their journal is kept, and their rows name it before anything is sent. After a crash it says which were accepted, which
were in flight, and are then unknown and not sent again, and which were not tried. Where it can't say (the machine was
restarted, or the journal is lost), they are unknown.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import QuerySet

from newsletter.config import Config
from newsletter.delivery.journal import Journal, JournalError, OrphanedJournal, journals, take_over
from newsletter.domain.outcome import OutcomeKind
from newsletter.messages.delivery import JOURNAL_LOST
from newsletter.sending import journals as sending_journals
from newsletter.sending.sql import database
from subscribers.models import EmailKind, TransactionalEmail

log = logging.getLogger("newsletter.letters")

KINDS = (EmailKind.ASK,)
FOLDER = "letters"
"""The folder of these journals, in that of the sending processes."""
LOST_AFTER = timedelta(hours=1)
"""How long after its lease an email of another machine is unknown: it is neither sent nor recorded later."""


def create_journal(configuration: Config, rows: Mapping[int, TransactionalEmail]) -> Journal:
    """Create the journal of numbered emails, and name it in their rows."""
    folder = sending_journals.folder(configuration) / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    journal = Journal.create(folder, database.identity())
    for number, row in rows.items():
        TransactionalEmail.objects.filter(pk=row.pk).update(journal=journal.name, number=number)
    return journal


def settle(configuration: Config, now: datetime) -> None:
    """Record what the journals of processes that have ended say, and return the emails that they did not try."""
    folder = configuration.journal_folder / FOLDER
    for path in journals(folder):
        try:
            orphan = take_over(path, database.identity())
        except JournalError as problem:
            log.warning("%s", problem)
            continue
        if orphan is not None:
            _settle(orphan, now)
    names = {path.name for path in journals(folder)}
    for row in _open().filter(leased_until__lt=now - LOST_AFTER).exclude(journal__in=names):
        _unknown(row, now)


def _settle(orphan: OrphanedJournal, now: datetime) -> None:
    outcomes = {entry.outcome.number: entry.outcome for entry in orphan.entries}
    for row in _open().filter(journal=orphan.path.name):
        outcome = outcomes.get(row.number or 0)
        if outcome is None and not orphan.rebooted:
            release(row)
        elif outcome is None or outcome.kind is OutcomeKind.UNKNOWN:
            _unknown(row, now)
        elif outcome.kind is OutcomeKind.ACCEPTED:
            TransactionalEmail.objects.filter(pk=row.pk).update(sent_at=now, leased_until=None, problem="")
        else:
            release(row)  # the next attempt finds out again what the server says
    orphan.remove()


def release(row: TransactionalEmail) -> None:
    """Let an email be sent: nothing of it is in flight."""
    TransactionalEmail.objects.filter(pk=row.pk).update(journal="", number=None, leased_until=None)


def _unknown(row: TransactionalEmail, now: datetime) -> None:
    TransactionalEmail.objects.filter(pk=row.pk).update(
        sent_at=now, leased_until=None, problem=JOURNAL_LOST().to_text()
    )
    log.warning("letter %s is unconfirmed and not sent again", row.pk)


def _open() -> QuerySet[TransactionalEmail]:
    return TransactionalEmail.objects.filter(sent_at=None, gave_up_at=None).exclude(journal="")
