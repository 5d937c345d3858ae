"""Proof-of-work challenges for the sign-up form, as ALTCHA defines them (version 2).

A challenge asks for the counter whose PBKDF2 key begins in a given way. Finding it takes a browser about a second, and
checking it takes one HMAC. Challenges are signed and not stored; that each is solved once is ensured by the limits,
which count solutions.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import randbelow
from typing import Any

from subscribers.tokens import Purpose, keys

ALGORITHM = "PBKDF2/SHA-256"
ITERATIONS = 5_000
"""What one counter costs."""
FEWEST, MOST = 400, 1_600
"""How many counters have to be tried: a random number in this range."""
LIFETIME = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class SolvedChallenge:
    """A solved challenge: its identifier, and its end in seconds since the epoch."""

    challenge: str
    expires: int


def create(at: datetime) -> dict[str, Any]:
    """Return a new challenge as JSON has it: `parameters` and `signature`."""
    import altcha

    challenge = altcha.create_challenge(
        ALGORITHM,
        ITERATIONS,
        counter=FEWEST + randbelow(MOST - FEWEST),
        expires_at=at + LIFETIME,
        hmac_secret=keys(Purpose.CHALLENGE)[0],
        hmac_key_secret=keys(Purpose.SOLUTION)[0],
    )
    return challenge.to_dict()


def read(text: str) -> SolvedChallenge | None:
    """Return the challenge that was solved; None if the solution is wrong, came too late or can't be read.

    `text` is what ALTCHA's form field contains: an object with `challenge` and `solution` as JSON, in Base64.
    """
    import altcha

    try:
        payload = altcha.Payload.from_base64(text)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    for signing, solving in zip(keys(Purpose.CHALLENGE), keys(Purpose.SOLUTION), strict=True):
        if altcha.verify_solution(payload, signing, hmac_key_secret=solving).verified:
            parameters = payload.challenge.parameters
            assert parameters.expires_at is not None  # it is signed, and every challenge has it
            return SolvedChallenge(parameters.nonce, parameters.expires_at)
    return None
