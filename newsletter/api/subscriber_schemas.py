"""What requests about subscribers and their answers look like."""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from newsletter.api.schemas import NO_NUL, Name, RequestBody, Tag
from newsletter.config import Cadence

MOST_TAGS = MOST_TOPICS = 50
TopicName = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=NO_NUL)]
SubscriptionState = Literal["pending", "active", "unsubscribed"]


class ConsentIn(RequestBody):
    """The consent that a person gave elsewhere."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern=NO_NUL)] = Field(
        description="what they agreed to, when and where"
    )


class SubscriberIn(RequestBody):
    """A person to subscribe."""

    address: Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=NO_NUL)]
    newsletter: Name
    name: Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)] = ""
    tags: list[Tag] = Field(default=[], max_length=MOST_TAGS)
    cadence: Cadence | None = Field(default=None, description="how often; by default as the newsletter has it")
    topics: list[TopicName] | None = Field(
        default=None, max_length=MOST_TOPICS, description="names of topics; by default they get all posts"
    )
    consent: ConsentIn | None = Field(
        default=None, description="without it, they are emailed a link, and are pending until they confirm"
    )


class SubscriberChange(RequestBody):
    """What to change about a subscription; what is left out stays."""

    name: Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)] | None = None
    tags: list[Tag] | None = Field(default=None, max_length=MOST_TAGS, description="all tags")
    cadence: Cadence | None = Field(default=None, description="how often, from the next edition on")
    topics: list[TopicName] | None = Field(
        default=None,
        max_length=MOST_TOPICS,
        description="names of all topics, for editions that are approved from now on; none: all posts",
    )


class SubscriberOut(Schema):
    """A subscription and its subscriber."""

    id: int
    address: str
    name: str
    language: str
    newsletter: str
    state: SubscriptionState
    blocked: bool
    paused_until: date | None
    cadence: Cadence = Field(description="how often they get it")
    topics: list[str] = Field(description="names of the topics that they picked; none: all posts")
    tags: list[str]
    created: datetime
    joined: datetime | None
    unsubscribed_at: datetime | None


class SubscriberList(Schema):
    """A page of subscriptions, the newest first."""

    items: list[SubscriberOut]
    next_cursor: str | None
