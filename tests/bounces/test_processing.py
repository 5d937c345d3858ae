"""What comes back, from the mail to the subscriptions: what takes effect, and what only stays to be seen."""

import pytest

from newsletter.bounces.processing import BounceEffect, process
from newsletter.config import Config
from newsletter.domain.outcome import OutcomeKind
from newsletter.models import Bounce, Edition, Result
from newsletter.sending import audience
from subscribers import tokens
from subscribers.models import Subscriber, Subscription
from tests.bounces.reading.bounce_samples import complaint, prose, report
from tests.bounces.returned_mails import BARE, DAY, FULL, came_back, editions, reason, verp
from tests.sending import outbox_samples as samples
from tests.sending.outbox_samples import NOW

pytestmark = pytest.mark.django_db


def test_no_such_mailbox_suppresses_at_once_and_is_kept_without_the_address(settings: Config) -> None:
    edition = samples.sending(2)
    assert came_back(settings, edition) == (BounceEffect.HARD, 1)
    assert (reason(), reason("r2@reader.example")) == ("bounced", None)
    bounce = Bounce.objects.get()
    assert (bounce.edition_id, bounce.number, bounce.kind, bounce.status) == (edition.pk, 1, "hard", "5.1.1")
    assert "@" not in bounce.text


def test_a_name_before_the_at_is_left_out_of_the_text_too(settings: Config) -> None:
    edition = samples.sending(1)
    came_back(settings, edition, diagnostic="smtp; 550 5.1.1 User R1 unknown")
    assert Bounce.objects.get().text == "smtp; 550 5.1.1 User … unknown"


def test_a_bounce_leaves_the_subscription_as_it_is(settings: Config) -> None:
    came_back(settings, samples.sending(1))
    assert Subscription.objects.get().state == Subscription.State.ACTIVE


def test_the_same_mail_counts_once(settings: Config) -> None:
    edition = samples.sending(1)
    raw = report(to=verp(edition))
    assert [process(settings, raw, NOW) for _ in range(3)] == [
        (BounceEffect.HARD, 1),
        (BounceEffect.HARD, 0),
        (BounceEffect.HARD, 0),
    ]
    assert Bounce.objects.count() == 1


@pytest.mark.parametrize(("number", "written"), [(12, "c"), (30, "u")])
def test_an_edition_whose_number_is_written_as_a_mark_gets_its_bounces(
    settings: Config, number: int, written: str
) -> None:
    """Its return paths begin as the addresses for codes (`+c-`) and unsubscribing (`+u-`) do."""
    samples.subscribers(1)
    edition = samples.begun(samples.queued(pk=number))
    assert f"+{written}-1-" in verp(edition)
    assert came_back(settings, edition) == (BounceEffect.HARD, 1)


def test_a_made_up_return_path_touches_nobody(settings: Config) -> None:
    edition = samples.sending(1)
    forged = verp(edition).replace(verp(edition)[-16:-12], "0000")
    assert process(settings, report(to=forged, address="r1@reader.example"), NOW) == (BounceEffect.UNKNOWN, 0)
    assert reason() is None


def test_an_address_alone_proves_nothing(settings: Config) -> None:
    samples.sending(1)
    assert process(settings, report(to=BARE, address="r1@reader.example"), NOW) == (BounceEffect.UNKNOWN, 0)
    assert reason() is None


def forged(edition: Edition, number: int, *, by: str, **said: str) -> bytes:
    """A report with only the link or the Message-ID of a forwarded email."""
    raw = {"to": BARE, "address": "R1@reader.example", "message_id": f"<{edition.pk}@mx.example>", **said}
    if by == "link":
        return report(**raw, token=tokens.link_token(number))
    own, *_previous = audience.message_ids(edition.pk, number)
    return report(**raw).replace(b"0a1b2c", own.encode())


@pytest.mark.parametrize("by", ["link", "Message-ID"])
def test_a_hard_bounce_with_only_the_emails_link_or_message_id_ends_that_subscription_alone(
    settings: Config, by: str
) -> None:
    edition = samples.sending(1)
    number = Subscription.objects.get().pk
    other = Subscription.objects.create(subscriber=Subscriber.objects.get(), newsletter="daily", state="active")
    assert process(settings, forged(edition, number, by=by), NOW + DAY) == (BounceEffect.HARD, 0)
    assert reason() is None
    assert dict(Subscription.objects.values_list("pk", "state")) == {number: "unsubscribed", other.pk: "active"}
    assert Bounce.objects.get().proven is False


def test_repeated_bounces_with_only_the_message_ids_end_that_subscription_alone(settings: Config) -> None:
    made = editions(3)
    number = Subscription.objects.get().pk
    other = Subscription.objects.create(subscriber=Subscriber.objects.get(), newsletter="daily", state="active")
    states = []
    for edition in made:
        assert process(settings, forged(edition, number, by="Message-ID", **FULL), NOW) == (BounceEffect.SOFT, 0)
        states.append(Subscription.objects.get(pk=number).state)
    assert (states, reason()) == (["active", "active", "unsubscribed"], None)
    assert Subscription.objects.get(pk=other.pk).state == "active"


def test_bounces_that_are_not_proven_add_nothing_to_those_that_are(settings: Config) -> None:
    made = editions(4)
    number = Subscription.objects.get().pk
    for edition in made[:2]:
        process(settings, forged(edition, number, by="Message-ID", **FULL), NOW)
    assert came_back(settings, made[2], **FULL) == (BounceEffect.SOFT, 0)
    assert reason() is None


def test_a_delay_is_understood_and_changes_nothing(settings: Config) -> None:
    edition = samples.sending(1)
    assert came_back(settings, edition, action="delayed", status="4.4.1") == (BounceEffect.NOTHING, 0)
    assert not Bounce.objects.exists()


def test_a_report_about_an_address_left_since_touches_nobody(settings: Config) -> None:
    edition = samples.sending(1)
    Subscriber.objects.update(moved_at=edition.began_at + DAY if edition.began_at else NOW)
    assert came_back(settings, edition) == (BounceEffect.HARD, 0)
    assert reason() is None


def test_a_bounce_of_a_forgotten_person_is_kept_and_touches_nobody(settings: Config) -> None:
    edition = samples.sending(1)
    Subscriber.objects.all().delete()
    assert came_back(settings, edition) == (BounceEffect.HARD, 0)


def test_a_complaint_ends_every_subscription_and_stays(settings: Config) -> None:
    edition = samples.sending(1)
    Subscription.objects.create(subscriber=Subscriber.objects.get(), newsletter="daily", state="active")
    assert process(settings, complaint(return_path=verp(edition)), NOW) == (BounceEffect.COMPLAINT, 1)
    assert reason() == "complained"
    assert set(Subscription.objects.values_list("state", flat=True)) == {"unsubscribed"}


def test_a_complaint_with_only_the_emails_link_ends_that_subscription_alone(settings: Config) -> None:
    edition = samples.sending(1)
    other = Subscription.objects.create(subscriber=Subscriber.objects.get(), newsletter="daily", state="active")
    number = Subscription.objects.exclude(pk=other.pk).get().pk
    forged = complaint(return_path="someone@elsewhere.example", token=tokens.link_token(number))
    assert process(settings, forged, NOW) == (BounceEffect.COMPLAINT, 0)
    assert reason() is None
    assert dict(Subscription.objects.values_list("pk", "state")) == {number: "unsubscribed", other.pk: "active"}
    assert Bounce.objects.get().edition_id == edition.pk


def test_a_report_on_authentication_is_no_complaint(settings: Config) -> None:
    edition = samples.sending(1)
    assert process(settings, complaint(kind="auth-failure", return_path=verp(edition)), NOW) == (
        BounceEffect.NOTHING,
        0,
    )
    assert reason() is None


def unsubscribing(token: str) -> bytes:
    """The mail that a mail program sends for the `mailto:` of List-Unsubscribe."""
    return prose("unsubscribe", to=f"Bounce+u-{token}@example.org", sender="r1@reader.example", subject="unsubscribe")


def test_a_mail_to_the_unsubscribe_address_unsubscribes(settings: Config) -> None:
    [subscription] = samples.subscribe(["r1@reader.example"], newsletter="gone-since")
    assert process(settings, unsubscribing(tokens.link_token(subscription.pk)), NOW) == (BounceEffect.UNSUBSCRIBED, 0)
    subscription.refresh_from_db()
    assert (subscription.state, subscription.unsubscribed_at) == (Subscription.State.UNSUBSCRIBED, NOW)


def test_a_proofs_unsubscribe_address_acts_on_nobody(settings: Config) -> None:
    samples.subscribers(1)
    assert process(settings, unsubscribing(tokens.link_token_for_tests()), NOW) == (BounceEffect.UNSUBSCRIBED, 0)
    assert Subscription.objects.get().state == Subscription.State.ACTIVE


def test_a_forged_unsubscribe_address_is_not_understood(settings: Config) -> None:
    assert process(settings, unsubscribing("A" * 28), NOW) == (BounceEffect.UNKNOWN, 0)


def test_the_unsubscribe_address_inside_a_bounce_unsubscribes_nobody(settings: Config) -> None:
    edition = samples.sending(1)
    came_back(settings, edition, token=tokens.link_token(Subscription.objects.get().pk), **FULL)
    assert Subscription.objects.get().state == Subscription.State.ACTIVE


def test_a_return_path_is_met_in_any_case(settings: Config) -> None:
    edition = samples.sending(1)
    assert process(settings, report(to=verp(edition).upper()), NOW) == (BounceEffect.HARD, 1)


def test_an_outcome_that_was_accepted_stays_accepted(settings: Config) -> None:
    [edition] = editions(1)
    came_back(settings, edition)
    assert Result.objects.get().kind == OutcomeKind.ACCEPTED
