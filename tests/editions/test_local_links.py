"""Links to this machine: only to reserved names, into files, or where it was allowed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from newsletter import config
from newsletter.config import Config
from newsletter.domain.check import Verdict
from newsletter.editions import approval, local_links
from newsletter.editions.local_links import LinkProblem, check_links, check_links_of_everyone, is_reserved
from newsletter.messages import from_text
from newsletter.models import ApprovedContent, Edition, Notice, State
from newsletter.scheduling import checks
from newsletter.sending import lifecycle, sender
from newsletter.transactional import edition_tests, subscriber_mail
from subscribers.models import EmailKind, Subscription, TransactionalEmail
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db
LOCAL, PUBLIC = "http://localhost:8000", "https://brev.example.org"
REAL, RESERVED = "reader@mailbox.org", "r1@reader.example"


def configured(url: str = LOCAL, host: str = "localhost", provider: str = "smtp", **changes: Any) -> Config:
    """The tests' configuration, sending by SMTP to a host."""
    found = config.current()
    delivery = replace(found.delivery, provider=provider, smtp=replace(found.delivery.smtp, host=host))
    return replace(found, site=replace(found.site, url=url), delivery=delivery, **changes)


@pytest.fixture
def using() -> Iterator[Any]:
    """Puts a configuration into force until the test ends."""
    before = config.current()
    yield lambda **changes: config.use(configured(**changes))
    config.use(before)


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org",
        "a@EXAMPLE.com",
        "a@b.example.net",
        "a@c.example",
        "a@x.test",
        "a@b.invalid",
        "a@localhost",
        "a@b.localhost",
    ],
)
def test_reserved_names(address: str) -> None:
    assert is_reserved(address)


@pytest.mark.parametrize(
    "address", ["a@gmail.com", "a@myexample.org", "a@example.org.no", "a@test.no", "a@latest", "a@example.se"]
)
def test_names_that_somebody_may_own(address: str) -> None:
    assert not is_reserved(address)


@pytest.mark.parametrize(
    ("changes", "address", "may_go"),
    [
        ({}, REAL, False),
        ({}, RESERVED, True),
        ({"host": "127.0.0.1"}, REAL, False),
        ({"host": "::1"}, REAL, False),
        ({"url": "https://localhost"}, REAL, False),
        ({"url": "https://10.0.0.5"}, REAL, False),
        ({"url": "http://brev.example.org"}, REAL, False),
        ({"url": PUBLIC}, REAL, True),
        ({"url": PUBLIC, "host": "smtp.mailbox.org"}, REAL, True),
        ({"host": "smtp.mailbox.org"}, RESERVED, False),
        ({"host": "smtp.mailbox.org", "allow_local_links": True}, REAL, False),
        ({"allow_local_links": True}, REAL, True),
        ({"provider": "file"}, REAL, True),
    ],
)
def test_addresses_to_which_local_links_may_be_sent(changes: dict[str, Any], address: str, may_go: bool) -> None:
    samples.subscribe(["r2@reader.example", address])
    found = configured(**changes)
    check = next(c for c in checks.run(found) if str(c.about) == "kinaforum: links")
    if may_go:
        check_links(found, samples.NEWSLETTER)
        assert check.verdict != Verdict.BAD
        return
    with pytest.raises(LinkProblem) as caught:
        check_links(found, samples.NEWSLETTER)
    assert check.verdict == Verdict.BAD
    assert str(check.message) == str(caught.value)
    assert address not in str(caught.value)


def test_links_of_an_approved_edition_are_those_it_was_approved_with(using: Any) -> None:
    """The public address was changed after it was approved."""
    using()
    samples.subscribe([RESERVED])
    edition = samples.queued()
    ApprovedContent.objects.filter(edition=edition).update(headers={"site_url": LOCAL})
    samples.subscribe([REAL])
    using(url=PUBLIC)
    assert lifecycle.begin_due(config.current(), samples.NOW) == []
    edition.refresh_from_db()
    assert edition.waiting.code == "links.were-local"
    Subscription.objects.filter(subscriber__address=REAL).delete()
    approval.try_again(config.current(), edition)
    assert [e.name for e in lifecycle.begin_due(config.current(), samples.NOW)] == [edition.name]


def test_people_who_have_not_confirmed_could_not_follow_the_links_either(using: Any) -> None:
    samples.subscribe([RESERVED, REAL])
    Subscription.objects.filter(subscriber__address=REAL).update(state=Subscription.State.PENDING)
    check_links(configured(), samples.NEWSLETTER)
    with pytest.raises(LinkProblem, match="1 subscriber can't open"):
        check_links_of_everyone(configured(), samples.NEWSLETTER)
    check_links_of_everyone(configured(url=PUBLIC), samples.NEWSLETTER)


def test_check_says_to_whom_local_links_are_sent() -> None:
    samples.subscribe([RESERVED])
    for changes, words in (({}, "reserved name such as .example"), ({"allow_local_links": True}, "sent to everyone")):
        (found,) = [c for c in checks.run(configured(**changes)) if str(c.about) == "kinaforum: links"]
        assert found.verdict == Verdict.WARNING
        assert words in str(found.message)


def test_the_database_and_the_function_know_the_same_names() -> None:
    names = [
        "example",
        "a.test",
        "invalid.no",
        "b.localhost",
        "example.org",
        "x.example.net",
        "myexample.com",
        "test.no",
    ]
    samples.subscribe(f"r@{name}" for name in names)
    real = Subscription.objects.exclude(local_links._under_reserved_names())
    found = set(real.values_list("subscriber__domain", flat=True))
    assert found == {name for name in names if not is_reserved(f"r@{name}")}


def test_a_subscriber_who_joins_before_it_begins_keeps_the_edition_back(using: Any) -> None:
    using()
    samples.subscribe([RESERVED])
    edition = samples.queued()
    samples.subscribe([REAL])
    for _ in range(3):
        assert lifecycle.begin_due(config.current(), samples.NOW) == []
    edition.refresh_from_db()
    assert edition.state == State.QUEUED
    assert edition.waiting.code == "links.local-for-some"
    assert Notice.objects.filter(edition=edition.name, kind="waiting").count() == 1
    assert sender.EditionWait(edition).over()
    using(allow_local_links=True)
    approval.try_again(config.current(), edition)
    using()
    assert [e.name for e in lifecycle.begin_due(config.current(), samples.NOW)] == [edition.name]
    assert Edition.objects.get().waiting is None


def test_a_letter_waits_until_its_links_work(using: Any, tmp_path: Path) -> None:
    using()
    (subscription,) = samples.subscribe([REAL])
    TransactionalEmail.objects.create(
        kind=EmailKind.WELCOME, subscriber=subscription.subscriber, subscription=subscription,
        newsletter=samples.NEWSLETTER, due=samples.NOW,
    )  # fmt: skip
    subscriber_mail.send_due(config.current(), samples.NOW)
    email = TransactionalEmail.objects.get()
    assert (email.sent_at, email.attempts) == (None, 0)
    assert "can't open links that begin with http" in str(from_text(email.problem))


def test_a_test_message_needs_the_same(using: Any) -> None:
    found = using()
    with pytest.raises(LinkProblem, match=r"1 subscriber can't open links"):
        edition_tests.send(samples.queued(), found, [REAL, RESERVED])
