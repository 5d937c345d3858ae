"""What a check found, before it is known which requirement it is about."""

from dataclasses import dataclass

from newsletter.messages import Message
from newsletter.scheduling.check import Verdict


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A verdict with its reason, and the record that helps."""

    verdict: Verdict
    message: Message
    record: str = ""
