"""What the modules of this room hand each other, and what they hand to whoever keeps the ledger."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from newsletter.mail import FoundPost

EVERYTHING = datetime.min.replace(tzinfo=UTC)
"""`Reading.reached_back_to` of a listing that was read to its end."""


class SourceProblem(Exception):
    """A source can't be read; the text is one sentence that names it and says what to do.

    `status` is the HTTP status where one came (410: it is not worth asking again); `retry_after`, how long the source
    wants to be left alone.
    """

    def __init__(self, sentence: str, *, status: int = 0, retry_after: timedelta | None = None) -> None:
        super().__init__(" ".join(sentence.split()))
        self.status = status
        self.retry_after = retry_after


class NotAFeed(Exception):
    """A document is no feed of posts; the text goes on after the source's name: "is a web page, not a feed".

    `page` says that it is a web page, which may name its feed; `remedy` what to do, where that is known.
    """

    def __init__(self, sentence: str, *, page: bool = False, remedy: str = "") -> None:
        super().__init__(f"{sentence}; {remedy}" if remedy else sentence)
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
class Links:
    """Where a feed goes on: RFC 5005 `prev-archive`, and `next` (RFC 5005 paging, JSON Feed's `next_url`)."""

    previous: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """One document. `kind` is feed, blogger, wordpress or jsonfeed; `total` how many posts the blog has in all.

    `problems` are sentences without the source's name; `whole` is False where posts of the document were lost.
    """

    kind: str
    title: str = ""
    language: str = ""
    posts: tuple[FoundPost, ...] = ()
    links: Links = field(default_factory=Links)
    total: int | None = None
    problems: tuple[str, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reading of a source gave; posts newest first, each id once.

    - `problems`: one sentence each, naming the source; posts may be there all the same.
    - `not_modified`: the source said that nothing changed (304), so that `posts` is empty.
    - `reached_back_to`: the listing showed every post published at or after this instant, so that one missing from it
      is gone from its source; None where nothing can be said.
    - `complete`: the listing reached back to the `since` that was asked for. False is no fault by itself: a feed that
      holds its newest posts only may have none as old as that.
    - `stop`: the source is gone for good (410) and need not be asked again.
    - `memory`: hand it to the next reading.
    """

    kind: str = ""
    title: str = ""
    feed_url: str = ""
    posts: tuple[FoundPost, ...] = ()
    problems: tuple[str, ...] = ()
    memory: Memory = field(default_factory=Memory)
    not_modified: bool = False
    reached_back_to: datetime | None = None
    complete: bool = True
    stop: bool = False
    retry_after: timedelta | None = None
