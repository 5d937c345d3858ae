"""The tables of `config.toml` for the whole site, with the types and defaults of their keys, and `Config`, the file.

Newsletters are in `newsletters.py`. Every class is a frozen dataclass that `tables.py` validates;
docs/configuration.md explains each key.
"""

from dataclasses import dataclass, field, make_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from newsletter.config.database import parse_database
from newsletter.config.email_addresses import mailbox_domain
from newsletter.config.fields import (
    Duration,
    NonzeroDuration,
    NonzeroSize,
    OptionalAddress,
    OptionalWebAddress,
    Origin,
    Size,
    Words,
)
from newsletter.config.newsletters import Newsletter
from newsletter.config.own_fields import OwnField
from newsletter.config.tables import After, Before, Bounds, ConfigTable
from newsletter.config.values import InvalidValue, Rate, parse_duration, parse_network, parse_rate
from newsletter.messages import configuration as messages
from newsletter.messages.general import ABOUT
from newsletter.providers import PROVIDERS

# A wheel carries the templates inside the package; a checkout has them beside it.
_packed = Path(__file__).parents[1] / "_templates"
SHIPPED_TEMPLATES = _packed if _packed.is_dir() else Path(__file__).parents[2] / "templates"
PLACEHOLDER_MAILBOX = "newsletter@your-domain.example"
PLACEHOLDER_POSTAL_ADDRESS = "Your postal address"
"""What `init` writes where it can't know better; only the provider `file` accepts these."""

PROVIDER_NAMES = ("smtp", "file", *PROVIDERS)
FALLBACKS = ("", *(name for name in PROVIDER_NAMES if name != "file"))
"""What may take over from a provider; "" for nothing. What is written to a folder reaches nobody."""

NO_LIMIT = Rate(0, 1)
RateValue = Annotated[Rate, Before(parse_rate)]
Network = Annotated[str, Before(parse_network)]
DatabaseUrl = Annotated[str, Before(parse_database)]


@dataclass(frozen=True, kw_only=True)
class Site(ConfigTable):
    """The address of the public pages, and where data is stored."""

    url: Origin
    url_previous: tuple[Origin, ...] = ()
    database: DatabaseUrl = "sqlite:///newsletter.db"
    secret_key: str = ""
    secret_key_previous: Words = ()
    secret_key_lost: Words = ()
    alert_url: OptionalWebAddress = ""
    alert_secret: str = ""
    minimum_free_space: Size = 200_000_000
    waiting_unsubscriptions: str = ""


@dataclass(frozen=True, kw_only=True)
class Web(ConfigTable):
    """The web server that `run` starts."""

    host: Annotated[str, Bounds(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Bounds(ge=0, le=65535)] = 8000
    settings: Literal["edit", "read-only"] = "edit"
    trusted_proxies: tuple[Network, ...] = ()
    maximum_connections: Annotated[int, Bounds(ge=8)] = 500
    maximum_connections_per_client: Annotated[int, Bounds(ge=4)] = 100


@dataclass(frozen=True, kw_only=True)
class Log(ConfigTable):
    """What is written to standard error while the program runs."""

    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "info"
    sentry_dsn: str = ""


@dataclass(frozen=True, kw_only=True)
class Collect(ConfigTable):
    """How sources are fetched."""

    every: NonzeroDuration = timedelta(minutes=30)
    allow_private_addresses: bool = False
    timeout: NonzeroDuration = timedelta(seconds=20)
    maximum_bytes: NonzeroSize = 8_000_000


@dataclass(frozen=True, kw_only=True)
class DomainPace(ConfigTable):
    """Bounds for messages to one domain."""

    connections: Annotated[int, Bounds(ge=1)] | None = None
    rate: RateValue = NO_LIMIT


@dataclass(frozen=True, kw_only=True)
class Timeouts(ConfigTable):
    """How long each phase of an SMTP transaction may take (RFC 5321 4.5.3.2)."""

    connect: NonzeroDuration = timedelta(seconds=30)
    greeting: NonzeroDuration = timedelta(minutes=5)
    command: NonzeroDuration = timedelta(minutes=5)
    data: NonzeroDuration = timedelta(minutes=2)
    block: NonzeroDuration = timedelta(minutes=3)
    dot: NonzeroDuration = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Smtp(ConfigTable):
    """The SMTP server that messages are sent through."""

    host: Annotated[str, Bounds(min_length=1)] = "localhost"
    port: Annotated[int, Bounds(ge=1, le=65535)] = 25
    security: Literal["auto", "tls", "starttls", "none"] = "auto"
    user: str = ""
    password: str = ""
    auth: Literal["auto", "plain", "login", "xoauth2"] = "auto"
    hello: str = ""
    ca: str = ""
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(frozen=True, kw_only=True)
class Dkim(ConfigTable):
    """A DKIM key (RFC 6376): `key` is the private key as PEM text, RSA or Ed25519."""

    domain: Annotated[str, Bounds(min_length=1)]
    selector: Annotated[str, Bounds(min_length=1)]
    key: Annotated[str, Bounds(min_length=1)]


@dataclass(frozen=True, kw_only=True)
class WarmUp(ConfigTable):
    """Warm-up of a new address: at most `first_day` messages on the first day, then `growth` times as many each day."""

    first_day: Annotated[int, Bounds(ge=0)] = 0
    growth: Annotated[float, Bounds(ge=1, le=10)] = 1.5


@dataclass(frozen=True, kw_only=True)
class Guard(ConfigTable):
    """When an edition pauses itself: percentages of bounces and complaints, after at least `minimum` emails."""

    bounces: Annotated[float, Bounds(ge=0, le=100)] = 10.0
    complaints: Annotated[float, Bounds(ge=0, le=100)] = 0.3
    minimum: Annotated[int, Bounds(ge=50)] = 200


def _once_each(paces: dict[str, DomainPace]) -> dict[str, DomainPace]:
    """Return the limits of domains; those of googlemail.com are gmail.com's, unless it has its own.

    Raises InvalidValue for a domain that is listed twice in another capitalization.
    """
    spellings: dict[str, str] = {}
    for domain in paces:
        spelling = spellings.setdefault(domain.lower(), domain)
        if spelling != domain:
            raise InvalidValue(ABOUT(subject=domain, message=messages.DOMAIN_TWICE(other=spelling)))
    same = {mailbox_domain(domain): pace for domain, pace in paces.items()}
    return same | {domain.lower(): pace for domain, pace in paces.items() if mailbox_domain(domain) == domain.lower()}


FILE_DEFAULTS = {"folder": "mails", "format": "maildir"}
FILE_FORMATS = ("maildir", "eml")


def _file_values(file: dict[str, str]) -> dict[str, str]:
    """Return `delivery.file` with its defaults. Raises InvalidValue for an unknown key or format."""
    for key in file.keys() - FILE_DEFAULTS.keys():
        raise InvalidValue(ABOUT(subject=key, message=messages.NO_KEY()))
    values = {**FILE_DEFAULTS, **file}
    if values["format"] not in FILE_FORMATS:
        message = messages.NOT_ONE_OF(value=repr(values["format"]), words=", ".join(FILE_FORMATS))
        raise InvalidValue(ABOUT(subject="format", message=message))
    return values


_Services = make_dataclass(
    "_Services",
    [(name, dict[str, Any], field(default_factory=dict)) for name in PROVIDERS],
    bases=(ConfigTable,),
    frozen=True,
    kw_only=True,
)
"""The table of each email service with an API."""


@dataclass(frozen=True, kw_only=True)
class DeliverySettings(_Services):  # type: ignore[misc, valid-type]
    """How messages are sent, and how fast; and the table of each email service with an API, such as `mailgun`."""

    provider: Literal[PROVIDER_NAMES] = "smtp"  # type: ignore[valid-type]
    fallback: Literal[FALLBACKS] = ""  # type: ignore[valid-type]
    connections: Annotated[int, Bounds(ge=1, le=500)] = 4
    processes: Annotated[int, Bounds(ge=0, le=64)] = 0
    rate: RateValue = NO_LIMIT
    domains: Annotated[dict[str, DomainPace], After(_once_each)] = field(
        default_factory=lambda: {"gmail.com": DomainPace(connections=2, rate=Rate(20, 1))}
    )
    warm_up: WarmUp = field(default_factory=WarmUp)
    guard: Guard = field(default_factory=Guard)
    journal: str = ""
    retry_for: Duration = timedelta(hours=48)
    keep_deliveries: Duration = timedelta()
    retry_delays: Annotated[tuple[NonzeroDuration, ...], Bounds(min_length=1)] = tuple(
        parse_duration(d) for d in ("1m", "5m", "30m", "2h")
    )
    smtp: Smtp = field(default_factory=Smtp)
    file: Annotated[dict[str, str], After(_file_values)] = field(default_factory=lambda: dict(FILE_DEFAULTS))
    dkim: Annotated[tuple[Dkim, ...], Before(lambda v: [v] if isinstance(v, dict) else v)] = ()


@dataclass(frozen=True, kw_only=True)
class Imap(ConfigTable):
    """The mailbox that receives bounces."""

    host: str = ""
    port: Annotated[int, Bounds(ge=1, le=65535)] = 993
    user: str = ""
    password: str = ""
    folder: str = "INBOX"


@dataclass(frozen=True, kw_only=True)
class Bounces(ConfigTable):
    """Bounce handling: the envelope sender and the mailbox that receives bounces."""

    return_path: OptionalAddress = ""
    imap: Imap = field(default_factory=Imap)


class _Named(Protocol):
    newsletter: Any
    cadence: Any


@dataclass(frozen=True, kw_only=True)
class Config(ConfigTable):
    """The whole `config.toml`. Relative paths start at its folder."""

    site: Site
    newsletters: Annotated[dict[str, Newsletter], Bounds(min_length=1)]
    web: Web = field(default_factory=Web)
    collect: Collect = field(default_factory=Collect)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    bounces: Bounces = field(default_factory=Bounces)
    log: Log = field(default_factory=Log)
    fields: dict[str, OwnField] = field(default_factory=dict)
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
    def sqlite_file(self) -> Path | None:
        """The file of the database; None on PostgreSQL."""
        scheme, _, file = self.site.database.partition(":///")
        return self.path(file) if scheme == "sqlite" else None

    @property
    def data_folder(self) -> Path:
        """The folder for data beside the database: that of the SQLite file, else that of `config.toml`."""
        return self.sqlite_file.parent if self.sqlite_file else self.folder

    @property
    def journal_folder(self) -> Path:
        """The folder of the journals: as configured, or beside the SQLite file, or beside `config.toml`."""
        name = self.delivery.journal
        return self.path(name) if name else self.data_folder / "journal"

    @property
    def recovery_log(self) -> Path:
        """The folder of the recovery log, beside the database."""
        return self.data_folder / "recovery-log"

    @property
    def waiting_unsubscriptions(self) -> Path:
        """The file for unsubscriptions that the database can't take yet: as configured, or beside the database."""
        name = self.site.waiting_unsubscriptions
        return self.path(name) if name else self.data_folder / "waiting-unsubscriptions"

    @property
    def template_folders(self) -> tuple[Path, ...]:
        """The folders searched for each template file: the one beside the configuration first."""
        return (self.folder / "templates", SHIPPED_TEMPLATES)

    @property
    def active(self) -> tuple[str, ...]:
        """The names of the newsletters that are neither paused nor archived."""
        return tuple(name for name, newsletter in self.newsletters.items() if newsletter.status == "active")

    def edited(self, edition: _Named) -> Newsletter:
        """Return the newsletter of an edition, as the editions of its cadence have it."""
        return self.newsletters[edition.newsletter].at(edition.cadence)

    def provider_of(self, newsletter: Newsletter) -> str:
        """Return the provider of a newsletter: its own, or that of `[delivery]`."""
        return newsletter.provider or self.delivery.provider

    def fallback_of(self, newsletter: Newsletter) -> str:
        """Return the provider that takes over if that of a newsletter fails; "" for none."""
        provider, fallback = self.provider_of(newsletter), str(self.delivery.fallback)
        return "" if provider in ("file", fallback) else fallback

    @property
    def providers(self) -> tuple[str, ...]:
        """Every provider that a newsletter may be sent through, in alphabetical order."""
        newsletters = self.newsletters.values()
        providers, fallbacks = (
            {self.provider_of(newsletter) for newsletter in newsletters},
            {self.fallback_of(newsletter) for newsletter in newsletters},
        )
        return tuple(sorted((providers | fallbacks) - {""}))
