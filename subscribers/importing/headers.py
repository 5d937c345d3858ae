"""Recognize the tool that wrote a file by its header row, and the meaning of its columns.

The headers are those of the tools' own exports; case, spaces and underscores are ignored.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import get_args

from newsletter.config import TOPIC_NAME, Cadence
from newsletter.domain.picks import picks_of
from newsletter.messages import Problem
from newsletter.messages import importing as messages
from subscribers.importing import vocabulary
from subscribers.importing.dates import Order, moment
from subscribers.spreadsheets import unescape_formulas

LEFT = frozenset((
    "unsubscribed", "cleaned", "bounced", "complained", "inactive", "removed", "blocklisted", "blacklisted",
    "cancelled", "canceled", "junk", "disabled", "deleted", "spammy", "undeliverable", "suppressed", "hard_bounced",
    "spam",
))  # fmt: skip
"""States of people who must not receive anything."""
WAITING = frozenset(("pending", "unconfirmed", "unactivated", "non-subscribed", "nonsubscribed", "transactional"))
"""States of people who never confirmed."""
ENDED = ("unsubtime", "cleantime", "unsubscribedat", "unsubscribedon", "deletedat", "cancelledat")
"""Columns of tools that have a time only if the person must not receive anything."""
YES, NO = frozenset({"true", "yes", "1", "t", "y"}), frozenset({"false", "no", "0", "f", "n"})


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A file format: the headers that identify it, and the header of each meaning ("" for none)."""

    name: str
    signs: frozenset[str]
    address: str
    names: tuple[str, ...] = ()
    language: str = ""
    tags: tuple[str, ...] = ()
    state: str = ""
    joined: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    unescape: bool = False


def _form(name: str, signs: str, address: str, **columns: object) -> FileFormat:
    return FileFormat(name, frozenset(signs.split()), address, **columns)  # type: ignore[arg-type]


FORMS = (
    _form("newsletter", "address newsletter state consent", "address", names=("name",), language="language",
          tags=("tags",), state="state", joined=("joined",), unescape=True),
    _form("Mailchimp", "emailaddress memberrating", "emailaddress", names=("firstname", "lastname"),
          language="language", tags=("tags",), joined=("confirmtime", "optintime")),
    _form("Substack", "email activesubscription", "email", names=("name",), joined=("createdat", "startdate"),
          wanted=("emaildisabled!",)),
    _form("Buttondown", "email creationdate", "email", tags=("tags",), state="type|subscribertype",
          joined=("creationdate",)),
    _form("Ghost", "email subscribedtoemails", "email", names=("name",), tags=("labels",), joined=("createdat",),
          wanted=("subscribedtoemails",)),
    _form("listmonk", "email uuid attributes", "email", names=("name",), state="status", joined=("createdat",)),
    _form("Kit", "email firstname status createdat", "email", names=("firstname",), tags=("tags",), state="status",
          joined=("createdat",)),
    _form("MailerLite", "subscriber subscribed location", "subscriber", names=("name", "lastname"), state="status",
          joined=("subscribed",)),
    _form("MailerLite", "email subscribedat", "email", names=("name", "lastname"), state="status|type",
          joined=("subscribedat",)),
)  # fmt: skip

OWN = FORMS[0]
KEPT = ("newsletter", "pauseduntil", "consent", "consentat", "consenthow", "consentwording", "consentlanguage",
        "consentnetwork", "consentpage", "confirmedat")  # fmt: skip
"""Columns that only our own export has; in the order of Kept's fields."""
PLAIN = FileFormat("a list", frozenset(), "")
"""Any other file, whose columns have names in one of the languages that we know."""


class BadCadence(Problem):
    """The text is not a cadence."""


class BadTopics(Problem):
    """The text has something that can't be the name of a topic."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Additional data of our own export for the newsletter that it names: pause and consent."""

    newsletter: str
    paused_until: date | None
    text: str
    at: datetime | None
    how: str
    wording: str
    language: str
    network: str
    page: str
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """The data of one line, before the address is validated."""

    address: str
    name: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    state: str = ""
    cadence: str = ""
    topics: str = ""
    joined: datetime | None = None
    kept: Kept | None = None


@dataclass(frozen=True)
class Columns:
    """The position of each value in a file's lines."""

    form: str
    width: int
    address: int
    names: tuple[int, ...] = ()
    language: int = -1
    tags: tuple[int, ...] = ()
    state: int = -1
    cadence: int = -1
    topics: int = -1
    joined: tuple[int, ...] = ()
    ended: tuple[int, ...] = ()
    wanted: tuple[tuple[int, frozenset[str]], ...] = field(default=())
    unescape: bool = False
    kept: tuple[int, ...] = ()
    dates: Mapping[int, Order] = field(default_factory=dict)
    """Return whether the day or the month comes first in a column's dates, if known."""

    def row(self, cells: Sequence[str]) -> PersonRow:
        """Parse a line. Raises BadDate, BadCadence and BadTopics."""
        if self.unescape:
            cells = [unescape_formulas(cell) for cell in cells]
        return PersonRow(
            address=cells[self.address].strip(),
            name=" ".join(word for n in self.names for word in cells[n].split()),
            language=cells[self.language].strip() if self.language >= 0 else "",
            tags=tuple(t for n in self.tags for t in _tags(cells[n])),
            state=self._state(cells),
            cadence=_cadence(cells[self.cadence]) if self.cadence >= 0 else "",
            topics=_topics(cells[self.topics]) if self.topics >= 0 else "",
            joined=next((m for n in self.joined if (m := moment(cells[n], self.dates.get(n, "")))), None),
            kept=_kept([cells[n].strip() for n in self.kept]) if self.kept else None,
        )

    def _state(self, cells: Sequence[str]) -> str:
        """Return "" for active people, "left" for unsubscribed and "waiting" for unconfirmed ones."""
        word = vocabulary.folded(cells[self.state].strip()).replace(" ", "_") if self.state >= 0 else ""
        if word in LEFT | vocabulary.LEFT or any(cells[n].strip().lower() in no for n, no in self.wanted):
            return "left"
        if any(vocabulary.folded(cells[n].strip()) not in vocabulary.NO for n in self.ended):
            return "left"
        return "waiting" if word in WAITING | vocabulary.WAITING else ""


def squeezed(header: str) -> str:
    """Normalize a header: `Email Address` and `email_address` become `emailaddress`, `Prénom` becomes `prenom`."""
    return re.sub(r"[\W_]+", "", vocabulary.folded(header))


def recognise(headers: Sequence[str]) -> Columns | None:
    """Return the columns of a header line; None if it isn't one (a plain list begins with an address)."""
    if any("@" in h for h in headers):
        return None
    at: dict[str, int] = {}
    for number, header in enumerate(headers):
        at.setdefault(squeezed(header), number)
    form = next((f for f in FORMS if f.signs <= at.keys()), PLAIN)
    if form is PLAIN:
        return _plain(at, len(headers))
    address = form.address
    return Columns(
        form=form.name,
        width=len(headers),
        address=at[address],
        names=_all(at, form.names),
        language=_first(at, form.language),
        tags=_all(at, form.tags),
        state=_first(at, form.state),
        cadence=_first(at, "cadence"),
        topics=_first(at, "topics"),
        joined=_all(at, form.joined),
        ended=_all(at, ENDED),
        wanted=tuple((at[w.rstrip("!")], YES if w.endswith("!") else NO) for w in form.wanted if w.rstrip("!") in at),
        unescape=form.unescape,
        dates={} if form is OWN else dict.fromkeys(_all(at, form.joined), "month"),
        kept=_all(at, KEPT) if form.unescape and at.keys() >= set(KEPT) else (),
    )


def _plain(at: Mapping[str, int], width: int) -> Columns | None:
    """Return the columns of a file that no known tool wrote; None if none has addresses."""
    address = _first(at, "|".join(vocabulary.ADDRESS))
    if address < 0:
        return None
    return Columns(
        form=PLAIN.name,
        width=width,
        address=address,
        names=_names(at),
        language=_first(at, "|".join(vocabulary.LANGUAGE)),
        tags=_all(at, vocabulary.TAGS),
        state=_first(at, "|".join(vocabulary.STATE)),
        cadence=_first(at, "cadence"),
        topics=_first(at, "topics"),
        joined=_all(at, vocabulary.JOINED),
        ended=_all(at, (*ENDED, *vocabulary.ENDED)),
    )


def _names(at: Mapping[str, int]) -> tuple[int, ...]:
    """Return the column of the full name, or those of its parts in their order."""
    full, given, family = (
        _first(at, "|".join(w)) for w in (vocabulary.FULL_NAME, vocabulary.GIVEN_NAME, vocabulary.FAMILY_NAME)
    )
    if given < 0:
        return tuple(n for n in (full, family) if n >= 0)
    if family < 0 and _all(at, vocabulary.WITH_FAMILY_NAME):
        family = full
    parts = tuple(n for n in (given, family) if n >= 0)
    return parts if full < 0 or family == full or len(parts) == 2 else (full,)


def _cadence(cell: str) -> str:
    """Parse how often a person wants the newsletter; empty is its default. Raises BadCadence."""
    word = cell.strip().lower()
    if word and word not in get_args(Cadence):
        raise BadCadence(messages.NOT_A_CADENCE(text=cell.strip()[:50]))
    return word


def _topics(cell: str) -> str:
    """Parse names of topics as they are stored, separated by commas or semicolons. Raises BadTopics.

    Those that are not configured are kept, and count once they are.
    """
    names = [name.strip().lower() for name in re.split(r"[,;]", cell) if name.strip()]
    wrong = next((name for name in names if not TOPIC_NAME.fullmatch(name)), None)
    if wrong is not None:
        raise BadTopics(messages.NOT_A_TOPIC(text=wrong[:50]))
    return picks_of(names)


def _kept(cells: Sequence[str]) -> Kept:
    newsletter, paused, text, at, how, wording, language, network, page, confirmed = cells
    until = moment(paused, future=True)
    return Kept(
        newsletter,
        until.date() if until else None,
        text,
        moment(at),
        how,
        wording,
        language,
        network,
        page,
        moment(confirmed),
    )


def _first(at: Mapping[str, int], names: str) -> int:
    return next((at[name] for name in names.split("|") if name in at), -1)


def _all(at: Mapping[str, int], names: Sequence[str]) -> tuple[int, ...]:
    return tuple(at[name] for name in names if name in at)


def _tags(cell: str) -> list[str]:
    """Parse tags from `a, b`, `"a","b"` or `["a", "b"]`."""
    return [tag for word in re.split(r"[,;|]", cell.strip("[]")) if (tag := word.strip().strip("\"'"))] if cell else []
