"""The keys of `config.toml`, with their types and defaults.

Every class is a frozen dataclass that pydantic validates strictly; docs/configuration.md explains each key.
"""

from dataclasses import field
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator
from pydantic.dataclasses import dataclass

from newsletter.config.database import parse_database
from newsletter.config.fields import RULES, Flag, OptionalWebAddress, Text, WebAddress, Whole, Words
from newsletter.config.theme import Theme
from newsletter.config.values import (
    InvalidValue,
    Moment,
    NamedAddress,
    Rate,
    parse_address,
    parse_duration,
    parse_language,
    parse_mailbox,
    parse_moment,
    parse_network,
    parse_rate,
    parse_size,
    parse_timezone,
)
from newsletter.messages import configuration as messages

# A wheel carries the templates inside the package; a checkout has them beside it.
_packed = Path(__file__).parents[1] / "_templates"
SHIPPED_TEMPLATES = _packed if _packed.is_dir() else Path(__file__).parents[2] / "templates"
PLACEHOLDER_MAILBOX = "newsletter@your-domain.example"
PLACEHOLDER_POSTAL_ADDRESS = "Your postal address"
"""What `init` writes where it can't know better; only the provider `file` accepts these."""

PROVIDERS = (
    "smtp", "file", "amazon_ses", "brevo", "mailersend", "mailgun", "mailjet", "mailtrap", "postal", "postmark",
    "resend", "scaleway", "sendgrid", "sparkpost", "unisender_go",
)  # fmt: skip

Period = Literal["day", "week", "month"]
ExcerptOf = Literal["text", "summary"]
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Size = Annotated[int, BeforeValidator(parse_size)]
RateValue = Annotated[Rate, BeforeValidator(parse_rate)]
MomentValue = Annotated[Moment, BeforeValidator(parse_moment)]
MailboxValue = Annotated[NamedAddress, BeforeValidator(parse_mailbox)]
Address = Annotated[str, BeforeValidator(parse_address)]
OptionalAddress = Annotated[str, BeforeValidator(lambda v: v if v == "" else parse_address(v))]
Zone = Annotated[str, BeforeValidator(parse_timezone)]
Language = Annotated[str, BeforeValidator(parse_language)]
Network = Annotated[str, BeforeValidator(parse_network)]
DatabaseUrl = Annotated[str, BeforeValidator(parse_database)]
OptionalLanguage = Annotated[str, BeforeValidator(lambda v: v if v == "" else parse_language(v))]


def _days(value: object) -> object:
    """Accept TOML dates and dates in quotes."""
    if isinstance(value, list):
        return tuple(_day(v) if isinstance(v, str) else v for v in value)
    return value


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidValue(messages.DATE(value=repr(text))) from None


@dataclass(frozen=True, kw_only=True, config=RULES)
class Site:
    """The address of the public pages, and where data is stored."""

    url: WebAddress
    database: DatabaseUrl = "sqlite:///newsletter.db"
    secret_key: Text = ""
    secret_key_previous: Words = ()
    alert_url: OptionalWebAddress = ""
    alert_secret: Text = ""
    minimum_free_space: Size = 200_000_000


@dataclass(frozen=True, kw_only=True, config=RULES)
class Web:
    """The web server that `run` starts."""

    host: Text = "127.0.0.1"
    port: Annotated[Whole, Field(ge=0, le=65535)] = 8000
    settings: Literal["edit", "read-only"] = "edit"
    trusted_proxies: tuple[Network, ...] = ()
    maximum_connections: Annotated[Whole, Field(ge=8)] = 500
    maximum_connections_per_client: Annotated[Whole, Field(ge=4)] = 100


@dataclass(frozen=True, kw_only=True, config=RULES)
class Log:
    """What is written to standard error while the program runs."""

    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "info"
    sentry_dsn: Text = ""


@dataclass(frozen=True, kw_only=True, config=RULES)
class Filter:
    """Matches posts with one of the categories, or one of the words in title or text; empty matches all posts."""

    categories: Words = ()
    words: Words = ()

    def __bool__(self) -> bool:
        return bool(self.categories or self.words)


@dataclass(frozen=True, kw_only=True, config=RULES)
class SourceSettings:
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
class Newsletter:
    """A publication that people subscribe to."""

    title: Annotated[Text, Field(min_length=1)]
    sender: Annotated[MailboxValue, Field(alias="from")]
    address: Annotated[Text, Field(min_length=1)]
    sources: Annotated[tuple[SourceSettings, ...], Field(min_length=1)]
    name: Text = ""
    description: Text = ""
    status: Literal["active", "paused", "archived"] = "active"
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
    excerpt: ExcerptOf = "text"
    excerpt_words: Annotated[Whole, Field(ge=1, le=5000)] = 80
    order: Literal["newest", "oldest"] = "newest"
    images: Literal["source", "hosted", "none"] = "source"
    group_by: Literal["day", "source", "category", "none"] = "day"
    track: Literal["none", "links"] = "none"
    template: Text = "edition"
    provider: Text = ""
    theme: Theme = field(default_factory=Theme)
    noindex: Flag = False
    welcome: Flag = False
    where: Text = ""
    form_origins: tuple[WebAddress, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of days and periods."""
        return ZoneInfo(self.timezone)

    @property
    def draft_moment(self) -> Moment:
        """When the draft is made, in local time; by default three hours before the default of `send`."""
        return self.draft or parse_moment({"day": "15:00", "week": "fri 15:00", "month": "1 15:00"}[self.period])

    @property
    def send_moment(self) -> Moment:
        """When the edition is sent, in local time."""
        return self.send or parse_moment({"day": "18:00", "week": "fri 18:00", "month": "1 18:00"}[self.period])

    @model_validator(mode="after")
    def _moments_fit_the_period(self) -> Self:
        for key, moment in (("draft", self.draft), ("send", self.send)):
            if moment and (moment.weekday is not None, moment.day is not None) != (
                self.period == "week",
                self.period == "month",
            ):
                wanted = {"day": "'15:00'", "week": "'fri 15:00'", "month": "'1 15:00'"}[self.period]
                raise InvalidValue(messages.MOMENT_OF_PERIOD(key=key, period=self.period, example=wanted))
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
    """Limits for messages to one domain."""

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
    """The SMTP server that messages are sent through."""

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
    """Warm-up of a new address: at most `first_day` messages on the first day, then `growth` times as many each day."""

    first_day: Annotated[Whole, Field(ge=0)] = 0
    growth: Annotated[float, Field(ge=1, le=10)] = 1.5


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, dict) else value


@dataclass(frozen=True, kw_only=True, config=RULES)
class DeliverySettings:
    """How messages are sent, and how fast."""

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
    keep_deliveries: Duration = timedelta()
    retry_delays: Annotated[tuple[Duration, ...], Field(min_length=1)] = tuple(
        parse_duration(d) for d in ("1m", "5m", "30m", "2h")
    )
    smtp: Smtp = field(default_factory=Smtp)
    file: dict[str, Text] = field(default_factory=lambda: {"folder": "mails", "format": "maildir"})
    dkim: Annotated[tuple[Dkim, ...], BeforeValidator(_one_or_more)] = ()
    amazon_ses: dict[str, Any] = field(default_factory=dict)
    brevo: dict[str, Any] = field(default_factory=dict)
    mailersend: dict[str, Any] = field(default_factory=dict)
    mailgun: dict[str, Any] = field(default_factory=dict)
    mailjet: dict[str, Any] = field(default_factory=dict)
    mailtrap: dict[str, Any] = field(default_factory=dict)
    postal: dict[str, Any] = field(default_factory=dict)
    postmark: dict[str, Any] = field(default_factory=dict)
    resend: dict[str, Any] = field(default_factory=dict)
    scaleway: dict[str, Any] = field(default_factory=dict)
    sendgrid: dict[str, Any] = field(default_factory=dict)
    sparkpost: dict[str, Any] = field(default_factory=dict)
    unisender_go: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, config=RULES)
class Imap:
    """The mailbox that receives bounces."""

    host: Text = ""
    port: Annotated[Whole, Field(ge=1, le=65535)] = 993
    user: Text = ""
    password: Text = ""
    folder: Text = "INBOX"


@dataclass(frozen=True, kw_only=True, config=RULES)
class Bounces:
    """Bounce handling: the envelope sender and the mailbox that receives bounces."""

    return_path: OptionalAddress = ""
    imap: Imap = field(default_factory=Imap)


@dataclass(frozen=True, kw_only=True, config=RULES)
class Config:
    """The whole `config.toml`. Relative paths start at its folder."""

    site: Site
    newsletters: Annotated[dict[str, Newsletter], Field(min_length=1)]
    web: Web = field(default_factory=Web)
    collect: Collect = field(default_factory=Collect)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    bounces: Bounces = field(default_factory=Bounces)
    log: Log = field(default_factory=Log)
    file: Path = Path("config.toml")
    allow_local_links: bool = False
    """Not a key: an option of the command line."""

    @property
    def folder(self) -> Path:
        """The folder of the file, absolute."""
        return self.file.resolve().parent

    def path(self, relative: str) -> Path:
        """Return a path of the configuration; a relative one starts at the file's folder."""
        return self.folder / relative

    @property
    def data_folder(self) -> Path:
        """The folder for data beside the database: that of the SQLite file, else that of `config.toml`."""
        scheme, _, file = self.site.database.partition(":///")
        return self.path(file).parent if scheme == "sqlite" else self.folder

    @property
    def recovery_log(self) -> Path:
        """The folder of the recovery log, beside the database."""
        return self.data_folder / "recovery-log"

    @property
    def template_folders(self) -> tuple[Path, ...]:
        """The folders searched for each template file: the one beside the configuration first."""
        return (self.folder / "templates", SHIPPED_TEMPLATES)

    @property
    def active(self) -> tuple[str, ...]:
        """The names of the newsletters that are neither paused nor archived."""
        return tuple(name for name, newsletter in self.newsletters.items() if newsletter.status == "active")

    def provider_of(self, newsletter: Newsletter) -> str:
        """Return the provider of a newsletter: its own, or that of `[delivery]`."""
        return newsletter.provider or self.delivery.provider
