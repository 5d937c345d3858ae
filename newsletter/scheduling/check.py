"""A finding of a check."""

from dataclasses import dataclass
from enum import StrEnum

from newsletter.messages import Message


class Verdict(StrEnum):
    """The result of a check."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; `record` is a missing DNS record."""

    about: Message
    verdict: Verdict
    message: Message
    record: str = ""
