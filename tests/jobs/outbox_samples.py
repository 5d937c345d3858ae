"""Readers, editions and outcomes for tests of the outbox: no post is collected and nothing rendered."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from newsletter.config import Delivery
from newsletter.jobs import underway
from newsletter.jobs.freezing import pack
from newsletter.jobs.outbox import Holder, Outbox
from newsletter.mail import Fault, Form, Header, Kind, Outcome, Segments, Slot, Value
from newsletter.models import Edition, Frozen, State
from subscribers.models import Subscriber, Subscription

NEWSLETTER = "kinaforum"
NOW = datetime(2026, 2, 6, 17, 0, tzinfo=UTC)
TOKEN = Slot(Value.TOKEN, Form.ASCII)
MAIL = Segments(
    headers=(
        Header("From", (b"Kinaforum <brev@example.org>",)),
        Header("To", (Slot(Value.TO, Form.HEADER),)),
        Header("Subject", (b"Uke 6",)),
        Header("Message-ID", (b"<", Slot(Value.MESSAGE_ID, Form.ASCII), b"@example.org>")),
        Header("List-Unsubscribe", (b"<http://localhost:8000/u/", TOKEN, b">")),
        Header("MIME-Version", (b"1.0",)),
        Header("Content-Type", (b"text/plain; charset=utf-8",)),
        Header("Content-Transfer-Encoding", (b"quoted-printable",)),
    ),
    body=(b"Hei ", Slot(Value.NAME, Form.TEXT, "du"), b"!\r\nhttp://localhost:8000/u/", TOKEN, b"\r\n"),
    sender="brev@example.org",
    message_id_domain="example.org",
)


def subscribe(addresses: Iterable[str], newsletter: str = NEWSLETTER) -> list[Subscription]:
    """People with an active subscription each, in this order."""
    people = [Subscriber(address=a, key=a.lower(), **Subscriber.hashed(a.lower())) for a in addresses]
    people = Subscriber.objects.bulk_create(people, batch_size=500)
    ties = [Subscription(subscriber=p, newsletter=newsletter, state=Subscription.State.ACTIVE) for p in people]
    return Subscription.objects.bulk_create(ties, batch_size=500)


def readers(count: int, domain: str = "reader.example") -> list[Subscription]:
    """So many people, `r1@…` and on."""
    return subscribe(f"r{number}@{domain}" for number in range(1, count + 1))


def queued(period: str = "2026-W06", mail: Segments = MAIL, **fields: object) -> Edition:
    """An edition that may begin to leave."""
    edition = Edition.objects.create(
        newsletter=NEWSLETTER,
        period=period,
        until=NOW,
        created_at=NOW,
        refreshed_at=NOW,
        state=State.QUEUED,
        **{"since": NOW - timedelta(days=7), "due_at": NOW, **fields},
    )
    Frozen.objects.create(
        edition=edition,
        revision=1,
        subject="Uke 6",
        preheader="",
        html="",
        text="",
        placeholders=[],
        headers={},
        segments=pack(mail),
    )
    return edition


def sending(count: int, period: str = "2026-W06") -> Edition:
    """An edition to so many readers that has begun to leave."""
    readers(count)
    return begun(queued(period))


def begun(edition: Edition) -> Edition:
    """The edition, its audience frozen."""
    underway.begin_due([edition.newsletter], max(NOW, edition.due_at or NOW))
    edition.refresh_from_db()
    return edition


def outbox(journal: str = "one.journal", machine: str = "here", **settings: object) -> Outbox:
    """The outbox of a sending process."""
    return Outbox(Holder(machine, journal), [NEWSLETTER], Delivery(**settings))


def outcome(
    number: int, kind: Kind = Kind.ACCEPTED, attempt: int = 1, at: float | None = None, **more: object
) -> Outcome:
    """What became of a number."""
    fault = {Kind.ACCEPTED: Fault.NONE, Kind.UNKNOWN: Fault.CONNECTION}.get(kind, Fault.READER)
    return Outcome(number, attempt, kind, at or time.time(), **{"fault": fault, "code": 250, **more})
