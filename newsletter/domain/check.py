"""What a check finds."""

from dataclasses import dataclass
from enum import StrEnum

from newsletter.messages import Message


class Verdict(StrEnum):
    """The result of a check. A note is about what is optional; what is unknown can't be looked up, now or ever."""

    GOOD = "good"
    NOTE = "note"
    UNKNOWN = "unknown"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `record` is a DNS record to add, or to put in the place of the one that was found.

    A check of deliverability names its `requirement` and the mailbox providers that have it.
    """

    about: Message
    verdict: Verdict
    message: Message
    record: str = ""
    requirement: str = ""
    required_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A verdict with its reason, and the record that helps, before it is known which requirement it is about."""

    verdict: Verdict
    message: Message
    record: str = ""
