"""Bounces and complaints by domain: how they are counted, when again, and when editors are told."""

from datetime import timedelta

import pytest

from newsletter import config
from newsletter.bounces import policy
from newsletter.deliverability import rates
from newsletter.deliverability.rates import Alarm, Rates, by_domain, refresh
from newsletter.domain.outcome import Fault, OutcomeKind
from newsletter.models import Bounce, Delivery, DomainRate, Edition, Notice, Tally
from tests.sending import outbox_samples as samples
from tests.sending.outbox_samples import NOW

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)
SINCE = NOW - timedelta(days=30)


def sent(*kinds: OutcomeKind, period: str = "2026-W06") -> Edition:
    """An edition with these outcomes, one for each reader."""
    edition = samples.begun(samples.queued(period))
    box = samples.outbox()
    batch = box.begin(samples.claim(box, 500))
    found = [
        samples.outcome(recipient.number, kind, code=550 if kind is OutcomeKind.REFUSED else 250)
        for recipient, kind in zip(batch.recipients, kinds, strict=True)
    ]
    box.settle(edition.name, batch.chunk, found, finished=True)
    Tally.objects.filter(edition=edition).update(at=NOW)
    return edition


def reported(edition: Edition, kind: Bounce.Kind, *numbers: int, mail: str = "a") -> None:
    for number in numbers:
        delivery = Delivery.objects.get(edition=edition, number=number)
        policy.record(policy.Report(kind, Fault.MAILBOX, "", "", f"{mail}{number}"), delivery, NOW)


def two_domains() -> Edition:
    samples.subscribers(3, "one.example")
    samples.subscribe(f"s{number}@two.example" for number in range(2))
    taken = [OutcomeKind.ACCEPTED] * 3
    edition = sent(*taken, OutcomeKind.REFUSED, OutcomeKind.DEFERRED)
    reported(edition, Bounce.Kind.SOFT, 1)
    reported(edition, Bounce.Kind.SOFT, 1, mail="b")
    reported(edition, Bounce.Kind.COMPLAINT, 2)
    return edition


def test_each_domain_has_its_emails_bounces_and_complaints() -> None:
    two_domains()
    refresh(config.current(), LATER)
    assert by_domain(samples.NEWSLETTER, SINCE) == {"one.example": Rates(3, 1, 1), "two.example": Rates(1, 1, 0)}


def test_counting_again_after_nothing_new_changes_nothing() -> None:
    two_domains()
    refresh(config.current(), LATER)
    before = set(DomainRate.objects.values_list("pk", flat=True))
    refresh(config.current(), LATER + timedelta(hours=1))
    assert set(DomainRate.objects.values_list("pk", flat=True)) == before


def test_a_later_report_is_counted() -> None:
    edition = two_domains()
    refresh(config.current(), NOW)
    reported(edition, Bounce.Kind.COMPLAINT, 3)
    refresh(config.current(), LATER)
    assert by_domain(samples.NEWSLETTER, SINCE)["one.example"].complained == 2


def test_small_domains_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "DOMAINS", 1)
    two_domains()
    refresh(config.current(), LATER)
    assert by_domain(samples.NEWSLETTER, SINCE) == {"one.example": Rates(3, 1, 1), "": Rates(1, 1, 0)}


def test_rates_stay_when_deliveries_are_deleted() -> None:
    edition = two_domains()
    refresh(config.current(), NOW)
    Edition.objects.filter(pk=edition.pk).update(rolled_up_at=NOW)
    Delivery.objects.filter(edition=edition).delete()
    refresh(config.current(), LATER)
    assert by_domain(samples.NEWSLETTER, SINCE)["one.example"].sent == 3


@pytest.mark.parametrize(
    ("count", "complained", "expected"),
    [
        (10_000, 9, Alarm.NONE),
        (10_000, 10, Alarm.HIGH),
        (10_000, 29, Alarm.HIGH),
        (10_000, 30, Alarm.TOO_HIGH),
        (199, 5, Alarm.NONE),
        (200, 2, Alarm.NONE),
        (200, 3, Alarm.TOO_HIGH),
    ],
)
def test_complaints_are_judged_by_what_gmail_and_yahoo_publish(count: int, complained: int, expected: Alarm) -> None:
    assert Rates(count, 0, complained).alarm is expected


def test_editors_are_told_of_too_many_complaints_once_a_week() -> None:
    samples.subscribers(300)
    edition = sent(*[OutcomeKind.ACCEPTED] * 300)
    reported(edition, Bounce.Kind.COMPLAINT, 1, 2, 3)
    refresh(config.current(), LATER)
    reported(edition, Bounce.Kind.COMPLAINT, 4)
    refresh(config.current(), LATER + timedelta(days=2))
    told = Notice.objects.get(kind="complaints")
    assert str(told.text).startswith("3 of 300 emails of the last 30 days were reported as spam (1.0 %).")


def test_they_are_told_of_one_domain_if_the_whole_is_good() -> None:
    samples.subscribers(300, "one.example")
    samples.subscribe(f"s{number}@two.example" for number in range(200))
    edition = sent(*[OutcomeKind.ACCEPTED] * 500)
    reported(edition, Bounce.Kind.COMPLAINT, 1, 2, 3)
    earlier = samples.queued("2026-W05")
    Edition.objects.filter(pk=earlier.pk).update(began_at=NOW)
    DomainRate.objects.create(edition=earlier, domain="big.example", sent=5_000, counted_at=NOW)
    refresh(config.current(), LATER)
    assert "emails to one.example" in str(Notice.objects.get(kind="complaints").text)
