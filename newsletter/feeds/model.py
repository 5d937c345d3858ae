"""The result of reading a source, and the problems that can occur."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from newsletter.domain.found_post import FoundPost
from newsletter.messages import Message, Problem

EVERYTHING = datetime.min.replace(tzinfo=UTC)
"""`SourceReading.reached_back_to` of a listing that was read to its end."""


class SourceProblem(Problem):
    """A source can't be read; the message names it and says what to do.

    `status` is the HTTP status where one came (410: it is not worth asking again); `retry_after`, how long the source
    wants to be left alone.
    """

    def __init__(self, message: Message, *, status: int = 0, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class NotAFeed(Problem):
    """A document is no feed of posts; the message goes on after the source's name: "is a web page, not a feed".

    `page` says that it is a web page, which may name its feed; `remedy`, that the message says what to do.
    """

    def __init__(self, message: Message, *, page: bool = False, remedy: bool = False) -> None:
        super().__init__(message)
        self.page = page
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Memory:
    """What the next reading of a source should know of the last one; empty before the first.

    `kind` and `feed_url` are what was found behind the source's address, `api` the root of its WordPress REST
    interface; `etag` and `last_modified` are those of the newest page.
    """

    kind: str = ""
    feed_url: str = ""
    api: str = ""
    title: str = ""
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class ListedBefore:
    """The posts that a source listed before: their keys (`continuity.keys_of`), and the date of the newest.

    A reading that has none of them follows the source back, at most to `back_to`.
    """

    keys: frozenset[str]
    newest: datetime
    back_to: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """Two times between which a source may have posts that no reading found."""

    after: datetime
    before: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a source's posts: a feed's document, an answer of WordPress, or a folder.

    - `kind`: feed, blogger, wordpress, jsonfeed or folder.
    - `next`: the address of the following page; "" if none is named.
    - `ends_at`: every post from this instant on was listed, since the listing ends here.
    - `total`: how many posts the blog has in all.
    - `problems`: messages without the source's name.
    - `whole`: False if posts of the page were lost.
    """

    kind: str = "feed"
    title: str = ""
    posts: tuple[FoundPost, ...] = ()
    next: str = ""
    ends_at: datetime | None = None
    total: int | None = None
    problems: tuple[Message, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class SourceReading:
    """What one reading of a source gave; posts newest first, each id once.

    - `problems`: messages that name the source; posts may be there all the same.
    - `not_modified`: the source said that nothing changed (304), so that `posts` is empty.
    - `reached_back_to`: the listing showed every post published at or after this instant, so that one missing from it
      is gone from its source; None if nothing can be said.
    - `complete`: the listing reached back to the `since` that was asked for. False is not an error: a feed that
      holds its newest posts only may have none as old as that.
    - `gap`: where posts may be missing, as the listing could not be followed back to posts that are known;
      `interrupted` says that a page failed, so that another try may help.
    - `stop`: the source is gone for good (410) and need not be asked again.
    - `memory`: hand it to the next reading.
    """

    kind: str = ""
    title: str = ""
    feed_url: str = ""
    posts: tuple[FoundPost, ...] = ()
    problems: tuple[Message, ...] = ()
    memory: Memory = field(default_factory=Memory)
    not_modified: bool = False
    reached_back_to: datetime | None = None
    complete: bool = True
    gap: Gap | None = None
    interrupted: bool = False
    stop: bool = False
    retry_after: timedelta | None = None
