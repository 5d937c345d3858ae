"""The table of a newsletter in `config.toml`: its own keys, its sources and topics, and what a cadence changes.

Its design is in `theme.py`.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from newsletter.config.fields import (
    Address,
    Duration,
    NonzeroSize,
    OptionalAddress,
    OptionalWebAddress,
    Origin,
    SourceAddress,
    Words,
)
from newsletter.config.tables import Before, Bounds, ConfigTable, KeyName
from newsletter.config.theme import Theme
from newsletter.config.values import (
    InvalidValue,
    Moment,
    NamedAddress,
    parse_language,
    parse_mailbox,
    parse_moment,
    parse_months,
    parse_timezone,
    suggested,
)
from newsletter.messages import configuration as messages

Period = Literal["day", "week", "month"]
Cadence = Literal["post", "day", "week", "month"]
TABLE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
"""What a newsletter or a topic may be named."""
_NEWS_OR = "{% if posts %}{{ news }}{% else %}{{ newsletter.title }} · "
SUBJECTS: Mapping[Cadence, str] = {
    "post": "{{ news }}",
    "day": _NEWS_OR + "{{ date }}{% endif %}",
    "week": _NEWS_OR + "{{ week_name }}{% endif %}",
    "month": _NEWS_OR + "{{ month_year }}{% endif %}",
}
"""The default subjects."""
DRAFT_AT = {"day": "15:00", "week": "fri 15:00", "month": "1 15:00"}
SENT_AT = {"day": "18:00", "week": "fri 18:00", "month": "1 18:00"}
"""The default times at which drafts are made, and sent."""
ExcerptOf = Literal["text", "summary"]


def _period(value: object) -> object:
    """Return a period, or the cadence of an edition. The message of another value has only the periods."""
    if value in get_args(Cadence):
        return value
    words = list(get_args(Period))
    raise InvalidValue(suggested(messages.NOT_ONE_OF(value=repr(value), words=tuple(words)), str(value), words))


MomentValue = Annotated[Moment, Before(parse_moment)]
MailboxValue = Annotated[NamedAddress, Before(parse_mailbox)]
Zone = Annotated[str, Before(parse_timezone)]
Months = Annotated[str, Before(parse_months)]
Language = Annotated[str, Before(parse_language)]
OptionalLanguage = Annotated[str, Before(lambda v: v if v == "" else parse_language(v))]


LONGEST_RANGE = 366
"""The most days of a range of dates without an edition."""


def _days(value: object) -> object:
    """Accept TOML dates, and in quotes dates and ranges of them."""
    if isinstance(value, list):
        return tuple(day for item in value for day in (_range(item) if isinstance(item, str) else [item]))
    return value


def _range(text: str) -> list[date]:
    """Return the days of a date such as 2026-12-24, or of a range such as 2026-07-01/2026-07-31."""
    first, _, last = text.partition("/")
    begin = _day(first)
    length = (_day(last or first) - begin).days + 1
    if not 1 <= length <= LONGEST_RANGE:
        raise InvalidValue(messages.DATE_RANGE(value=repr(text), most=LONGEST_RANGE))
    return [begin + timedelta(days=n) for n in range(length)]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidValue(messages.DATE(value=repr(text))) from None


Days = Annotated[tuple[date, ...], Before(_days)]


@dataclass(frozen=True, kw_only=True)
class Filter(ConfigTable):
    """Matches posts with one of the categories, or one of the words in title or text; empty matches all posts."""

    categories: Words = ()
    words: Words = ()

    def __bool__(self) -> bool:
        return bool(self.categories or self.words)


@dataclass(frozen=True, kw_only=True)
class SourceSettings(ConfigTable):
    """A blog, feed or folder that a newsletter collects from."""

    url: SourceAddress
    type: Literal["auto", "feed", "blogger", "wordpress", "jsonfeed", "folder"] = "auto"
    name: str = ""
    language: OptionalLanguage = ""
    include: Filter = field(default_factory=Filter)
    exclude: Filter = field(default_factory=Filter)
    base: OptionalWebAddress = ""
    permalink: str = "/:slug/"


@dataclass(frozen=True, kw_only=True)
class Topic(ConfigTable):
    """Has the posts with one of the categories, from one of the sources, or with one of the words in title or text."""

    title: str = ""
    categories: Words = field(default=())
    sources: Words = field(default=())
    words: Words = field(default=())


def combinations(topics: int) -> int:
    """Return in how many ways subscribers can pick from this many topics, with none picked as one of them."""
    return int(2**topics)


def check_topics(topics: Mapping[str, Topic], sources: Collection[str], maximum: int) -> None:
    """Raise InvalidValue if a topic can't have posts, or if subscribers could pick too many combinations."""
    for name, topic in topics.items():
        if not TABLE_NAME.fullmatch(name):
            raise InvalidValue(messages.TOPIC_NAME(name=name))
        if not (topic.categories or topic.sources or topic.words):
            raise InvalidValue(messages.TOPIC_WITHOUT_POSTS(name=name))
        if unknown := next((url for url in topic.sources if url not in sources), None):
            raise InvalidValue(messages.TOPIC_SOURCE(name=name, url=unknown))
    if topics and combinations(len(topics)) > maximum:
        raise InvalidValue(
            messages.TOO_MANY_TOPICS(count=len(topics), combinations=combinations(len(topics)), maximum=maximum)
        )


@dataclass(frozen=True, kw_only=True)
class CadenceSettings(ConfigTable):
    """What differs in the editions of one cadence; None: as in the newsletter."""

    draft: MomentValue | None = None
    send: MomentValue | None = None
    approval: Literal["editor", "none"] | None = None
    subject: Annotated[str, Bounds(min_length=1)] | None = None
    minimum_posts: Annotated[int, Bounds(ge=0)] | None = None
    maximum_posts: Annotated[int, Bounds(ge=1, le=1000)] | None = None
    body: Literal["full", "excerpt", "title"] | None = None
    template: Annotated[str, Bounds(min_length=1)] | None = None


def _check_moments(period: Cadence, draft: Moment | None, send: Moment | None, table: str = "") -> None:
    """Raise InvalidValue if a time names no weekday where a week needs one, and the like."""
    for key, moment in (("draft", draft), ("send", send)):
        if moment and period == "post":
            raise InvalidValue(messages.POST_KEY(key=f"{table}{key}"))
        if moment and (moment.weekday is not None, moment.day is not None) != (period == "week", period == "month"):
            example = f"'{DRAFT_AT[period]}'"
            raise InvalidValue(messages.MOMENT_OF_PERIOD(key=f"{table}{key}", period=period, example=example))


@dataclass(frozen=True, kw_only=True)
class Newsletter(ConfigTable):
    """A publication that people subscribe to."""

    title: Annotated[str, Bounds(min_length=1)]
    sender: Annotated[MailboxValue, KeyName("from")]
    address: Annotated[str, Bounds(min_length=1)]
    sources: tuple[SourceSettings, ...] = ()
    name: str = ""
    description: str = ""
    author: str = ""
    cover: OptionalWebAddress = ""
    show_subscribers: bool = False
    status: Literal["active", "paused", "archived"] = "active"
    language: Language = "nb"
    timezone: Zone = "Europe/Oslo"
    reply_to: OptionalAddress = ""
    editors: tuple[Address, ...] = ()
    subject: str = ""
    period: Annotated[Cadence, Before(_period)] = "week"
    cadences: tuple[Cadence, ...] = ()
    cadence: dict[Cadence, CadenceSettings] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)
    maximum_variants: Annotated[int, Bounds(ge=1, le=4096)] = 64
    draft: MomentValue | None = None
    send: MomentValue | None = None
    approval: Literal["editor", "none"] = "editor"
    late: Duration = timedelta(hours=6)
    late_posts: Duration = timedelta(days=30)
    skip: Days = ()
    minimum_posts: Annotated[int, Bounds(ge=0)] = 1
    maximum_posts: Annotated[int, Bounds(ge=1, le=1000)] = 60
    maximum_size: NonzeroSize = 100_000
    body: Literal["full", "excerpt", "title"] = "excerpt"
    excerpt: ExcerptOf = "text"
    excerpt_words: Annotated[int, Bounds(ge=1, le=5000)] = 80
    order: Literal["newest", "oldest"] = "newest"
    images: Literal["source", "hosted", "none"] = "source"
    group_by: Literal["day", "source", "category", "none"] = "day"
    track: Literal["none", "links"] = "none"
    template: str = "edition"
    provider: str = ""
    theme: Theme = field(default_factory=Theme)
    noindex: bool = False
    welcome: bool = False
    ask_again: Months = ""
    where: str = ""
    form_origins: tuple[Origin, ...] = ()
    challenge: Literal["off", "auto", "on"] = "auto"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of days and periods."""
        return ZoneInfo(self.timezone)

    @property
    def ask_after(self) -> int:
        """The months without a sign after which subscribers are asked whether they still want it; 0: nobody is."""
        return int(self.ask_again.partition(" ")[0] or 0)

    @property
    def has_schedule(self) -> bool:
        """Whether drafts are made and sent by the schedule; a newsletter without sources has letters only."""
        return bool(self.sources)

    @property
    def draft_moment(self) -> Moment:
        """When the draft is made, in local time; by default three hours before the default of `send`."""
        return self.draft or parse_moment(DRAFT_AT[self.period])

    @property
    def send_moment(self) -> Moment:
        """When the edition is sent, in local time."""
        return self.send or parse_moment(SENT_AT[self.period])

    @property
    def by_post(self) -> bool:
        """Whether an edition has one post, and is made when that is found, so that no times are scheduled."""
        return self.period == "post"

    @property
    def default_cadence(self) -> Cadence:
        """The cadence of subscribers who chose none, which names editions without a prefix."""
        return self.cadences[0] if self.cadences else self.period

    @property
    def offered(self) -> tuple[Cadence, ...]:
        """The cadences that subscribers can choose from, the default first."""
        return self.cadences or (self.period,)

    @property
    def offered_topics(self) -> tuple[tuple[str, str], ...]:
        """The topics that a subscriber can pick from, as name and title."""
        return tuple((name, topic.title or name) for name, topic in self.topics.items())

    def topic_titles(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return what subscribers see of these topics, in the order of the configuration; unknown ones are left out."""
        wanted_names = set(names)
        return tuple(title for name, title in self.offered_topics if name in wanted_names)

    def at(self, cadence: str) -> "Newsletter":
        """Return the newsletter as the editions of a cadence have it; an empty one is the default.

        A cadence that is no longer offered has the settings of the default.
        """
        period = next((offered for offered in self.offered if offered == cadence), self.default_cadence)
        if period == self.period:
            return self
        settings = self.cadence.get(period, CadenceSettings())
        changed = {f.name: value for f in fields(settings) if (value := getattr(settings, f.name)) is not None}
        usual = {"draft": None, "send": None, "subject": SUBJECTS[period]}
        one_post = {"minimum_posts": 1, "group_by": "none"} if period == "post" else {}
        return replace(self, period=period, **{**usual, **one_post, **changed})

    def check(self) -> None:
        """Raise InvalidValue if cadences, topics or times contradict each other."""
        self._check_cadences()
        check_topics(self.topics, {source.url for source in self.sources}, self.maximum_variants)
        _check_moments(self.period, self.draft, self.send)

    def _check_cadences(self) -> None:
        if self.cadences and self.period not in self.cadences:
            raise InvalidValue(messages.CADENCE_OF_PERIOD(period=self.period))
        if self.default_cadence == "post":
            raise InvalidValue(messages.PERIOD_OF_POST())
        if len(set(self.cadences)) < len(self.cadences):
            raise InvalidValue(messages.CADENCE_TWICE())
        for cadence, settings in self.cadence.items():
            if cadence == self.default_cadence or cadence not in self.offered:
                raise InvalidValue(messages.CADENCE_TABLE(cadence=cadence))
            _check_moments(cadence, settings.draft, settings.send, f"cadence.{cadence}.")
            if cadence == "post" and settings.minimum_posts is not None:
                raise InvalidValue(messages.POST_KEY(key="cadence.post.minimum_posts"))
