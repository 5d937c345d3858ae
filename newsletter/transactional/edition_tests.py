"""Test emails: the edition as it is now, sent to a few addresses, with `[Test]` before the subject.

A test is not a delivery, and its links do not affect subscribers.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from secrets import token_hex

from newsletter.config import Config
from newsletter.domain.encoded_email import Recipient
from newsletter.domain.outcome import Outcome, OutcomeKind
from newsletter.editions.local_links import check_addresses
from newsletter.editions.problems import Impossible
from newsletter.editions.rendering import make_proof
from newsletter.messages import Message, acts, delivery as delivery_messages, editions as editions_messages
from newsletter.models import Act, Edition
from newsletter.render.message import encoded
from newsletter.transactional.transport import Outgoing, post_all, unsent
from subscribers.addresses import AddressProblem
from subscribers.admin_actions import address_given
from subscribers.tokens import link_token_for_tests

MARK = "[Test] "
MOST = 20
NOT_ACCEPTED = {
    OutcomeKind.DEFERRED: delivery_messages.TEST_DEFERRED,
    OutcomeKind.REFUSED: delivery_messages.TEST_REFUSED,
    OutcomeKind.UNKNOWN: delivery_messages.TEST_UNCONFIRMED,
}


def send(edition: Edition, configuration: Config, addresses: Sequence[str], *, by: str = "") -> dict[str, Message]:
    """Send the edition to each address, and return each one's result."""
    people = [_checked(address) for address in addresses]
    if not people or len(people) > MOST:
        raise Impossible(editions_messages.TEST_ADDRESSES(most=MOST, count=len(people)))
    check_addresses(configuration, edition.newsletter, addresses)
    proof = make_proof(edition, configuration)
    now = datetime.now(UTC)
    personal = proof.rendered.personal_subject
    rendered = replace(
        proof.rendered,
        subject=MARK + proof.rendered.subject,
        personal_subject=MARK + personal if personal else "",
    )
    mail = encoded(rendered, proof.letterhead, date=now)
    messages = [
        Outgoing(
            mail, Recipient(number=n, address=address, token=link_token_for_tests(), message_id=f"proof.{token_hex(8)}")
        )
        for n, address in enumerate(people, 1)
    ]
    outcomes_by_number: dict[int, Outcome] = {}
    provider = configuration.provider_of(configuration.newsletters[edition.newsletter])

    def record(outcomes: Sequence[Outcome]) -> None:
        outcomes_by_number.update((outcome.number, outcome) for outcome in outcomes)

    problem = post_all(configuration, provider, messages, record)
    results = {}
    for number, address in enumerate(people, 1):
        outcome = outcomes_by_number.get(number) or unsent(number, problem)
        results[address] = _result(outcome)
    Act.objects.log(
        by, acts.TEST_SENT(), edition.name, after={"revision": edition.revision, "people": len(people)}, now=now
    )
    return results


def _result(outcome: Outcome) -> Message:
    if outcome.kind is OutcomeKind.ACCEPTED:
        return delivery_messages.TEST_ACCEPTED()
    return NOT_ACCEPTED[outcome.kind](reply=outcome.explanation or "–")


def _checked(address: str) -> str:
    try:
        return address_given(address).written
    except AddressProblem as problem:
        raise Impossible(problem.message) from problem
