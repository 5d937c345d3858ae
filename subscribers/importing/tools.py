"""The files that other tools export: the headers that identify each, its columns, and what its states say of a person.

Headers are compared without case, spaces, underscores and accents (`squeezed`), states as `state_word` returns them.
An unknown state is refused, because it may stand for people who left.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from subscribers.importing import vocabulary
from subscribers.models import Suppression
from subscribers.personal_fields import BUILT_IN


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


def _by_word(states: Mapping[str, Sequence[str]]) -> dict[str, Standing]:
    return {word: Standing[name.upper()] for name, words in states.items() for word in words}


EVERYWHERE: Final = _by_word(vocabulary.CERTAIN_STATES)
"""States that are heeded in any column, whatever its name is."""
WORDS: Final = {**dict.fromkeys(vocabulary.YES, Standing.ACTIVE), **_by_word(vocabulary.STATES), **EVERYWHERE}
"""States in the languages of the catalogues, as columns of states have them."""
_UNWANTED: Final = {
    **dict.fromkeys((vocabulary.NO | vocabulary.DECLINED) - {""}, Standing.LEFT),
    **{word: standing for word, standing in WORDS.items() if standing > Standing.ACTIVE},
}
BY_HEADER: Final[Mapping[str, Mapping[str, Standing]]] = {
    **dict.fromkeys(vocabulary.WANTED, _UNWANTED),
    **{header: dict.fromkeys(vocabulary.NO - {""}, Standing.WAITING) for header in vocabulary.CONFIRMED},
    **dict.fromkeys(vocabulary.REGIONS, WORDS),
}
"""The words that say of a person that they get nothing, in columns with these names; in others, it is `EVERYWHERE`."""
STAYING: Final = vocabulary.NO.union(vocabulary.STATES["active"], vocabulary.NOTHING)
"""What a column such as "Unsubscribed" has for people who get the newsletter."""

_ENDED_BY: Final = {
    Standing.COMPLAINED: ("complain", "spamreport", "reportedspam", "markedasspam"),
    Standing.BOUNCED: ("bounce", "cleaned", "cleantime"),
    Standing.LEFT: ("unsub", "optout", "optedout", "blocklist", "blacklist", "suppress", "donotmail", "donotemail",
                    "donotcontact", "emaildisabled"),
}  # fmt: skip
"""Parts of the names of columns that have a time, or a word other than "no", of people with a standing."""
_NOT_ENDED: Final = (
    "url", "link", "token", "hash", "key", "secret", "uuid", "guid", "page", "unsubscribeid", "unsubscribecode",
    "count", "number", "rate", "softbounce", "emailsbounced",
)  # fmt: skip
_OTHER_CHANNELS: Final = ("sms", "fax", "phone", "telefon", "mobil", "whatsapp", "viber", "push", "postal")


def is_about_email(header: str) -> bool:
    """Return whether a column is about emails, and not about text messages, telephones and the like alone."""
    return "email" in header or not any(channel in header for channel in _OTHER_CHANNELS)


def ended_by(header: str) -> Standing | None:
    """Return the standing of people of whom a column has a time or a word other than "no"; None if it is not such a
    column. A link to unsubscribe and a number of bounces say nothing of a person.
    """
    is_other = header.endswith("bounces") or any(part in header for part in _NOT_ENDED)
    if is_other or not is_about_email(header):
        return None
    if header in vocabulary.ENDED:
        return Standing.LEFT
    return next((meant for meant, parts in _ENDED_BY.items() if any(part in header for part in parts)), None)


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A file format: the headers that identify it, in one or another version, and the headers of each meaning.

    `states` has its words for a person's standing that differ from `WORDS`.
    """

    name: str
    signs: tuple[frozenset[str], ...]
    personal: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    states: Mapping[str, Standing] = field(default_factory=dict)
    unescape: bool = False


_NOT_SENT_TO = {"inactive": Standing.WAITING}
_BUTTONDOWN = dict.fromkeys(
    ("trialed", "unpaid", "gifted", "churning", "churned", "paused", "past_due", "upcoming"), Standing.ACTIVE
)
_JETPACK = {"not_subscribed": Standing.LEFT, "not_sending": Standing.BOUNCED}
_WORDPRESS = {
    "c": Standing.ACTIVE,
    "s": Standing.WAITING,
    "u": Standing.LEFT,
    "b": Standing.BOUNCED,
    "p": Standing.COMPLAINED,
}


def _form(tool: str, signs: str, /, **columns: object) -> FileFormat:
    personal = {name: columns.pop(name) for name in BUILT_IN if name in columns}
    versions = tuple(frozenset(version.split()) for version in signs.split("|"))
    return FileFormat(tool, versions, personal=personal, **columns)  # type: ignore[arg-type]


FORMS = (
    _form("newsletter", "address newsletter state consent",
          **{name: (name.replace("_", ""),) for name in BUILT_IN}, tags=("tags",), state=("state",), joined=("joined",),
          unescape=True),
    _form("Mailchimp", "emailaddress memberrating", name=("firstname", "lastname"),
          language=("language",), tags=("tags",), joined=("confirmtime", "optintime")),
    _form("Substack", "email activesubscription | email emaildisabled | email stripeplan startdate", name=("name",),
          joined=("createdat", "startdate")),
    _form("Buttondown", "email creationdate | emailaddress creationdate", language=("language",), tags=("tags",),
          state=("type", "subscribertype"), joined=("creationdate",), states=_BUTTONDOWN),
    _form("Ghost", "email subscribedtoemails", name=("name",), tags=("labels",), joined=("createdat",)),
    _form("listmonk", "email uuid attributes", name=("name",), state=("status",), joined=("createdat",)),
    *(_form(tool, f"email {tool.lower()}status", name=("name",), tags=("tags",), joined=("createdat",),
            state=(f"{tool.lower()}status",))
      for tool in ("Ghost", "listmonk")),
    _form("MailPoet", "email globalstatus | email liststatus", name=("firstname", "lastname"),
          state=("globalstatus", "liststatus"), joined=("confirmationtime", "subscriptiontime"),
          states={"": Standing.WAITING, **_NOT_SENT_TO}),
    _form("beehiiv", "email status tier createdat", name=("firstname", "lastname"), tags=("tags",),
          state=("status",), joined=("createdat",)),
    _form("beehiiv", "email status subscriptiontier", name=("firstname", "lastname"), tags=("tags",),
          state=("status",), joined=("createdat", "created")),
    _form("Kit", "email firstname status createdat", name=("firstname",), tags=("tags",), state=("status",),
          joined=("createdat",), states=_NOT_SENT_TO),
    _form("Kit", "emailaddress firstname state createdat", name=("firstname",), tags=("tags",),
          state=("state",), joined=("createdat",), states=_NOT_SENT_TO),
    _form("MailerLite", "subscriber subscribed location", name=("name", "lastname"), state=("status",),
          joined=("subscribed",)),
    _form("MailerLite", "email subscribedat", name=("name", "lastname"), state=("status", "type"),
          joined=("subscribedat",)),
    _form("WordPress Newsletter", "email surname gender status token", name=("name", "surname"), state=("status",),
          joined=("date",), states=_WORDPRESS),
    _form("Jetpack", "emailaddress subscriptionstatus datesubscribed", name=("displayname", "name"),
          state=("subscriptionstatus",), joined=("datesubscribed",), states=_JETPACK),
)  # fmt: skip

OWN = FORMS[0]
SENDY = "Sendy"
"""A tool whose files have no header."""
PLAIN = FileFormat(
    "",
    (),
    {name: field.headers for name, field in BUILT_IN.items()},
    vocabulary.TAGS,
    vocabulary.STATE,
    vocabulary.JOINED,
)
"""Any other file, whose columns have names in one of the languages that we know."""

_BY_NAME: Final = {
    "nonsubscribed": Standing.WAITING,
    "non subscribed": Standing.WAITING,
    "unconfirmed": Standing.WAITING,
    "unsub": Standing.LEFT,
    "opt out": Standing.LEFT,
    "bounce": Standing.BOUNCED,
    "complain": Standing.COMPLAINED,
    "marked as spam": Standing.COMPLAINED,
}
"""What words in the names of files begin with in which tools write people who don't receive email."""
_NEVERTHELESS: Final = frozenset(
    ("without", "no", "not", "except", "excluding", "minus", "with", "including", "subscribed", "active")
)
"""Words in the names of files that have other people, too."""


def least_standing(name: str) -> Standing | None:
    """Return the least standing of everybody in a file of this name; None if it has everybody, without saying who left.

    A copy that a browser numbered counts as the file itself: `list-bounced (1).csv`. Those who bounced are "cleaned" in
    Mailchimp's exports; elsewhere, they were removed from a cleaned list.
    """
    words = re.findall(r"[^\W\d_]+", name.rpartition("/")[2].lower().rpartition(".")[0])
    if words[-1:] == ["all"]:
        return None
    if words == ["cleaned"] or (words[:1] == ["cleaned"] and "export" in words):
        return Standing.BOUNCED
    if not _NEVERTHELESS.isdisjoint(words):
        return Standing.ACTIVE
    text = " ".join(("", *words))
    return min((standing for word, standing in _BY_NAME.items() if f" {word}" in text), default=Standing.ACTIVE)
