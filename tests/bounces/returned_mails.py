"""Editions whose mails come back, the mailbox in which they arrive, and what became of an address."""

from dataclasses import replace
from datetime import timedelta

from newsletter import config
from newsletter.bounces.processing import BounceEffect, process
from newsletter.config import Bounces, Config
from newsletter.models import Edition, Result, Tally
from newsletter.sending import return_path
from subscribers.models import Suppression
from tests.bounces.reading.bounce_samples import report
from tests.doubles import imap
from tests.sending import outbox_samples as samples
from tests.sending.outbox_samples import NOW

BARE = "bounce@example.org"
DAY = timedelta(days=1)
FULL = {"status": "5.2.2", "diagnostic": "smtp; 552 5.2.2 Mailbox full"}
SPAM = {"status": "5.7.1", "diagnostic": "smtp; 550 5.7.1 Blocked as spam"}


def with_mailbox(server: imap.Imap, **keys: object) -> Config:
    """The configuration in force with that server's mailbox."""
    usual = {"host": "127.0.0.1", "port": server.port, "user": imap.USER, "password": imap.PASSWORD}
    return config.use(
        replace(config.current(), bounces=Bounces(return_path=BARE, imap=config.Imap(**{**usual, **keys})))
    )


def verp(edition: Edition, number: int = 1) -> str:
    """Where a bounce of that delivery comes to."""
    return return_path.return_path(BARE, edition.pk, number)


def reason(address: str = "r1@reader.example") -> str | None:
    """Why an address gets nothing more, if it does."""
    return Suppression.objects.suppressed([address]).get(address)


def accepted(edition: Edition, *numbers: int) -> None:
    """The edition was accepted for these numbers."""
    for number in numbers:
        Result.objects.create(edition=edition, number=number, attempt=1, kind="accepted", at=0)
    Tally.objects.create(edition=edition, at=NOW, accepted=len(numbers))


def editions(count: int, days: int = 7) -> list[Edition]:
    """So many editions to one and the same reader, each accepted, one every so many days, the last one now."""
    samples.subscribers(1)
    made = []
    for back in reversed(range(count)):
        edition = samples.begun(samples.queued(f"2026-W{20 - back}"))
        Edition.objects.filter(pk=edition.pk).update(began_at=NOW - back * days * DAY)
        accepted(edition, 1)
        made.append(edition)
    return made


def came_back(settings: Config, edition: Edition, **said: str) -> tuple[BounceEffect, int]:
    """A report of the edition's first delivery is read."""
    raw = report(to=verp(edition), message_id=f"<{edition.pk}@mx.example>", **said)
    return process(settings, raw, NOW)
