"""The files that other tools export: the headers that identify each, its columns, and what its states say of a person.

Headers are compared without case, spaces, underscores and accents (`squeezed`), states in lower case with underscores.
A state that is not known is refused, because it may stand for people who left.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from subscribers.importing import vocabulary
from subscribers.models import Suppression
from subscribers.personal_fields import PERSONAL


class Standing(IntEnum):
    """The standing of a person in a file; if its columns disagree, the greatest counts."""

    ACTIVE = 0
    WAITING = 1
    LEFT = 2
    BOUNCED = 3
    BLOCKED = 4
    COMPLAINED = 5


BLOCKING: Final = {
    Standing.BOUNCED: Suppression.Reason.BOUNCED,
    Standing.BLOCKED: Suppression.Reason.BY_HAND,
    Standing.COMPLAINED: Suppression.Reason.COMPLAINED,
}
"""The standings of addresses that are blocked for all newsletters, each with its reason."""

BLANK = ""
"""The state of a cell without a word; it is active, unless a tool's states say otherwise."""

WORDS: Final[dict[str, Standing]] = {
    **dict.fromkeys((BLANK, "active", "subscribed", "subscriber", "confirmed", "enabled", "verified", "approved",
                     "registered", "opted_in", "opted-in", "opt_in", "opt-in", "optin", "regular", "free", "paid",
                     "premium", "yes", "true", "ok"), Standing.ACTIVE),
    **dict.fromkeys(vocabulary.RECEIVING, Standing.ACTIVE),
    **dict.fromkeys(("pending", "unconfirmed", "unactivated", "non-subscribed", "nonsubscribed", "transactional"),
                    Standing.WAITING),
    **dict.fromkeys(vocabulary.WAITING, Standing.WAITING),
    **dict.fromkeys(("unsubscribed", "inactive", "removed", "cancelled", "canceled", "deleted", "left"),
                    Standing.LEFT),
    **dict.fromkeys(vocabulary.LEFT, Standing.LEFT),
    **dict.fromkeys(("cleaned", "bounced", "hard_bounced", "undeliverable"), Standing.BOUNCED),
    **dict.fromkeys(vocabulary.BOUNCED, Standing.BOUNCED),
    **dict.fromkeys(("blocked", "blocklisted", "blacklisted", "suppressed", "disabled", "spammy"), Standing.BLOCKED),
    **dict.fromkeys(vocabulary.BLOCKED, Standing.BLOCKED),
    **dict.fromkeys(("complained", "spam", "junk", "marked_as_spam"), Standing.COMPLAINED),
}  # fmt: skip
"""Words for a standing in the languages of the catalogues, in a file of an unknown tool."""


def states(active: str, waiting: str = "", left: str = "", **others: str) -> dict[str, Standing]:
    """Return a tool's states, given as words with spaces between; `others` are `bounced`, `blocked`, `complained`."""
    words_by_name = {"active": active, "waiting": waiting, "left": left, **others}
    return {word: Standing[name.upper()] for name, words in words_by_name.items() for word in words.split()}


_FETCHED = states("active", "pending", "unsubscribed", bounced="bounced", blocked="blocked", complained="complained")
"""What `newsletter fetch` writes, whatever the tool's own words are."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A file format: the headers that identify it, in one or another version, and the headers of each meaning.

    `states` has its words for a person's standing; without any, those of `WORDS` count. `yes` and `no` are
    columns with the standing of people who have a yes or a no in them. `ended` are columns that have a time, or a word
    other than "no", for people with a standing.
    """

    name: str
    signs: tuple[frozenset[str], ...]
    address: str
    personal: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    states: Mapping[str, Standing] = field(default_factory=dict)
    yes: Mapping[str, Standing] = field(default_factory=dict)
    no: Mapping[str, Standing] = field(default_factory=dict)
    ended: Mapping[str, Standing] = field(default_factory=dict)
    unescape: bool = False


LEFT, BOUNCED, COMPLAINED = Standing.LEFT, Standing.BOUNCED, Standing.COMPLAINED

ENDED: Mapping[str, Standing] = {
    "unsubtime": LEFT,
    "unsubscribedat": LEFT,
    "unsubscribedon": LEFT,
    "unsubscribedate": LEFT,
    "unsubscribed": LEFT,
    "deletedat": LEFT,
    "cancelledat": LEFT,
    "canceledat": LEFT,
    "cleantime": BOUNCED,
    "bouncedat": BOUNCED,
    "complainedat": COMPLAINED,
}
"""Columns of tools that have a time only if the person must not receive anything."""

_MAILPOET = {BLANK: Standing.WAITING, **states("subscribed", "unconfirmed inactive", "unsubscribed", bounced="bounced")}
_MAILERLITE = states("active", "unconfirmed", "unsubscribed", bounced="bounced", complained="junk")
_BUTTONDOWN = states(
    "regular premium trialed unpaid gifted churning churned paused past_due upcoming",
    "unactivated",
    "unsubscribed removed",
    bounced="undeliverable",
    blocked="blocked spammy",
    complained="complained",
)
_BEEHIIV = states("active", "pending validating", "inactive")
_KIT = states(
    "active confirmed",
    "inactive unconfirmed",
    "cancelled canceled unsubscribed",
    bounced="bounced",
    blocked="blocked",
    complained="complained",
)
_JETPACK = states("subscribed", "not_confirmed", "not_subscribed", bounced="not_sending")


def _form(tool: str, signs: str, address: str, /, **columns: object) -> FileFormat:
    personal = {name: columns.pop(name) for name in PERSONAL if name in columns}
    versions = tuple(frozenset(version.split()) for version in signs.split("|"))
    return FileFormat(tool, versions, address, personal=personal, **columns)  # type: ignore[arg-type]


FORMS = (
    _form("newsletter", "address newsletter state consent", "address",
          **{name: (name.replace("_", ""),) for name in PERSONAL}, tags=("tags",), state=("state",), joined=("joined",),
          unescape=True, states=states("active", "pending", "unsubscribed"), ended={"unsubscribedat": LEFT}),
    _form("Mailchimp", "emailaddress memberrating", "emailaddress", name=("firstname", "lastname"),
          language=("language",), tags=("tags",), joined=("confirmtime", "optintime"), ended=ENDED),
    _form("Substack", "email activesubscription | email emaildisabled", "email", name=("name",),
          joined=("createdat", "startdate"), yes={"emaildisabled": LEFT}),
    _form("Buttondown", "email creationdate", "email", tags=("tags",), state=("type", "subscribertype"),
          joined=("creationdate",), states=_BUTTONDOWN, ended=ENDED),
    _form("Ghost", "email subscribedtoemails", "email", name=("name",), tags=("labels",), joined=("createdat",),
          no={"subscribedtoemails": LEFT}, ended=ENDED),
    _form("listmonk", "email uuid attributes", "email", name=("name",), state=("status",), joined=("createdat",),
          states=states("enabled", blocked="disabled blocklisted blacklisted")),
    *(_form(tool, f"email {tool.lower()}status", "email", name=("name",), tags=("tags",), joined=("createdat",),
            state=(f"{tool.lower()}status",), states=_FETCHED, ended={"unsubscribedat": LEFT})
      for tool in ("Ghost", "listmonk")),
    _form("MailPoet", "email globalstatus | email liststatus", "email", name=("firstname", "lastname"),
          state=("globalstatus", "liststatus"), joined=("confirmationtime", "subscriptiontime"), states=_MAILPOET),
    _form("beehiiv", "email status tier createdat", "email", name=("firstname", "lastname"), tags=("tags",),
          state=("status",), joined=("createdat",), states=_BEEHIIV,
          ended=ENDED),
    _form("beehiiv", "email status subscriptiontier", "email", name=("firstname", "lastname"), tags=("tags",),
          state=("status",), joined=("createdat", "created"),
          states=_BEEHIIV, ended=ENDED),
    _form("Kit", "email firstname status createdat", "email", name=("firstname",), tags=("tags",), state=("status",),
          joined=("createdat",), states=_KIT, ended=ENDED),
    _form("Kit", "emailaddress firstname state createdat", "emailaddress", name=("firstname",), tags=("tags",),
          state=("state",), joined=("createdat",), states=_KIT, ended=ENDED),
    _form("MailerLite", "subscriber subscribed location", "subscriber", name=("name", "lastname"), state=("status",),
          joined=("subscribed",), states=_MAILERLITE, ended=ENDED),
    _form("MailerLite", "email subscribedat", "email", name=("name", "lastname"), state=("status", "type"),
          joined=("subscribedat",), states=_MAILERLITE, ended=ENDED),
    _form("Jetpack", "emailaddress subscriptionstatus datesubscribed", "emailaddress", name=("displayname", "name"),
          state=("subscriptionstatus",), joined=("datesubscribed",), states=_JETPACK),
)  # fmt: skip

OWN = FORMS[0]
SENDY = "Sendy"
"""A tool whose files have no header."""
PLAIN = FileFormat("", (), "")
"""Any other file, whose columns have names in one of the languages that we know."""

_BY_BEGINNING: Mapping[str, Standing] = {
    "nonsubscribed": Standing.WAITING,
    "unsubscribed": Standing.LEFT,
    "unsubscribers": Standing.LEFT,
    "cleaned": Standing.BOUNCED,
    "bounced": Standing.BOUNCED,
}
"""What the names of files begin with in which Mailchimp, Buttondown and others write people who don't receive email."""

_BY_ENDING: Mapping[str, Standing | None] = {
    "-active": Standing.ACTIVE,
    "-unconfirmed": Standing.WAITING,
    "-unsubscribed": Standing.LEFT,
    "-bounced": Standing.BOUNCED,
    "-marked-as-spam": Standing.COMPLAINED,
    "-all": None,
}
"""Sendy's files have names and addresses without a header; the end of a file's name says whose. None: everybody's."""


def least_standing(name: str) -> Standing | None:
    """Return the least standing of everybody in a file of this name; None if it has everybody, without saying who left.

    A copy that a browser numbered counts as the file itself: `list-bounced (1).csv`.
    """
    stem = name.rpartition("/")[2].lower().rpartition(".")[0].partition(" (")[0].strip()
    for beginning, standing in _BY_BEGINNING.items():
        if stem.startswith(beginning):
            return standing
    for ending, meant in _BY_ENDING.items():
        if stem.endswith(ending):
            return meant
    return Standing.ACTIVE
