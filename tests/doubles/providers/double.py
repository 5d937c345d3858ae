"""What an email service does, as far as the tests need it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.webhook_calls import ALL, Call

Take = Callable[[str, str, str, dict[str, str]], bool]
"""Takes a message as (address, text, HTML, headers); returns False for an address that is refused."""
Answer = tuple[int, Any]
REFUSED = "the address is not valid"
UNKNOWN = {"message": "who are you", "__type": "AccessDenied"}
TAKEN_OVER = "https://provider.example/unsubscribe"


@dataclass(frozen=True, kw_only=True)
class Double:
    """A service: what its API answers, and how it reports events.

    `settings` are its table in config.toml, with `{url}` and `{key}`. `calls` are answers by a part of the address, and
    `most` is how many messages the service takes in one. With `says_nothing`, it accepts messages with nothing to read.
    `wrong_key` is the answer to a key that it doesn't know. `reads` is the last part of an address that only those
    with a key may read. `event` and `events` make its calls to a webhook for one event or several, `kinds` are the
    events that it reports, and `signing` returns the settings with which its signatures are checked.
    """

    settings: Mapping[str, Any]
    calls: Mapping[str, Callable[[Any, Take], Answer]]
    most: int = 1
    says_nothing: bool = False
    wrong_key: Answer = (401, UNKNOWN)
    reads: str = ""
    event: Callable[..., Call] | None = None
    events: Callable[..., Call] | None = None
    kinds: tuple[str, ...] = ALL
    signing: Callable[[], dict[str, str]] = field(default=dict)


def bare(mailbox: str) -> str:
    """Return the address of a mailbox."""
    named = re.search(r"<([^<>]+)>$", mailbox)
    return named[1] if named else mailbox


def braces_filled(text: str) -> str:
    """Return a text with the unsubscribe tags of Postmark and Resend replaced."""
    return re.sub(r"\{\{\{? ?(?:pm:unsubscribe_url|RESEND_UNSUBSCRIBE_URL) ?\}?\}\}", TAKEN_OVER, text)
