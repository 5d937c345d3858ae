"""Recognize the tool that wrote a file by its header row (see `tools`), and the meaning of its columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, get_args

from newsletter.config import TABLE_NAME, Cadence
from newsletter.domain.picks import picks_of
from newsletter.messages import Problem
from newsletter.messages import subscriptions as messages
from subscribers.importing import vocabulary
from subscribers.importing.dates import BadDate, DateOrder, moment
from subscribers.importing.tools import BLANK, ENDED, FORMS, OWN, PLAIN, WORDS, Standing
from subscribers.personal_fields import PERSONAL
from subscribers.spreadsheets import unescape_formulas

YES, NO = frozenset({"true", "yes", "1", "t", "y"}), frozenset({"false", "no", "0", "f", "n"})
_UNWANTED = vocabulary.NO - {"", "-", "–"} | {
    spelling for word, meant in WORDS.items() if meant > Standing.WAITING for spelling in (word, word.replace("_", " "))
}
"""What a column such as "Subscribed" or "Active" has for people who left or must not get anything."""
OWN_COLUMNS = (
    "newsletter", "pauseduntil", "consent", "consentat", "consenthow", "consentwording", "consentlanguage",
    "consentnetwork", "consentpage", "confirmedat",
)  # fmt: skip
"""Columns that only our own export has; in the order of the fields of OwnExportValues."""


class BadCell(Problem):
    """A cell has no cadence, no name of a topic, or no state of the tool."""


@dataclass(frozen=True, slots=True)
class OwnExportValues:
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


class PersonRow(NamedTuple):
    """The data of one line, before the address is validated; `personal` has personal fields as they are stored, `left`
    is when the person left or was blocked, `why` the reason that they gave.
    """

    address: str
    personal: Mapping[str, str] = MappingProxyType({})
    tags: tuple[str, ...] = ()
    standing: Standing = Standing.ACTIVE
    cadence: str = ""
    topics: str = ""
    joined: datetime | None = None
    left: datetime | None = None
    why: str = ""
    own_values: OwnExportValues | None = None


@dataclass(frozen=True)
class Columns:
    """The position of each value in a file's lines; `least` is the least standing of everybody in the file."""

    form: str
    width: int
    address: int
    personal: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    tags: tuple[int, ...] = ()
    state: tuple[int, ...] = ()
    cadence: int = -1
    topics: int = -1
    joined: tuple[int, ...] = ()
    ended: tuple[tuple[int, Standing], ...] = ()
    answers: tuple[tuple[int, frozenset[str], Standing], ...] = ()
    states: Mapping[str, Standing] = field(default_factory=dict)
    least: Standing = Standing.ACTIVE
    why: int = -1
    unescape: bool = False
    own_columns: tuple[int, ...] = ()
    dates: Mapping[int, DateOrder] = field(default_factory=dict)
    """Return whether the day or the month comes first in a column's dates, if known."""

    def row(self, cells: Sequence[str]) -> PersonRow:
        """Parse a line. Raises BadDate and BadCell."""
        if self.unescape:
            cells = [unescape_formulas(cell) for cell in cells]
        standing = self._standing(cells)
        return PersonRow(
            address=cells[self.address].strip(),
            personal={k: PERSONAL[k].imported([cells[n] for n in numbers]) for k, numbers in self.personal.items()},
            tags=sum((_tags(cells[n]) for n in self.tags if cells[n]), ()),
            standing=standing,
            cadence=_cadence(cells[self.cadence]) if self.cadence >= 0 else "",
            topics=_topics(cells[self.topics]) if self.topics >= 0 else "",
            joined=next((m for n in self.joined if (m := moment(cells[n], self.dates.get(n, "")))), None),
            left=self.left(cells) if standing > Standing.WAITING else None,
            why=cells[self.why].strip() if self.why >= 0 else "",
            own_values=_own_values([cells[n].strip() for n in self.own_columns]) if self.own_columns else None,
        )

    def _standing(self, cells: Sequence[str]) -> Standing:
        """Return the greatest standing that any of the columns says. Raises BadCell."""
        standing = self.least
        for n in self.state:
            standing = max(standing, self._of_word(cells[n]))
        for n, words, meant in self.answers:
            if vocabulary.folded(cells[n].strip()) in words:
                standing = max(standing, meant)
        for n, meant in self.ended:
            if cells[n] and vocabulary.folded(cells[n].strip()) not in vocabulary.NO:
                standing = max(standing, meant)
        return standing

    def _of_word(self, cell: str) -> Standing:
        word = vocabulary.folded(cell.strip()).replace(" ", "_")
        states = {BLANK: Standing.ACTIVE, **(self.states or WORDS)}
        if word not in states:
            raise BadCell(messages.UNKNOWN_STATE(text=cell.strip()[:50]))
        return states[word]

    def left(self, cells: Sequence[str]) -> datetime | None:
        """Return when a person left, if one of the columns says so in a way that can be read."""
        for n, _meant in self.ended:
            try:
                if left_at := moment(cells[n], self.dates.get(n, "")):
                    return left_at
            except BadDate:
                continue  # "yes", or a date that is not needed to know that they left
        return None


def squeezed(header: str) -> str:
    """Normalize a header: `Email Address` and `email_address` become `emailaddress`, `Prénom` becomes `prenom`."""
    return re.sub(r"[\W_]+", "", vocabulary.folded(header))


def recognise(headers: Sequence[str]) -> Columns | None:
    """Return the columns of a header line; None if it isn't one (a plain list begins with an address)."""
    if any("@" in h for h in headers):
        return None
    positions: dict[str, int] = {}
    for number, header in enumerate(headers):
        positions.setdefault(squeezed(header), number)
    form = next((f for f in FORMS if any(signs <= positions.keys() for signs in f.signs)), PLAIN)
    if form is PLAIN:
        return _plain(positions, len(headers))
    joined, ended = _all(positions, form.joined), _ended(positions, form.ended)
    return Columns(
        form=form.name,
        width=len(headers),
        address=positions[form.address],
        personal={name: _all(positions, headers) for name, headers in form.personal.items()},
        tags=_all(positions, form.tags),
        state=_all(positions, form.state),
        cadence=_first(positions, ("cadence",)),
        topics=_first(positions, ("topics",)),
        joined=joined,
        ended=ended,
        answers=tuple(
            (positions[name], words, standing)
            for columns, words in ((form.yes, YES), (form.no, NO))
            for name, standing in columns.items()
            if name in positions
        ),
        states=form.states,
        why=_first(positions, ("reason",)) if form is OWN else -1,
        unescape=form.unescape,
        dates={} if form is OWN else dict.fromkeys((*joined, *(n for n, _standing in ended)), "month"),
        own_columns=_all(positions, OWN_COLUMNS) if form is OWN and positions.keys() >= set(OWN_COLUMNS) else (),
    )


def _plain(positions: Mapping[str, int], width: int) -> Columns | None:
    """Return the columns of a file that no known tool wrote; None if none has addresses."""
    address = _first(positions, vocabulary.ADDRESS)
    if address < 0:
        return None
    has_place = bool(_all(positions, vocabulary.OF_POSTAL_ADDRESS))
    state = _first(positions, vocabulary.STATE + (() if has_place else vocabulary.STATE_OR_REGION))
    return Columns(
        form=PLAIN.name,
        width=width,
        address=address,
        personal={
            **{name: _all(positions, field.headers)[:1] for name, field in PERSONAL.items()},
            "name": _names(positions),
        },
        tags=_all(positions, vocabulary.TAGS),
        state=(state,) if state >= 0 else (),
        cadence=_first(positions, ("cadence",)),
        topics=_first(positions, ("topics",)),
        joined=_all(positions, vocabulary.JOINED),
        ended=_ended(positions, {**{n: _of_end(n) for n in vocabulary.ENDED + vocabulary.REFUSED}, **ENDED}),
        answers=tuple((number, _UNWANTED, Standing.LEFT) for number in _all(positions, vocabulary.WANTED)),
    )


def _of_end(name: str) -> Standing:
    """Return what a column of times says of people by its name."""
    if name.startswith("complain"):
        return Standing.COMPLAINED
    return Standing.BOUNCED if name.startswith(("bounced", "cleaned")) else Standing.LEFT


def _ended(positions: Mapping[str, int], names: Mapping[str, Standing]) -> tuple[tuple[int, Standing], ...]:
    return tuple((positions[name], standing) for name, standing in names.items() if name in positions)


def _names(at: Mapping[str, int]) -> tuple[int, ...]:
    """Return the column of the full name, or those of its parts in their order."""
    full, positions, family = (
        _first(at, words) for words in (vocabulary.FULL_NAME, vocabulary.GIVEN_NAME, vocabulary.FAMILY_NAME)
    )
    if positions < 0:
        return tuple(n for n in (full, family) if n >= 0)
    if family < 0 and _all(at, vocabulary.WITH_FAMILY_NAME):
        family = full
    parts = tuple(n for n in (positions, family) if n >= 0)
    return parts if full < 0 or family == full or len(parts) == 2 else (full,)


def _cadence(cell: str) -> str:
    """Parse how often a person wants the newsletter; empty is its default. Raises BadCell."""
    word = cell.strip().lower()
    if word and word not in get_args(Cadence):
        raise BadCell(messages.NOT_A_CADENCE(text=cell.strip()[:50]))
    return word


def _topics(cell: str) -> str:
    """Parse names of topics as they are stored, separated by commas or semicolons. Raises BadCell.

    Those that are not configured are kept, and count once they are.
    """
    names = [name.strip().lower() for name in re.split(r"[,;]", cell) if name.strip()]
    wrong = next((name for name in names if not TABLE_NAME.fullmatch(name)), None)
    if wrong is not None:
        raise BadCell(messages.NOT_A_TOPIC(text=wrong[:50]))
    return picks_of(names)


def _own_values(cells: Sequence[str]) -> OwnExportValues:
    newsletter, paused, text, at, how, wording, language, network, page, confirmed = cells
    until = moment(paused, future=True)
    return OwnExportValues(
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


def _first(positions: Mapping[str, int], names: Sequence[str]) -> int:
    return next((positions[name] for name in names if name in positions), -1)


def _all(positions: Mapping[str, int], names: Sequence[str]) -> tuple[int, ...]:
    return tuple(positions[name] for name in names if name in positions)


@lru_cache(maxsize=4096)
def _tags(cell: str) -> tuple[str, ...]:
    """Parse tags from `a, b`, `"a","b"` or `["a", "b"]`."""
    return tuple(tag for word in re.split(r"[,;|]", cell.strip("[]")) if (tag := word.strip().strip("\"'")))
