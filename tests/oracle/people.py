"""The judge's memory of posts, readers, editions and of what each reader may expect of each post."""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from tests.oracle.acts import Approved, ListedPost

LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
Meaning = Mapping[str, frozenset[str]]
"""The categories of each topic that is configured."""


class Certainty(StrEnum):
    """What the documents say of a question: yes, no, or either."""

    YES = "yes"
    NO = "no"
    EITHER = "either"


def beginning(cadence: str, moment: datetime, timezone: str) -> datetime:
    """Return when the period of a cadence begins that ends at a moment: at the same local time; `post` has none."""
    if cadence == "post":
        return moment
    local = moment.astimezone(ZoneInfo(timezone)).replace(tzinfo=None)
    if cadence == "month":
        year, month = (local.year, local.month - 1) if local.month > 1 else (local.year - 1, 12)
        earlier = local.replace(year=year, month=month, day=min(local.day, monthrange(year, month)[1]))
    else:
        earlier = local - timedelta(days={"day": 1, "week": 7}[cadence])
    return earlier.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)


class Standing(StrEnum):
    """What a reader may expect of a post."""

    DUE = "must have"
    HAS = "has"
    OVER = "must not have"


@dataclass(slots=True)
class Pair:
    """One reader and one post. `either` is why both would be right; `by` the edition with which it was over,
    and `brought_by` the one of the last email with it.

    `without` are the editions that had it, and came to the reader without it though it was due.
    """

    standing: Standing = Standing.DUE
    why: str = ""
    by: str = ""
    brought_by: str = ""
    either: str = ""
    without: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Settled:
    """What an approved edition decided about a post: it has it, or `why` it is out, or perhaps out.

    `by_name`: an editor included it.
    """

    edition: str
    at: datetime
    out: Certainty
    why: str = ""
    by_name: bool = False


@dataclass(slots=True)
class SeenPost:
    """A post as readings showed it. `first_refusal` is why it was out at first sight, `first_doubt` why perhaps.

    `settled` is what approved editions decided, unless they were unlocked. The last one counts. `only_added`: an editor
    added its page to a draft, and no source has listed it.
    """

    name: str
    found: datetime
    dated: datetime
    categories: frozenset[str]
    second: bool = False
    gone: datetime | None = None
    deleted: bool = False
    only_added: bool = False
    first_refusal: str = ""
    first_doubt: str = ""
    settled: list[Settled] = field(default_factory=list)
    holders: set[str] = field(default_factory=set)
    dates: list[tuple[datetime, datetime]] = field(default_factory=list)

    def eligible(self, at: datetime) -> bool:
        """Return whether it was found, and its date has come."""
        return max(self.found, self.dated_at(at)) <= at

    def dated_at(self, at: datetime) -> datetime:
        """Return its date as it was known at a time."""
        return next((dated for known, dated in reversed(self.dates) if known <= at), self.dated)

    def refusal(self, until: datetime | None = None) -> str:
        """Return why it is out, by what was decided until a time; "" if it is not, or only perhaps."""
        last = self._last(until)
        if last is None:
            return self.first_refusal
        return last.why if last.out is Certainty.YES else ""

    @property
    def either(self) -> str:
        """Why it is perhaps out."""
        last = self._last()
        if last is None:
            return self.first_doubt
        return last.why if last.out is Certainty.EITHER else ""

    def _last(self, until: datetime | None = None) -> Settled | None:
        """Return what was decided last; of several decisions at one time, that of an editor who included it."""
        last = next((each for each in reversed(self.settled) if until is None or each.at <= until), None)
        return next((each for each in self.settled if last and each.at == last.at and each.by_name), last)


def seen(listed: ListedPost, at: datetime, *, second: bool) -> SeenPost:
    """Return a post that a reading has found, of the second blog or the first."""
    return SeenPost(listed.name, at, listed.dated, listed.categories, second, dates=[(at, listed.dated)])


@dataclass(slots=True)
class Person:
    """A reader. `came_with` is the cadence in which the subscription began, `picked` the topics with their times.

    `joined` is when it last became active.
    """

    name: str
    active: bool = False
    paused: bool = False
    cadence: str = ""
    came_with: str = ""
    joined: datetime = LONG_AGO
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

    def topics_for(self, approved: datetime) -> frozenset[str]:
        """Return the topics that count in an edition: those at its approval, or the first of who came later."""
        if approved < self.joined:
            return next(topics for since, topics in self.picked if since >= self.joined)
        return next((topics for since, topics in reversed(self.picked) if since <= approved), self.picked[0][1])


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

    `here` are the active readers of its cadence when it was approved. `refused` is why posts were out by what
    had been decided before it was approved. `excluded` are the categories that a filter kept
    out from its last refresh to its approval, and `perhaps_excluded` those that it kept out for some of that time.
    `alone`: its cadence was offered then, and no other edition waited for the same readers.
    """

    approved: Approved
    meaning: Meaning
    excluded: frozenset[str] = frozenset()
    perhaps_excluded: frozenset[str] = frozenset()
    here: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    alone: bool = True
    small: bool = False
    began: datetime | None = None
    asked: bool = False
    resent: bool = False
    meant_for: frozenset[str] = frozenset()
    waiting: set[str] = field(default_factory=set)
