"""The fallback provider: which reasons switch to it, who sends what afterwards, and what is never sent through it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from newsletter import config
from newsletter.config import Config, DeliverySettings
from newsletter.domain.outcome import Fault, OutcomeKind
from newsletter.messages import Message, delivery as delivery_messages, sending as messages
from newsletter.messages.general import TEXT
from newsletter.models import Act, DeliveryStatus, Edition, Notice, Result, Retry, State, Tally
from newsletter.sending import lifecycle, progress
from newsletter.sending.outbox import Holder, Outbox
from newsletter.sending.results import ResultRow
from newsletter.sending.safeguards.fallback import outage, succession_of, taken_over
from tests.sending import outbox_samples as samples

REFUSED_KEY = delivery_messages.KEY_REFUSED(reply=TEXT(words="401"))
WITH_FALLBACK = DeliverySettings(provider="postmark", fallback="resend")


@pytest.fixture(autouse=True)
def settings() -> Iterator[Config]:
    """Postmark, and Resend as its fallback."""
    before = config.current()
    yield config.use(replace(before, delivery=WITH_FALLBACK))
    config.use(before)


def sending(count: int) -> Edition:
    """An edition that has begun, which needs no public address with the provider `file`."""
    given = config.current()
    config.use(replace(given, delivery=DeliverySettings(provider="file")))
    edition = samples.sending(count)
    config.use(given)
    return edition


def box(provider: str) -> Outbox:
    """The outbox of a process that sends through this provider."""
    found = config.current()
    named = [name for name in found.active if found.provider_of(found.newsletters[name]) == provider]
    return Outbox(Holder("here", provider), named, found, succession=succession_of(found, provider))


def current(edition: Edition) -> Edition:
    edition.refresh_from_db()
    return edition


@pytest.mark.django_db
def test_a_refused_key_lets_the_fallback_go_on_and_tells_the_editors() -> None:
    edition = sending(3)
    box("postmark").pause(edition.name, REFUSED_KEY)
    assert (current(edition).state, edition.fallback_reason) == (State.SENDING, REFUSED_KEY)
    assert str(Notice.objects.get(kind="fallback").text) == (
        f"postmark failed while {edition.name} was being sent, and resend sends the rest: {REFUSED_KEY}"
    )
    assert Act.objects.get().what.code == "act.fell-back"


@pytest.mark.django_db
def test_only_the_provider_that_has_an_edition_claims_from_it() -> None:
    edition = sending(2)
    first, second = box("postmark"), box("resend")
    assert second.next(1) is None
    assert first.next(1) is not None
    first.pause(edition.name, REFUSED_KEY)
    assert box("postmark").next(1) is None
    claimed = second.next(1)
    assert claimed is not None
    assert list(claimed.attempts) == [2]


@pytest.mark.django_db
def test_retries_go_to_the_fallback_too() -> None:
    edition = sending(1)
    first = box("postmark")
    chunk = samples.claim(first, 1).chunk
    outcome = samples.outcome(1, OutcomeKind.DEFERRED, fault=Fault.MAILBOX)
    first.settle(edition.name, chunk, [outcome], finished=True)
    Retry.objects.update(due=datetime.now(UTC) - timedelta(seconds=1))
    first.pause(edition.name, REFUSED_KEY)
    assert not box("postmark").waiting()
    assert box("resend").waiting()


@pytest.mark.django_db
def test_unconfirmed_messages_are_not_sent_through_the_fallback() -> None:
    edition = sending(2)
    first = box("postmark")
    batch = samples.claim(first, 2)
    first.pause(edition.name, REFUSED_KEY)
    first.settle(edition.name, batch.chunk, [samples.outcome(1, OutcomeKind.UNKNOWN)], finished=True)
    second = box("resend")
    claimed = samples.claim(second, 10)
    assert list(claimed.attempts) == [2]
    second.settle(edition.name, claimed.chunk, [samples.outcome(2)], finished=True)
    assert second.next(10) is None
    assert Result.objects.get(number=1).kind == DeliveryStatus.UNKNOWN
    assert progress.counts(edition).pending == 0


@pytest.mark.django_db
def test_a_process_of_the_first_provider_cannot_pause_what_the_fallback_sends() -> None:
    edition = sending(1)
    first, late = box("postmark"), box("postmark")
    first.pause(edition.name, REFUSED_KEY)
    late.pause(edition.name, REFUSED_KEY)
    late.pause(edition.name, messages.TOO_MANY_REFUSALS(refused=20, tried=100, reply="550"))
    assert current(edition).state == State.SENDING
    assert Notice.objects.count() == 1


@pytest.mark.django_db
def test_the_edition_pauses_if_the_fallback_fails_too_and_resumes_with_its_own_provider() -> None:
    edition = sending(1)
    box("postmark").pause(edition.name, REFUSED_KEY)
    box("resend").pause(edition.name, REFUSED_KEY)
    assert current(edition).state == State.PAUSED
    lifecycle.resume(edition)
    assert current(edition).fallback_reason is None
    assert box("postmark").waiting()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "reason",
    [
        messages.TOO_MANY_REFUSALS(refused=20, tried=100, reply="550 spam"),
        delivery_messages.EMAIL_NOT_MADE(cause="no subject"),
    ],
)
def test_a_refusal_that_any_provider_would_give_pauses_the_edition(reason: Message) -> None:
    edition = sending(1)
    box("postmark").pause(edition.name, reason)
    assert (current(edition).state, edition.fallback_reason) == (State.PAUSED, None)


@pytest.mark.django_db
def test_a_provider_that_cannot_be_reached_hands_over_everything() -> None:
    edition = sending(1)
    assert box("postmark").provider_failed(TEXT(words="no connection")) is True
    assert str(current(edition).fallback_reason) == "no connection"
    assert taken_over() == {samples.NEWSLETTER}
    assert box("resend").provider_failed(TEXT(words="no connection")) is False


def deferred(edition: Edition, attempt: int, code: int = 503) -> None:
    """The first provider defers the only delivery."""
    first = box("postmark")
    Retry.objects.update(due=datetime.now(UTC) - timedelta(seconds=1))
    chunk = samples.claim(first, 1).chunk
    outcome = samples.outcome(1, OutcomeKind.DEFERRED, attempt, fault=Fault.CONNECTION, code=code, text="unavailable")
    first.settle(edition.name, chunk, [outcome], finished=True)


@pytest.mark.django_db
def test_an_outage_hands_over_when_a_retry_fails_too() -> None:
    edition = sending(1)
    deferred(edition, 1)
    assert current(edition).fallback_reason is None
    deferred(edition, 2)
    assert str(current(edition).fallback_reason) == (
        "no email was accepted for more than a minute, and the last reply was: unavailable; check the provider's status"
    )
    assert Retry.objects.get().attempt == 3


@pytest.mark.django_db
def test_a_provider_that_accepted_something_lately_keeps_the_edition() -> None:
    edition = sending(1)
    Tally.objects.create(edition=edition, at=datetime.now(UTC), accepted=1)
    deferred(edition, 1)
    deferred(edition, 2)
    assert current(edition).fallback_reason is None


@pytest.mark.django_db
def test_a_rate_limit_is_no_outage() -> None:
    edition = sending(1)
    deferred(edition, 1, 429)
    deferred(edition, 2, 429)
    assert current(edition).fallback_reason is None


@pytest.mark.django_db
def test_without_a_fallback_any_more_the_provider_has_all_editions_again() -> None:
    edition = sending(1)
    box("postmark").pause(edition.name, REFUSED_KEY)
    config.use(replace(config.current(), delivery=DeliverySettings(provider="postmark")))
    assert box("postmark").waiting()


ROWS = st.builds(
    ResultRow,
    number=st.integers(1, 5),
    attempt=st.integers(1, 3),
    kind=st.sampled_from(["accepted", "deferred", "refused", "unknown"]),
    at=st.just(0.0),
    fault=st.sampled_from(["", "connection", "mailbox"]),
    code=st.sampled_from([0, 429, 503]),
)


@given(st.lists(ROWS, max_size=6))
def test_an_outage_is_a_connection_that_fails_again_while_nothing_is_accepted(rows: list[ResultRow]) -> None:
    again = any(r.kind == "deferred" and r.fault == "connection" and r.attempt > 1 and r.code != 429 for r in rows)
    assert (outage(rows) is not None) is (again and all(row.kind != "accepted" for row in rows))


def test_a_newsletter_with_the_fallback_as_its_provider_has_none(settings: Config) -> None:
    newsletter = settings.newsletters[samples.NEWSLETTER]
    assert settings.fallback_of(newsletter) == "resend"
    assert settings.fallback_of(replace(newsletter, provider="resend")) == ""
    assert settings.fallback_of(replace(newsletter, provider="file")) == ""
    assert settings.providers == ("postmark", "resend")
