"""A proof: the edition as it stands, mailed to named people, with `[Test]` before the subject.

Promises: it counts as no delivery, and its links act on nobody.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from secrets import token_hex

from newsletter.config import Config
from newsletter.jobs import history
from newsletter.jobs.posting import post_segments
from newsletter.jobs.problems import JobProblem
from newsletter.jobs.rendering import proof
from newsletter.mail import Kind, Reader
from newsletter.models import Edition
from newsletter.render.message import segments
from subscribers.addresses import AddressProblem, read_address
from subscribers.tokens import proof_token

MARK = "[Test] "
MOST = 20


def send(edition: Edition, configuration: Config, addresses: Sequence[str], *, by: str = "") -> dict[str, str]:
    """Mail the edition to each address; gives what became of each, in a word or a sentence."""
    people = [_checked(address) for address in addresses]
    if not people or len(people) > MOST:
        raise JobProblem(f"a proof goes to 1 to {MOST} addresses, not {len(people)}")
    looked_at = proof(edition, configuration)
    now = datetime.now(UTC)
    rendered = replace(looked_at.rendered, subject=MARK + looked_at.rendered.subject)
    mail = segments(rendered, looked_at.letterhead, date=now)
    told = {}
    for number, address in enumerate(people, 1):
        reader = Reader(number=number, address=address, token=proof_token(), message_id=f"proof.{token_hex(8)}")
        outcome = post_segments(configuration, edition.newsletter, mail, reader)
        told[address] = "accepted" if outcome.kind == Kind.ACCEPTED else f"{outcome.kind}: {outcome.text}"
    history.log(by, "proof", edition.name, now, after={"revision": edition.revision, "people": len(people)})
    return told


def _checked(address: str) -> str:
    try:
        return read_address(address).written
    except AddressProblem as problem:
        raise JobProblem(f"{address}: {problem}") from problem
