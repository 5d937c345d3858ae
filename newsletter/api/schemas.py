"""What requests and answers look like. Unknown fields are refused, so that a misspelled one is not ignored."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from newsletter.config import Cadence, Period
from newsletter.feeds.document import split_address

NO_NUL = r"^[^\u0000]*$"
WEB_ADDRESS = r"^https?://[^\s\u0000]+$"
WEB_ADDRESS_OR_NONE = r"^(https?://[^\s\u0000]+)?$"
PERIOD = r"^\d{4}-(W\d{2}|\d{2}(-\d{2})?)$"
EARLIEST, LATEST = 1970, 2200
YEAR, URL = "year", "url"
"""The types of the errors of our own validators."""
Dated = TypeVar("Dated", date, datetime)


def _sensible(value: Dated) -> Dated:
    if not EARLIEST <= value.year <= LATEST:
        raise PydanticCustomError(YEAR, "the year is out of range", {"earliest": EARLIEST, "latest": LATEST})
    return value


def _web_address(url: str) -> str:
    if url and not split_address(url).hostname:
        raise PydanticCustomError(URL, "not a web address")
    return url


Line = Annotated[str, StringConstraints(max_length=2_000, pattern=NO_NUL)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=NO_NUL)]
Words = Annotated[str, StringConstraints(max_length=20_000, pattern=NO_NUL)]
LongText = Annotated[str, StringConstraints(max_length=200_000, pattern=NO_NUL)]
Link = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2_000, pattern=WEB_ADDRESS),
    AfterValidator(_web_address),
]
OptionalLink = Annotated[
    str, StringConstraints(max_length=2_000, pattern=WEB_ADDRESS_OR_NONE), AfterValidator(_web_address)
]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=NO_NUL)]
Number = Annotated[int, Field(ge=1, le=2**53)]
Moment = Annotated[AwareDatetime, AfterValidator(_sensible)]
Day = Annotated[date, AfterValidator(_sensible)]
State = Literal["draft", "approved", "queued", "sending", "paused", "sent", "cancelled", "skipped", "imported"]


class RequestBody(Schema):
    """The body of a request."""

    model_config = ConfigDict(extra="forbid")


class ProblemDocument(Schema):
    """A problem document (RFC 9457)."""

    type: str = Field(description="leads to an explanation of the code")
    title: str = Field(description="the status in words")
    status: int
    detail: str = Field(description="one sentence with the cause and the remedy")
    code: str = Field(description="the code of the message, as in the table of messages")
    params: dict[str, Any] = Field(description="the values in the sentence")
    errors: list[Any] = Field(default=[], description="each wrong field, or the codes of errors that block approval")


class TopicOut(Schema):
    """A topic of a newsletter."""

    name: str
    title: str = Field(description="what subscribers see")


class NewsletterOut(Schema):
    """A newsletter."""

    name: str
    title: str
    description: str
    status: Literal["active", "paused", "archived"]
    language: str
    timezone: str
    period: Period
    cadences: list[Cadence] = Field(description="how often subscribers can choose to get it, the default first")
    topics: list[TopicOut] = Field(description="what subscribers can pick from")
    approval: Literal["editor", "none"]
    from_name: str
    from_address: str
    page: str = Field(description="the public page")


class NewsletterList(Schema):
    """All newsletters that the token is for."""

    items: list[NewsletterOut]


class PostOfEdition(Schema):
    """A post in an edition's list, included or not."""

    id: int
    title: str
    url: str
    source: str | None
    published: str | None
    day: str
    included: bool
    reason: str
    reason_code: str | None
    headline_only: bool
    pinned: bool


class DayOfEdition(Schema):
    """A day of an edition with its number of posts."""

    day: str
    heading: str
    posts: int


class GapOfEdition(Schema):
    """Two times between which posts of a source may be missing."""

    source: str
    after: str
    before: str
    message: str


class EditionSummary(Schema):
    """An edition in a list."""

    newsletter: str
    period: str
    state: State
    revision: int
    standalone: bool
    cadence: str = Field(description="post, day, week or month; empty for letters and while there was one cadence")
    since: datetime
    until: datetime
    due_at: datetime | None
    approved_at: datetime | None
    began_at: datetime | None
    published_at: datetime | None = Field(description="when its first email was accepted: it is public since")
    removed_from_archive_at: datetime | None
    ended_at: datetime | None
    audience: int | None


class EditionList(Schema):
    """A page of editions, the newest first."""

    items: list[EditionSummary]
    next_cursor: str | None


class Texts(Schema):
    """The texts that an editor wrote; an empty subject or preheader is made from the posts."""

    subject: str
    preheader: str
    greeting: str
    closing: str


class EditionOut(EditionSummary):
    """An edition with its texts and posts."""

    subject: str
    preheader: str
    texts: Texts
    waiting: str | None
    waiting_code: str | None
    gaps: list[GapOfEdition]
    reason: str | None
    reason_code: str | None
    days: list[DayOfEdition]
    posts: list[PostOfEdition]


class DraftIn(RequestBody):
    """Which edition to draft."""

    newsletter: Name
    period: Annotated[str, StringConstraints(max_length=10, pattern=PERIOD)] | None = Field(
        default=None, description="2026-W06, 2026-02-06 or 2026-02; by default the edition that is sent next"
    )
    cadence: Cadence | None = Field(default=None, description="by default the newsletter's period")
    read_sources: bool = Field(default=False, description="also read the sources in the background")


class EditionIn(RequestBody):
    """The texts to change; those that are left out stay."""

    subject: Words | None = None
    preheader: Words | None = None
    greeting: LongText | None = Field(default=None, description="Markdown")
    closing: Words | None = Field(default=None, description="Markdown")


class AddedPost(RequestBody):
    """A post that no source lists, for one edition."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_NUL)]
    url: OptionalLink = ""
    text: LongText = Field(default="", description="Markdown")
    day: Day | None = Field(default=None, description="by default today")


class PostChange(RequestBody):
    """What to change about a post of an edition; what is left out stays."""

    choice: Literal["in", "out", "rules"] | None = Field(
        default=None, description="include it, leave it out, or let the rules decide"
    )
    pinned: bool | None = None
    title: Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)] | None = Field(
        default=None, description="an empty one restores the post's own"
    )
    text: LongText | None = Field(default=None, description="Markdown; an empty one restores the post's own")
    day: Day | None = None


class CheckFinding(Schema):
    """Something that the checks found in an edition."""

    code: str
    level: str
    message: str
    where: str


class VariantOut(Schema):
    """The posts and the email of an edition for subscribers with some topics, or who had other posts before."""

    variant: int = Field(description="0 is the edition as editors see it")
    readers: int
    topics: list[list[str]] = Field(description="what its readers picked; an empty list: posts of all topics")
    posts: list[int]
    subject: str | None = Field(description="null without an email")
    preheader: str | None
    bytes: int = Field(description="the size of the HTML")
    lint: list[CheckFinding]
    reason: str | None = Field(description="why there is no email")
    reason_code: str | None


class PreviewOut(Schema):
    """An edition as a subscriber would get it, what the checks found, and its variants, if posts differ."""

    subject: str
    preheader: str
    html: str
    text: str
    findings: list[CheckFinding]
    variants: list[VariantOut]


class ApproveIn(RequestBody):
    """Which errors to approve in spite of."""

    despite: list[Tag] = Field(default=[], max_length=50, description="codes of errors")


class SendIn(RequestBody):
    """When to send."""

    at: Moment | None = Field(default=None, description="by default now")
    readers: Annotated[int, Field(ge=0, le=10**9)] | None = Field(
        default=None, description="refuse if another number of subscribers would receive it"
    )


class UnknownDeliveryOut(Schema):
    """A delivery that the server confirmed or not."""

    number: int
    text: str
    reason_code: str | None
    settled: bool


class StatusOut(Schema):
    """The progress of an edition. The counts of deliveries add up to the audience."""

    edition: str
    state: State
    audience: int
    pending: int
    accepted: int
    deferred: int
    refused: int
    unknown: int
    skipped: int
    refused_to_send: int = Field(
        description="of the refused: those whose refusal no mailbox caused. `resume` sends them again"
    )
    reason: str | None
    reason_code: str | None
    rate: float = Field(description="attempts per second")
    seconds_left: float | None
    unknown_deliveries: list[UnknownDeliveryOut]


class PushedPost(RequestBody):
    """A post as the program that publishes it has it."""

    newsletter: Name
    url: Link
    title: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_NUL)]
    id: Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)] = Field(
        default="", description="identifies the post, so that pushing it again updates it; by default its URL"
    )
    html: LongText = Field(default="", description="the text as HTML, which is cleaned")
    markdown: LongText = Field(default="", description="the text as Markdown, instead of `html`")
    summary: Words = ""
    author: Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)] = ""
    categories: list[Tag] = Field(default=[], max_length=50)
    image: Link | None = None
    published: Moment | None = Field(default=None, description="by default now")


class PostOut(Schema):
    """A post of the ledger."""

    id: int
    newsletter: str
    url: str
    title: str
    author: str
    categories: list[str]
    language: str
    published: datetime | None
    first_seen: datetime
    gone: bool
    editions: list[str] = Field(description="the editions that include it")


class PostList(Schema):
    """A page of posts, the newest first."""

    items: list[PostOut]
    next_cursor: str | None


EventType = Literal[
    "edition.drafted",
    "edition.approved",
    "edition.sent",
    "subscriber.joined",
    "subscriber.changed",
    "subscriber.left",
    "email.bounced",
    "email.complained",
]


class EventItem(Schema):
    """Something that happened."""

    id: str
    type: EventType
    timestamp: datetime
    data: dict[str, Any]


class EventList(Schema):
    """A page of events, the newest first."""

    items: list[EventItem]
    next_cursor: str | None
