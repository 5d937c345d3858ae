"""What the program knows of an email service with an HTTP API, as each module of this package declares it.

Everything that differs between services is here: their settings, their calls, their webhooks, the DNS records of their
customers, and how their tracking is switched off. Pure: Anymail and HTTP clients are loaded where a call is made. The
types are named tuples, since every command imports them, and dataclasses take five times as long to make.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from newsletter.messages.message import gettext_noop

Raw = Mapping[str, Any]
"""An event as the service sent it, parsed from JSON or a form."""

API_KEY = gettext_noop("{service}: API key")
SECRET = gettext_noop("{service}: secret key")
TOKEN = gettext_noop("{service}: API token")
SIGNING_KEY = gettext_noop("{service}: signing key of webhooks")
ADDRESS = gettext_noop("{service}: API address")
REGION = gettext_noop("{service}: region")
NOTHING: Mapping[str, Any] = MappingProxyType({})
_SECRETS = (API_KEY, SECRET, TOKEN, SIGNING_KEY)


class Key(NamedTuple):
    """A key of a service's table in `config.toml`: one of Anymail's settings.

    Keys with a label are also at the desk. A name with a dot is in a table inside. A service can't be used without the
    required ones.
    """

    name: str
    label: str = ""
    help: str = ""
    required: bool = False

    @property
    def secret(self) -> bool:
        """Whether the value is never shown."""
        return self.label in _SECRETS

    @property
    def destination(self) -> bool:
        """Whether the value says where messages are sent to."""
        return self.label == ADDRESS


class MessageParts(NamedTuple):
    """A complete message to one subscriber; `html` is "" in an email with text alone."""

    address: str
    name: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]


Cause = Literal["account", "address", "mailbox", "message"]
"""What a service refused a message for: the key or the account; an address that is invalid or doesn't exist; another
reason that has to do with this subscriber, such as a full mailbox; anything else.
"""


class CallResult(NamedTuple):
    """What a service says of a message: its identifier, or else why it refused it."""

    id: str = ""
    words: str = ""
    cause: Cause = "message"


class PostedCall(NamedTuple):
    """A call that is made with the payload of Anymail's backend, and whose response is read here.

    `path` is the address, relative to the API's, of a list of payloads; "" if a call has one payload. `read` returns
    what is said of each message, or with `merge_tag` one CallResult for all: None where it can't be read.
    """

    read: Callable[[bytes], Sequence[CallResult | None] | None]
    path: str = ""


class Calls(NamedTuple):
    """How messages are handed to the service.

    A call is for at most `most` subscribers. With `merge_tag`, it has one message with tags, for which the service
    inserts each subscriber's values; with `merge_headers` not in header fields, of which each subscriber has their own.
    With `batch`, it has a list of complete messages, which `batch` returns as fields of the request; with `post.path`,
    a list of payloads. Otherwise it has one message.

    `headers` are fields that each message has besides its own. The service accepts neither `refused_headers`, in lower
    case, nor, with `ascii_headers`, those with other characters. `idempotency` names the field with the key of the
    call: of the message, or with `post` of the request. `settings` are passed to Anymail's backend. `error` returns
    the cause of a call that failed, where its status doesn't say it.
    """

    most: int = 1
    merge_tag: str = ""
    merge_headers: bool = False
    batch: Callable[[Sequence[MessageParts]], Mapping[str, Any]] | None = None
    post: PostedCall | None = None
    headers: Mapping[str, str] = NOTHING
    refused_headers: tuple[str, ...] = ()
    ascii_headers: bool = False
    idempotency: str = ""
    settings: Mapping[str, Any] = NOTHING
    error: Callable[[bytes], Cause | None] = lambda content: None


class Login(NamedTuple):
    """A request that only shows something to those with a key: its address, relative to the API's, headers and body.

    `{name}` stands for a key of the service's table, also in values of the body. `elsewhere` has the address of the
    rest of an API whose calls are at another. `wrong` are words of a response that refuses the key with another status
    than 401, and `restricted` are those to a key that may only send, with the status 401.
    """

    path: str
    headers: Mapping[str, str] = NOTHING
    auth: tuple[str, str] | None = None
    body: Mapping[str, Any] | None = None
    elsewhere: Mapping[str, str] = NOTHING
    wrong: tuple[str, ...] = ()
    restricted: str = ""


class Webhook(NamedTuple):
    """How the service reports events.

    `view` is the name of Anymail's view. `key` is the key of the service's table with which calls are signed, "" if
    they are not, and `address` the setting of the view for the webhook's address, if that is signed too. `permanent`
    returns whether the service calls a bounce permanent; None if it doesn't say.
    """

    view: str
    key: str = ""
    address: str = ""
    permanent: Callable[[Raw], bool | None] = lambda raw: None


class Dns(NamedTuple):
    """What the service does with its customers' domains, from its own documentation.

    `return_path` is the domain of the envelope sender that the service sets, whose SPF record is its own: a customer's
    SPF record isn't looked at then. Without one, the envelope sender is in the customer's domain, whose SPF record must
    have `include`. `selectors` are those of its DKIM keys, () if they vary. `domain_key` is the key of its table that
    names the customer's domain for return path and DKIM, if that isn't From's, and `subdomain` is the label below that
    domain at which the return path is.
    """

    return_path: str = ""
    include: str = ""
    selectors: tuple[str, ...] = ()
    domain_key: str = ""
    subdomain: str = ""


class Tracking(NamedTuple):
    """What switches the service's tracking of opens and clicks off.

    `options`: each call has Anymail's `track_opens` and `track_clicks`. `call_fields` are more fields of each call.
    `call_headers` are header fields of the message in a call, `smtp_headers` those for its SMTP server. `call_account`
    and `smtp_account` are where the account's setting is which calls and header fields don't override; "" if no setting
    does.
    """

    options: bool = False
    call_fields: Mapping[str, Any] = NOTHING
    call_headers: Mapping[str, str] = NOTHING
    smtp_headers: Mapping[str, str] = NOTHING
    call_account: str = ""
    smtp_account: str = ""


class Provider(NamedTuple):
    """An email service. Its key in `config.toml` is the name of its module, and of Anymail's backend.

    `merge_tags` are examples of each kind of tag in a message that it replaces, () if it replaces none: posts may have
    them, so `render/merge_tags.py` must escape each. `servers` are the domains of its SMTP servers, with
    `*` for a region, and `shared_domains` those that its customers may send from or have their return path in.
    """

    name: str
    keys: tuple[Key, ...]
    calls: Calls
    merge_tags: tuple[str, ...]
    login: Login | None
    webhook: Webhook | None
    dns: Dns
    tracking: Tracking
    servers: tuple[str, ...] = ()
    shared_domains: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """The keys without which the service can't be used."""
        return tuple(key.name for key in self.keys if key.required)


def bearer(key: str) -> Mapping[str, str]:
    """Return the header field of RFC 6750 with a key of the table."""
    return {"Authorization": f"Bearer {{{key}}}"}


def parse_json(content: bytes) -> Any:
    """Return the value of a JSON document (RFC 8259); None if it isn't one."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def inside(raw: Raw, *names: str) -> str:
    """Return the value below these names, in lower case; "" if a name is missing."""
    value: object = raw
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return "" if value is None else str(value).lower()


def one_of(value: str, permanent: tuple[str, ...], passing: tuple[str, ...]) -> bool | None:
    """Return whether a value is among the permanent ones; None if it is among neither."""
    return True if value in permanent else False if value in passing else None
