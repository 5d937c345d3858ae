"""What a file says of a person: whether they receive the newsletter, and if not, why."""

from enum import IntEnum
from typing import Final

from subscribers.importing import vocabulary
from subscribers.models import Suppression

Reason = Suppression.Reason


class Standing(IntEnum):
    """The standing of a person in a file; if its columns disagree, the greatest counts."""

    ACTIVE = 0
    WAITING = 1
    LEFT = 2
    BOUNCED = 3
    BLOCKED = 4
    COMPLAINED = 5


BLOCKING: Final = {
    Standing.BOUNCED: Reason.BOUNCED,
    Standing.BLOCKED: Reason.BY_HAND,
    Standing.COMPLAINED: Reason.COMPLAINED,
}
"""The standings of addresses that are blocked for all newsletters, each with its reason."""

WORDS: Final[dict[str, Standing]] = {
    **dict.fromkeys(("pending", "unconfirmed", "unactivated", "non-subscribed", "nonsubscribed", "transactional"),
                    Standing.WAITING),
    **dict.fromkeys(vocabulary.WAITING, Standing.WAITING),
    **dict.fromkeys(("unsubscribed", "inactive", "removed", "cancelled", "canceled", "deleted", "left"),
                    Standing.LEFT),
    **dict.fromkeys(vocabulary.LEFT, Standing.LEFT),
    **dict.fromkeys(("cleaned", "bounced", "hard_bounced", "undeliverable"), Standing.BOUNCED),
    **dict.fromkeys(vocabulary.BOUNCED, Standing.BOUNCED),
    **dict.fromkeys(("blocked", "blocklisted", "blacklisted", "suppressed", "disabled", "spammy"), Standing.BLOCKED),
    **dict.fromkeys(vocabulary.BLOCKED, Standing.BLOCKED),
    **dict.fromkeys(("complained", "spam", "junk", "marked_as_spam"), Standing.COMPLAINED),
}  # fmt: skip
"""Words for a standing in the languages of the catalogues. In a file of an unknown tool, any other word is active."""


def states(active: str, waiting: str = "", left: str = "", **others: str) -> dict[str, Standing]:
    """Return a tool's states, given as words with spaces between; `others` are `bounced`, `blocked`, `complained`."""
    words_by_name = {"active": active, "waiting": waiting, "left": left, **others}
    return {word: Standing[name.upper()] for name, words in words_by_name.items() for word in words.split()}
