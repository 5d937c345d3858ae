"""What `config.toml` may hold, key by key, with its defaults.

Every class is a frozen dataclass that pydantic checks strictly; docs/configuration.md explains each key to people.
"""

from dataclasses import field
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import idna
from pydantic import BeforeValidator, ConfigDict, Field, Strict, model_validator
from pydantic.dataclasses import dataclass

from newsletter.config.values import (
    Mailbox,
    Moment,
    Rate,
    parse_address,
    parse_colour,
    parse_duration,
    parse_language,
    parse_mailbox,
    parse_moment,
    parse_rate,
    parse_size,
    parse_timezone,
)

# A wheel carries the templates inside the package; a checkout has them beside it.
_packed = Path(__file__).parents[1] / "_templates"
SHIPPED_TEMPLATES = _packed if _packed.is_dir() else Path(__file__).parents[2] / "templates"
PROVIDERS = ("smtp", "file", "amazon_ses", "mailgun", "postmark", "resend")
SOURCE_KINDS = ("auto", "feed", "blogger", "wordpress", "jsonfeed", "folder")

Period = Literal["day", "week", "month"]
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Size = Annotated[int, BeforeValidator(parse_size)]
RateValue = Annotated[Rate, BeforeValidator(parse_rate)]
MomentValue = Annotated[Moment, BeforeValidator(parse_moment)]
MailboxValue = Annotated[Mailbox, BeforeValidator(parse_mailbox)]
Address = Annotated[str, BeforeValidator(parse_address)]
OptionalAddress = Annotated[str, BeforeValidator(lambda v: v if v == "" else parse_address(v))]
Zone = Annotated[str, BeforeValidator(parse_timezone)]
Language = Annotated[str, BeforeValidator(parse_language)]
OptionalLanguage = Annotated[str, BeforeValidator(lambda v: v if v == "" else parse_language(v))]
Colour = Annotated[str, BeforeValidator(parse_colour)]


def _days(value: object) -> object:
    """Dates may be written bare, as TOML has them, or in quotes."""
    if isinstance(value, list):
        return tuple(_day(v) if isinstance(v, str) else v for v in value)
    return value


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date; write such as 2026-12-25") from None


def _web_address(value: object) -> str:
    parts = urlsplit(value) if isinstance(value, str) else None
    if not isinstance(value, str) or not parts or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{value!r} is no web address; write such as 'https://brev.example.org'")
    return _in_ascii(value.rstrip("/"), parts.hostname)


def _in_ascii(url: str, host: str) -> str:
    """The address with its host as DNS has it (RFC 5890): it stands in headers, which are ASCII."""
    if host.isascii():
        return url
    try:
        return url.replace(host, idna.encode(host, uts46=True).decode("ascii"), 1)
    except idna.IDNAError as e:
        raise ValueError(f"{url!r} has a host that DNS can't have: {e}") from e


WebAddress = Annotated[str, BeforeValidator(_web_address)]
OptionalWebAddress = Annotated[str, BeforeValidator(lambda v: v if v == "" else _web_address(v))]

# pydantic's strict mode would refuse tables for dataclasses, so that the scalars are strict one by one.
Text = Annotated[str, Strict()]
Whole = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
Words = tuple[Text, ...]

RULES = ConfigDict(extra="forbid", arbitrary_types_allowed=True, validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, kw_only=True, config=RULES)
class Site:
    """Where readers reach the public pages, and where everything is kept."""

    url: WebAddress
    database: Text = "sqlite:///newsletter.db"
    secret_key: Text = ""
    secret_key_previous: Words = ()
    alert_url: OptionalWebAddress = ""


@dataclass(frozen=True, kw_only=True, config=RULES)
class Web:
    """The web server that `run` starts."""

    host: Text = "127.0.0.1"
    port: Annotated[Whole, Field(ge=0, le=65535)] = 8000
    trusted_proxies: Words = ()


@dataclass(frozen=True, kw_only=True, config=RULES)
class Filter:
    """Posts that have one of the categories, or one of the words in title or text; nothing listed: any post."""

    categories: Words = ()
    words: Words = ()

    def __bool__(self) -> bool:
        return bool(self.categories or self.words)


@dataclass(frozen=True, kw_only=True, config=RULES)
class Source:
    """A blog, feed or folder that a newsletter collects from."""

    url: Annotated[Text, Field(min_length=1)]
    type: Literal["auto", "feed", "blogger", "wordpress", "jsonfeed", "folder"] = "auto"
    name: Text = ""
    language: OptionalLanguage = ""
    include: Filter = field(default_factory=Filter)
    exclude: Filter = field(default_factory=Filter)
    base: OptionalWebAddress = ""
    permalink: Text = "/:slug/"


@dataclass(frozen=True, kw_only=True, config=RULES)
class Theme:
    """What a publisher may restyle without touching a template."""

    accent: Colour = "#b3261e"
    logo: OptionalWebAddress = ""
    font: Text = "Georgia, serif"


@dataclass(frozen=True, kw_only=True, config=RULES)
class Newsletter:
    """A publication that people subscribe to."""

    title: Annotated[Text, Field(min_length=1)]
    sender: Annotated[MailboxValue, Field(alias="from")]
    address: Annotated[Text, Field(min_length=1)]
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    name: Text = ""
    description: Text = ""
    language: Language = "nb"
    timezone: Zone = "Europe/Oslo"
    reply_to: OptionalAddress = ""
    editors: tuple[Address, ...] = ()
    subject: Text = ""
    period: Period = "week"
    draft: MomentValue | None = None
    send: MomentValue | None = None
    approval: Literal["editor", "none"] = "editor"
    late: Duration = timedelta(hours=6)
    late_posts: Duration = timedelta(days=30)
    skip: Annotated[tuple[date, ...], BeforeValidator(_days)] = ()
    minimum_posts: Annotated[Whole, Field(ge=0)] = 1
    maximum_posts: Annotated[Whole, Field(ge=1, le=1000)] = 60
    maximum_size: Size = 100_000
    body: Literal["full", "excerpt", "title"] = "excerpt"
    excerpt_words: Annotated[Whole, Field(ge=1, le=5000)] = 80
    order: Literal["newest", "oldest"] = "newest"
    group_by: Literal["day", "source", "category", "none"] = "day"
    track: Literal["none"] = "none"
    template: Text = "edition"
    provider: Text = ""
    theme: Theme = field(default_factory=Theme)
    noindex: Flag = False
    welcome: Flag = False
    where: Text = ""
    form_origins: tuple[WebAddress, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which days and windows are meant."""
        return ZoneInfo(self.timezone)

    @property
    def draft_moment(self) -> Moment:
        """When the draft is made, local time; by default three hours before `send`'s default."""
        return self.draft or parse_moment({"day": "15:00", "week": "fri 15:00", "month": "1 15:00"}[self.period])

    @property
    def send_moment(self) -> Moment:
        """When the edition leaves, local time."""
        return self.send or parse_moment({"day": "18:00", "week": "fri 18:00", "month": "1 18:00"}[self.period])

    @model_validator(mode="after")
    def _moments_fit_the_period(self) -> Self:
        for key, moment in (("draft", self.draft), ("send", self.send)):
            if moment and (moment.weekday is not None, moment.day is not None) != (
                self.period == "week",
                self.period == "month",
            ):
                wanted = {"day": "'15:00'", "week": "'fri 15:00'", "month": "'1 15:00'"}[self.period]
                raise ValueError(f'{key}: with period = "{self.period}" write a moment such as {wanted}')
        return self


@dataclass(frozen=True, kw_only=True, config=RULES)
class Collect:
    """How sources are fetched."""

    every: Duration = timedelta(minutes=30)
    allow_private_addresses: Flag = False
    timeout: Duration = timedelta(seconds=20)
    maximum_bytes: Size = 8_000_000


@dataclass(frozen=True, kw_only=True, config=RULES)
class DomainPace:
    """Limits for the mails to one domain."""

    connections: Annotated[Whole, Field(ge=1)] | None = None
    rate: RateValue = Rate(0, 1)


@dataclass(frozen=True, kw_only=True, config=RULES)
class Timeouts:
    """How long each phase of an SMTP transaction may take (RFC 5321 4.5.3.2)."""

    connect: Duration = timedelta(seconds=30)
    greeting: Duration = timedelta(minutes=5)
    command: Duration = timedelta(minutes=5)
    data: Duration = timedelta(minutes=2)
    block: Duration = timedelta(minutes=3)
    dot: Duration = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True, config=RULES)
class Smtp:
    """The mail server that takes the mails."""

    host: Annotated[Text, Field(min_length=1)] = "localhost"
    port: Annotated[Whole, Field(ge=1, le=65535)] = 25
    security: Literal["auto", "tls", "starttls", "none"] = "auto"
    user: Text = ""
    password: Text = ""
    auth: Literal["auto", "plain", "login", "xoauth2"] = "auto"
    hello: Text = ""
    ca: Text = ""
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(frozen=True, kw_only=True, config=RULES)
class Dkim:
    """A DKIM key (RFC 6376): `key` is the private key as PEM text, RSA or Ed25519."""

    domain: Annotated[Text, Field(min_length=1)]
    selector: Annotated[Text, Field(min_length=1)]
    key: Annotated[Text, Field(min_length=1)]


@dataclass(frozen=True, kw_only=True, config=RULES)
class WarmUp:
    """A new sending address: at most so many mails on the first day, `growth` times as many on each next."""

    first_day: Annotated[Whole, Field(ge=0)] = 0
    growth: Annotated[float, Field(ge=1, le=10)] = 1.5


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, dict) else value


@dataclass(frozen=True, kw_only=True, config=RULES)
class Delivery:
    """What carries the mails away, and how fast."""

    provider: Literal[PROVIDERS] = "smtp"  # type: ignore[valid-type]
    connections: Annotated[Whole, Field(ge=1, le=500)] = 4
    processes: Annotated[Whole, Field(ge=0, le=64)] = 0
    rate: RateValue = Rate(0, 1)
    domains: dict[str, DomainPace] = field(
        default_factory=lambda: {"gmail.com": DomainPace(connections=2, rate=Rate(20, 1))}
    )
    warm_up: WarmUp = field(default_factory=WarmUp)
    journal: Text = ""
    retry_for: Duration = timedelta(hours=48)
    retry_delays: Annotated[tuple[Duration, ...], Field(min_length=1)] = tuple(
        parse_duration(d) for d in ("1m", "5m", "30m", "2h")
    )
    smtp: Smtp = field(default_factory=Smtp)
    file: dict[str, Text] = field(default_factory=lambda: {"folder": "mails", "format": "maildir"})
    dkim: Annotated[tuple[Dkim, ...], BeforeValidator(_one_or_more)] = ()
    amazon_ses: dict[str, Any] = field(default_factory=dict)
    mailgun: dict[str, Any] = field(default_factory=dict)
    postmark: dict[str, Any] = field(default_factory=dict)
    resend: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, config=RULES)
class Imap:
    """The mailbox that bounces come back to."""

    host: Text = ""
    port: Annotated[Whole, Field(ge=1, le=65535)] = 993
    user: Text = ""
    password: Text = ""
    folder: Text = "INBOX"


@dataclass(frozen=True, kw_only=True, config=RULES)
class Bounces:
    """What comes back: the envelope sender's address and the mailbox where it arrives."""

    return_path: OptionalAddress = ""
    imap: Imap = field(default_factory=Imap)


@dataclass(frozen=True, kw_only=True, config=RULES)
class Config:
    """The whole of `config.toml`; `folder` is where it lies, and relative paths start there."""

    site: Site
    newsletters: Annotated[dict[str, Newsletter], Field(min_length=1)]
    web: Web = field(default_factory=Web)
    collect: Collect = field(default_factory=Collect)
    delivery: Delivery = field(default_factory=Delivery)
    bounces: Bounces = field(default_factory=Bounces)
    file: Path = Path("config.toml")

    @property
    def folder(self) -> Path:
        """The folder of the file, absolute."""
        return self.file.resolve().parent

    def path(self, relative: str) -> Path:
        """A path of the configuration: absolute as it is, relative from the file's folder."""
        return self.folder / relative

    @property
    def template_folders(self) -> tuple[Path, ...]:
        """Where templates are looked for, file by file: beside the configuration first, then the shipped ones."""
        return (self.folder / "templates", SHIPPED_TEMPLATES)

    def provider_of(self, newsletter: Newsletter) -> str:
        """What carries this newsletter's mails: its own provider, or delivery's."""
        return newsletter.provider or self.delivery.provider
