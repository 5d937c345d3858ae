"""What the pure rooms hand each other: the mail that render makes once, its readers, and what became of it.

Nothing here does anything; everything is frozen, so that it may be shared between threads and sent between processes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of a post; sizes in CSS pixels, None where the source gave none."""

    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class FoundPost:
    """One article as a source gave it, its HTML cleaned; what `feeds` hands to the ledger.

    `uid` is the source's own id, opaque (the link where it gives none). `published` keeps the source's offset;
    it is `updated` where a source gives only that, and None where it gives neither. `dropped` counts what cleaning
    left out, by kind: "repeated paragraph", "read more", "tracker", "feedflare", "player" (a link stands for it).
    `summary` is plain text. `via` is the address that the feed gave in place of `url` (FeedBurner's), if any.
    """

    uid: str
    url: str
    title: str
    html: str = ""
    summary: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    author: str = ""
    categories: tuple[str, ...] = ()
    language: str = ""
    image: Image | None = None
    dropped: tuple[tuple[str, int], ...] = ()
    via: str = ""


@dataclass(frozen=True, slots=True)
class DigestPost:
    """A post as an edition shows it: what editors wrote already stands in for what the source said.

    `html` is cleaned HTML of the part that is shown ("" for a headline only); `whole` tells whether that is all of it.
    """

    id: str
    url: str
    title: str
    html: str = ""
    whole: bool = True
    published: datetime | None = None
    author: str = ""
    source: str = ""
    categories: tuple[str, ...] = ()
    language: str = ""
    image: Image | None = None
    pinned: bool = False
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Posts under one heading: a day, a source or a category ("" where posts are not grouped)."""

    heading: str
    posts: tuple[DigestPost, ...]
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What stands on every mail of a newsletter, taken from its configuration."""

    newsletter: str
    title: str
    description: str
    language: str
    timezone: str
    sender_name: str
    sender_address: str
    reply_to: str
    postal_address: str
    site_url: str
    accent: str
    logo: str
    font: str
    template: str = "edition"
    mailto_unsubscribe: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """An edition ready to be rendered. `greeting` and `closing` are Markdown; `subject` and `preheader` plain text.

    `groups` are shown in full (or excerpt), `headlines` only as links below them.
    """

    name: str
    letterhead: Letterhead
    since: datetime
    until: datetime
    subject: str
    preheader: str
    groups: tuple[Group, ...]
    headlines: tuple[DigestPost, ...] = ()
    greeting: str = ""
    closing: str = ""
    contents: bool = True

    @property
    def posts(self) -> tuple[DigestPost, ...]:
        """All posts in the order in which they are read."""
        return tuple(p for g in self.groups for p in g.posts) + self.headlines


class Value(StrEnum):
    """What differs from reader to reader. Each but NAME stands for a whole URL, header or id."""

    TO = "to"
    NAME = "name"
    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    MESSAGE_ID = "message-id"
    TOKEN = "token"  # noqa: S105 - the name of a value, not one


class Form(StrEnum):
    """Where a value stands, and so how it is escaped; HTML and TEXT are quoted-printable besides."""

    ASCII = "ascii"
    HEADER = "header"
    HTML = "html"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a mail for a reader's value; `fallback` stands there where the reader has none."""

    value: Value
    form: Form
    fallback: str = ""


Piece = bytes | Slot


@dataclass(frozen=True, slots=True)
class Header:
    """A header field: its name, and its folded value without the final CRLF."""

    name: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Segments:
    """A mail encoded once: header fields in order, then the body with CRLF line ends, quoted-printable, dots stuffed.

    Concatenating the pieces, each slot replaced by the reader's value in its form, gives the mail as DATA wants it,
    without the final dot (RFC 5321 4.5.2): no line over 998 octets, no line that begins with a dot.
    """

    headers: tuple[Header, ...]
    body: tuple[Piece, ...]
    sender: str
    message_id_domain: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """An edition as HTML and text, with placeholders for the reader's values.

    `placeholders` maps each placeholder's text to what stands for it; they are random, so that no post can hold one.
    `shortened` names the posts whose text was cut to keep the mail below its size.
    """

    subject: str
    preheader: str
    html: str
    text: str
    placeholders: tuple[tuple[str, Slot], ...]
    shortened: tuple[str, ...] = ()


class Level(StrEnum):
    """How bad a finding is: an error stops approval."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What lint found: a stable code, a sentence, and where (a post's id, "subject", "html" …)."""

    code: str
    level: Level
    message: str
    where: str = ""


class Reader(NamedTuple):
    """One delivery to try. `number` is the reader's in the edition's frozen audience, `attempt` counts from 1.

    `token` is what the links of this reader's mail carry, `message_id` the left part of the Message-ID,
    `return_path` the envelope sender ("" for the newsletter's own address).
    """

    number: int
    address: str
    token: str
    message_id: str
    name: str = ""
    attempt: int = 1
    return_path: str = ""


class Word(StrEnum):
    """A word of a few. It is hashed as text: Enum's own hash is Python code, and asked for several times a mail."""

    __hash__ = str.__hash__


class Kind(Word):
    """What became of an attempt (the states of a delivery that the next server can put it in)."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Fault(Word):
    """Whose fault it was that a mail was not accepted."""

    NONE = ""
    READER = "reader"
    MAILBOX = "mailbox"
    CONTENT = "content"
    POLICY = "policy"
    CONNECTION = "connection"
    EXPIRED = "expired"


class Outcome(NamedTuple):
    """What became of one attempt. `code` is the reply's (0: none came), `status` the enhanced one (RFC 3463),
    `text` the server's words with the address left out, `queue_id` what it named the mail; `at` in seconds since the
    epoch. `retry_after` are seconds, where the server or provider named a time.
    """

    number: int
    attempt: int
    kind: Kind
    at: float
    fault: Fault = Fault.NONE
    code: int = 0
    status: str = ""
    text: str = ""
    queue_id: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A claimed chunk of an edition's audience: what one `Source.next` gives to the engine.

    A source that leaves looking its readers up to `begin` names them in `attempts`: each number, and which attempt
    is to be made. `lease_until` is on CLOCK_BOOTTIME, in seconds; 0.0 where no other machine could take the chunk.
    """

    edition: str
    chunk: int
    segments: Segments
    readers: Sequence[Reader] = field(default_factory=tuple)
    lease_until: float = 0.0
    attempts: Mapping[int, int] = field(default_factory=dict)


Chunk = tuple[str, int]
"""A chunk's name: the edition and the number of its first reader."""


class Source(Protocol):
    """Where the engine takes its work from. All calls, the sink's too, come from one thread, one after the other."""

    def next(self, limit: int) -> Batch | None:
        """The next chunk, claimed, of at most `limit` readers; None where there is nothing to do now."""

    def begin(self, batch: Batch) -> Batch:
        """The batch with its readers as they are now; the source itself records who must get nothing more as skipped.

        Called when a chunk is begun, and again each minute with those readers who are left of it.
        """

    def hold(self, held: Sequence[Chunk]) -> Mapping[Chunk, float]:
        """Which chunks in hand may go on, each with its renewed `lease_until`; the engine hands the others back.

        Called about once a second; an edition that was paused or cancelled is left out.
        """


class Sink(Protocol):
    """Where the engine puts what became of its work."""

    def settle(self, edition: str, chunk: int, outcomes: Sequence[Outcome], *, finished: bool) -> None:
        """Record outcomes for good: on return they are committed, and the journal forgets a finished chunk.

        `finished` says that the engine is done with the chunk: its readers without an outcome were not begun,
        and go back.
        """

    def pause(self, edition: str, reason: str) -> None:
        """Pause the edition: one sentence says why, and what to do."""
