"""What the judge says of a history: promises that were broken, and how many pairs were judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken: `what` is twice, lost, late, old, unwanted, early, away or cadence.

    `at` is when the email came, or when the lost post was found.
    """

    what: str
    reader: str
    post: str
    edition: str = ""
    at: datetime | None = None
    why: str = ""

    @property
    def kind(self) -> tuple[str, str]:
        """What is the same in a shorter history with the same fault."""
        return self.what, self.why

    def __str__(self) -> str:
        when = f" at {self.at:%d %b %H:%M}" if self.at else ""
        return f"{self.what}: {self.reader}, {self.post} {self.edition}{when} {self.why}".strip()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of a history: the violations, the number of pairs judged, and those where either was right."""

    violations: tuple[Violation, ...]
    pairs: int
    must: int
    must_not: int
    either: Mapping[str, int] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """The part of the pairs for which either was right."""
        return sum(self.either.values()) / self.pairs if self.pairs else 0.0
