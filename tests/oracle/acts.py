"""What people and programs did, as a log that the judge reads: frozen, with times, seen from outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

CADENCES = ("post", "day", "week", "month")
"""All cadences, the fastest first."""


class Kind(StrEnum):
    """What an edition is: one of the schedule's, a letter outside it, or a correction."""

    PERIODIC = "periodic"
    LETTER = "letter"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happened."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Configured(Act):
    """The configuration that is in force from now on.

    `topics` has the categories of each topic, and `excluded` those that the source's filter keeps out. `late_days` is
    `late_posts` in days. A period is one of local time in `timezone`. `second`: a second blog is a source too.
    """

    period: str
    cadences: tuple[str, ...] = ()
    minimum_posts: int = 1
    late_days: int = 30
    topics: Mapping[str, frozenset[str]] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()
    timezone: str = "UTC"
    second: bool = False

    @property
    def offered(self) -> tuple[str, ...]:
        """The cadences that readers can choose from."""
        return self.cadences or (self.period,)

    def effective(self, cadence: str) -> str:
        """Return the cadence of a reader who chose one; readers of one that is not offered get the period."""
        return cadence if cadence in self.offered else self.period


@dataclass(frozen=True, slots=True)
class ListedPost:
    """A post as a source lists it."""

    name: str
    dated: datetime
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Read(Act):
    """A source was read successfully; the listing had every post dated after `reaches_back_to`."""

    posts: tuple[ListedPost, ...]
    reaches_back_to: datetime | None
    second: bool = False


@dataclass(frozen=True, slots=True)
class ReadElsewhere(Act):
    """The blog has moved, and is read at its new address from now on."""


@dataclass(frozen=True, slots=True)
class Deleted(Act):
    """A post was deleted at its source, and its address answers 404."""

    post: str


@dataclass(frozen=True, slots=True)
class PageAdded(Act):
    """An editor added a post to a draft by the address of its page, before a source listed it."""

    post: str


@dataclass(frozen=True, slots=True)
class SentElsewhere(Act):
    """Issues of another tool were imported that had these posts."""

    posts: frozenset[str]


@dataclass(frozen=True, slots=True)
class RestoredWithoutLog(Act):
    """A backup took the place of the database, and what was sent since is known to nobody but the readers."""


@dataclass(frozen=True, slots=True)
class NotSentElsewhere(Act):
    """That import was undone."""

    posts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Joined(Act):
    """A subscription became active, for the first time or again."""

    reader: str
    cadence: str = ""
    topics: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Left(Act):
    """A reader unsubscribed."""

    reader: str


@dataclass(frozen=True, slots=True)
class Paused(Act):
    """A reader paused the newsletter."""

    reader: str


@dataclass(frozen=True, slots=True)
class Resumed(Act):
    """A reader ended the pause."""

    reader: str


@dataclass(frozen=True, slots=True)
class ChoseCadence(Act):
    """A reader chose how often to get the newsletter."""

    reader: str
    cadence: str


@dataclass(frozen=True, slots=True)
class ChoseTopics(Act):
    """A reader picked topics; none means all posts."""

    reader: str
    topics: frozenset[str]


WITHOUT = "without"
"""The segment of those who had none of a letter's posts."""


@dataclass(frozen=True, slots=True)
class Approved(Act):
    """An edition was locked, as it was when it was made or refreshed at `refreshed`, with the posts that it showed.

    `added` and `out` are posts that an editor included and left out by name. `reaches` is the end of what it covers,
    and `since` its beginning if a person asked for the edition of this time. A letter to a segment goes to
    those of one cadence, `segment`, or with `WITHOUT` to those who had none of its posts.
    """

    edition: str
    cadence: str
    kind: Kind
    refreshed: datetime
    reaches: datetime
    shown: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()
    out: frozenset[str] = frozenset()
    since: datetime | None = None
    segment: str = ""


@dataclass(frozen=True, slots=True)
class Unlocked(Act):
    """An approved edition was reopened or cancelled before its audience was fixed."""

    edition: str


@dataclass(frozen=True, slots=True)
class Began(Act):
    """The audience of an edition was fixed; `asked` if an editor sent it by hand and said yes to all questions."""

    edition: str
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Finished(Act):
    """Nothing of an edition is left to send."""

    edition: str


@dataclass(frozen=True, slots=True)
class Stopped(Act):
    """An edition was cancelled while it was being sent."""

    edition: str


@dataclass(frozen=True, slots=True)
class Resent(Act):
    """An edition is sent to those who were skipped."""

    edition: str


@dataclass(frozen=True, slots=True)
class Lost(Act):
    """An edition's delivery to a reader is unconfirmed, and was left so."""

    edition: str
    reader: str


@dataclass(frozen=True, slots=True)
class Email(Act):
    """An email arrived. Its posts were recognized by their links."""

    reader: str
    edition: str
    posts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended(Act):
    """The end, after two quiet periods of each cadence, which began at `quiet_since`."""

    quiet_since: datetime
