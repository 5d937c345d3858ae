"""Readers, editions and outcomes for tests of the outbox: no post is collected and nothing rendered."""

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from newsletter import config
from newsletter.config import DeliverySettings
from newsletter.domain.batch import Batch
from newsletter.domain.encoded_email import EncodedEmail, Header, Slot, SlotEncoding, SlotValue
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.editions.approved_content import pack
from newsletter.models import ApprovedContent, Edition, State
from newsletter.sending import lifecycle
from newsletter.sending.outbox import Holder, Outbox
from subscribers.models import Subscriber, Subscription

NEWSLETTER = "kinaforum"
NOW = datetime(2026, 2, 6, 17, 0, tzinfo=UTC)
TOKEN = Slot(SlotValue.TOKEN, SlotEncoding.ASCII)
MAIL = EncodedEmail(
    headers=(
        Header("From", (b"Kinaforum <brev@example.org>",)),
        Header("To", (Slot(SlotValue.TO, SlotEncoding.HEADER),)),
        Header("Subject", (b"Uke 6",)),
        Header("Message-ID", (b"<", Slot(SlotValue.MESSAGE_ID, SlotEncoding.ASCII), b"@example.org>")),
        Header("List-Unsubscribe", (b"<http://localhost:8000/u/", TOKEN, b">")),
        Header("MIME-Version", (b"1.0",)),
        Header("Content-Type", (b"text/plain; charset=utf-8",)),
        Header("Content-Transfer-Encoding", (b"quoted-printable",)),
    ),
    body=(b"Hei ", Slot(SlotValue.NAME, SlotEncoding.TEXT, "du"), b"!\r\nhttp://localhost:8000/u/", TOKEN, b"\r\n"),
    sender="brev@example.org",
    message_id_domain="example.org",
)


def subscribe(addresses: Iterable[str], newsletter: str = NEWSLETTER) -> list[Subscription]:
    """Create people with an active subscription, in this order."""
    people = [Subscriber(address=a, key=a.lower(), **Subscriber.hashed(a.lower())) for a in addresses]
    people = Subscriber.objects.bulk_create(people, batch_size=500)
    subscriptions = [Subscription(subscriber=p, newsletter=newsletter, state=Subscription.State.ACTIVE) for p in people]
    return Subscription.objects.bulk_create(subscriptions, batch_size=500)


def subscribers(count: int, domain: str = "reader.example") -> list[Subscription]:
    """Create `count` people, `r1@…` and so on."""
    return subscribe(f"r{number}@{domain}" for number in range(1, count + 1))


def queued(period: str = "2026-W06", mail: EncodedEmail = MAIL, **fields: object) -> Edition:
    """Return an edition that is queued."""
    edition = Edition.objects.create(
        newsletter=NEWSLETTER,
        period=period,
        until=NOW,
        created_at=NOW,
        refreshed_at=NOW,
        **{"state": State.QUEUED, "since": NOW - timedelta(days=7), "due_at": NOW, **fields},
    )
    ApprovedContent.objects.create(
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
    """Return an edition to `count` subscribers that is being sent."""
    subscribers(count)
    return begun(queued(period))


def begun(edition: Edition) -> Edition:
    """Return the edition with its audience fixed."""
    lifecycle.begin_due(config.current(), max(NOW, edition.due_at or NOW))
    edition.refresh_from_db()
    return edition


def outbox(
    journal: str = "one.journal",
    machine: str = "here",
    excluded: frozenset[str] = frozenset(),
    **settings: object,
) -> Outbox:
    """Return the outbox of a sending process."""
    configuration = replace(config.current(), delivery=DeliverySettings(**settings))
    return Outbox(Holder(machine, journal), [NEWSLETTER], configuration, lambda: excluded)


def claim(box: Outbox, most: int) -> Batch:
    """Claim at most so many deliveries; some must be there."""
    batch = box.next(most)
    assert batch is not None
    return batch


def outcome(
    number: int, kind: OutcomeKind = OutcomeKind.ACCEPTED, attempt: int = 1, at: float | None = None, **more: object
) -> Outcome:
    """Return an outcome of a delivery."""
    fault = {OutcomeKind.ACCEPTED: Fault.NONE, OutcomeKind.UNKNOWN: Fault.CONNECTION}.get(kind, Fault.RECIPIENT)
    return Outcome(number, attempt, kind, at or time.time(), **{"fault": fault, "code": 250, **more})
