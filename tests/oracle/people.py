"""The judge's memory of posts, readers, editions and of what each reader may expect of each post."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from tests.oracle.acts import Approved, ListedPost

DAY = timedelta(days=1)
SHORTEST = {"day": DAY - timedelta(hours=1), "week": 7 * DAY - timedelta(hours=1), "month": 28 * DAY}
LONGEST = {
    "day": DAY + timedelta(hours=1),
    "week": 7 * DAY + timedelta(hours=1),
    "month": 31 * DAY + timedelta(hours=1),
}
"""How long a period is: days have 23 to 25 hours, and a month may be one of the calendar or thirty days."""
Meaning = Mapping[str, frozenset[str]]
"""The categories of each topic that is configured."""


class Certainty(StrEnum):
    """What the documents say of a question: yes, no, or either."""

    YES = "yes"
    NO = "no"
    EITHER = "either"


def before_period(dated: datetime, cadence: str, moment: datetime) -> Certainty:
    """Return whether a date is before the period of a cadence that ends at a moment; `post` has no period."""
    if cadence == "post":
        return Certainty.YES if dated <= moment else Certainty.NO
    if dated < moment - LONGEST[cadence]:
        return Certainty.YES
    return Certainty.NO if dated >= moment - SHORTEST[cadence] else Certainty.EITHER


class Standing(StrEnum):
    """What a reader may expect of a post."""

    DUE = "must have"
    HAS = "has"
    OVER = "must not have"


@dataclass(slots=True)
class Pair:
    """One reader and one post. `either` is why both would be right; `by` the edition with which it was over."""

    standing: Standing = Standing.DUE
    why: str = ""
    by: str = ""
    either: str = ""


@dataclass(slots=True)
class SeenPost:
    """A post as readings showed it. `refused_by` is the edition that settled the refusal; "" for the first sight.

    `locked` is when an approved edition had it for the first time.
    """

    name: str
    found: datetime
    dated: datetime
    categories: frozenset[str]
    gone: datetime | None = None
    deleted: bool = False
    refused: str = ""
    refused_by: str = ""
    refused_at: datetime | None = None
    either: str = ""
    locked: datetime | None = None
    dates: list[tuple[datetime, datetime]] = field(default_factory=list)

    def eligible(self, at: datetime) -> bool:
        """Return whether it was found, and its date has come."""
        return max(self.found, self.dated_at(at)) <= at

    def dated_at(self, at: datetime) -> datetime:
        """Return its date as it was known at a time."""
        return next((dated for known, dated in reversed(self.dates) if known <= at), self.dated)

    def refuse(self, why: str, at: datetime, by: str = "") -> None:
        """Refuse it, unless it is refused already."""
        if not self.refused:
            self.refused, self.refused_by, self.refused_at = why, by, at


def seen(listed: ListedPost, at: datetime) -> SeenPost:
    """Return a post that a reading has found."""
    return SeenPost(listed.name, at, listed.dated, listed.categories, dates=[(at, listed.dated)])


@dataclass(slots=True)
class Person:
    """A reader. `came_with` is the cadence in which the subscription began, `picked` the topics with their times."""

    name: str
    active: bool = False
    paused: bool = False
    cadence: str = ""
    came_with: str = ""
    picked: list[tuple[datetime, frozenset[str]]] = field(default_factory=list)
    pairs: dict[str, Pair] = field(default_factory=dict)

    @property
    def receives(self) -> bool:
        """Whether editions go to this reader now."""
        return self.active and not self.paused

    def pair(self, post: str) -> Pair:
        """Return what the reader may expect of a post."""
        return self.pairs.setdefault(post, Pair())

    def over(self, post: str, why: str, by: str = "") -> None:
        """A post that the reader has not got is not to come any more."""
        pair = self.pair(post)
        if pair.standing is Standing.DUE:
            pair.standing, pair.why, pair.by = Standing.OVER, why, by

    def either(self, post: str, why: str) -> None:
        """Both would be right from now on."""
        pair = self.pair(post)
        if pair.standing is Standing.DUE:
            pair.either = pair.either or why

    def topics_at(self, at: datetime) -> frozenset[str]:
        """Return the topics that the reader had picked at a time, or at first."""
        return next((topics for since, topics in reversed(self.picked) if since <= at), self.picked[0][1])


def wanted(picked: Iterable[frozenset[str]], meanings: Iterable[Meaning], categories: frozenset[str]) -> Certainty:
    """Return whether a post is in one of a reader's topics, by what was picked and configured at several times."""
    choices = list(picked)
    answers = {_wants(topics, meaning, categories) for topics in choices for meaning in meanings}
    if len(answers) > 1:
        return Certainty.EITHER
    return Certainty.YES if answers.pop() else Certainty.NO


def _wants(topics: frozenset[str], meaning: Meaning, categories: frozenset[str]) -> bool:
    known = topics & set(meaning)
    return not known or any(categories & meaning[topic] for topic in known)


@dataclass(slots=True)
class SeenEdition:
    """An edition that was approved. `waiting` are the readers of its audience whose email has not come.

    `excluded` are the categories that a filter kept out from its last refresh to its approval.
    """

    approved: Approved
    meaning: Meaning
    small: bool
    excluded: frozenset[str] = frozenset()
    refused: list[str] = field(default_factory=list)
    lifted: list[str] = field(default_factory=list)
    began: datetime | None = None
    asked: bool = False
    resent: bool = False
    meant_for: frozenset[str] = frozenset()
    waiting: set[str] = field(default_factory=set)
