"""When bounces and refusals block an address."""

import pytest
from django.db.models.signals import post_init

from newsletter.bounces.policy import SentEmail, count_refusals, is_over
from newsletter.bounces.processing import BounceEffect
from newsletter.config import Config
from newsletter.domain.outcome import Fault
from newsletter.models import Edition, Result, State
from tests.bounces.returned_mails import DAY, FULL, SPAM, accepted, came_back, editions, reason
from tests.sending import outbox_samples as samples
from tests.sending.outbox_samples import NOW

pytestmark = pytest.mark.django_db


def test_one_full_mailbox_is_kept_and_costs_nothing(settings: Config) -> None:
    assert came_back(settings, editions(3)[-1], **FULL) == (BounceEffect.SOFT, 0)
    assert reason() is None


def test_three_editions_in_a_row_that_came_back_suppress(settings: Config) -> None:
    assert [came_back(settings, each, **FULL)[1] for each in editions(3)] == [0, 0, 1]
    assert reason() == "bounced"


def test_an_edition_between_that_was_taken_begins_the_count_anew(settings: Config) -> None:
    made = editions(5)
    assert [came_back(settings, each, **FULL)[1] for each in made if each is not made[2]] == [0, 0, 0, 0]


def test_three_editions_within_a_week_are_too_few(settings: Config) -> None:
    assert [came_back(settings, each, **FULL)[1] for each in editions(3, days=1)] == [0, 0, 0]


def test_results_are_not_made_into_objects(settings: Config) -> None:
    made = editions(3)
    seen: list[object] = []

    def note(instance: object, **_: object) -> None:
        seen.append(instance)

    post_init.connect(note, Result)
    try:
        assert came_back(settings, made[-1], **FULL)[1] == 0
    finally:
        post_init.disconnect(note, Result)
    assert not seen, "a daily newsletter has thousands, and this runs in a transaction"


def test_a_refusal_as_spam_never_counts_against_an_address(settings: Config) -> None:
    assert [came_back(settings, each, **SPAM) for each in editions(4)] == [(BounceEffect.SOFT, 0)] * 4
    assert reason() is None


def test_a_mail_younger_than_the_last_that_came_back_says_nothing() -> None:
    tried = [
        SentEmail(NOW + days * DAY, came_back) for days, came_back in ((0, True), (4, True), (8, True), (9, False))
    ]
    assert is_over(tried)


def refuse(
    edition: Edition, *numbers: int, fault: Fault = Fault.RECIPIENT, status: str = "5.1.1", text: str = "User unknown"
) -> None:
    """The server refused these numbers in the session."""
    for number in numbers:
        Result.objects.create(
            edition=edition,
            number=number,
            attempt=1,
            kind="refused",
            fault=fault,
            code=550,
            status=status,
            text=text,
            at=0,
        )


def test_a_mailbox_that_the_session_called_missing_is_suppressed_once(settings: Config) -> None:
    edition = samples.sending(2)
    accepted(edition, 2)
    refuse(edition, 1)
    assert [count_refusals(settings, NOW) for _ in range(2)] == [1, 0]
    assert reason() == "bounced"


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.POLICY, "5.7.1"), (Fault.CONTENT, "5.6.0"), (Fault.RECIPIENT, "5.6.7")]
)
def test_refusals_that_are_our_own_fault_cost_nobody(settings: Config, fault: Fault, status: str) -> None:
    edition = samples.sending(1)
    refuse(edition, 1, fault=fault, status=status)
    assert count_refusals(settings, NOW) == 0
    assert reason() is None


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("5.1.1", "Blocked - your IP is on the blacklist zen.spamhaus.org"),
        ("5.1.1", "Mailbox is full"),
        ("", "Sender address unknown"),
        ("", "Verification failed for <…>, unknown user; Sender verify failed"),
    ],
)
def test_a_refusal_whose_words_are_about_something_else_than_a_missing_mailbox_blocks_nobody(
    settings: Config, status: str, text: str
) -> None:
    edition = samples.sending(2)
    accepted(edition, 2)
    refuse(edition, 1, status=status, text=text)
    assert count_refusals(settings, NOW) == 0
    assert reason() is None


def test_a_server_that_knows_nobody_is_not_believed(settings: Config) -> None:
    edition = samples.sending(12)
    accepted(edition, 12)
    refuse(edition, *range(1, 10))
    assert count_refusals(settings, NOW) == 0, "these may be the first of many"
    refuse(edition, 10, 11)
    assert count_refusals(settings, NOW) == 0
    Edition.objects.update(state=State.SENT)
    assert count_refusals(settings, NOW) == 0


def test_a_few_refusals_count_when_the_edition_is_sent(settings: Config) -> None:
    edition = samples.sending(2)
    refuse(edition, 1, 2)
    assert count_refusals(settings, NOW) == 0
    Edition.objects.update(state=State.SENT)
    assert count_refusals(settings, NOW) == 2
