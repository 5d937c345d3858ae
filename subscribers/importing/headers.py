"""Recognize the tool that wrote a file by its header row (see `tools`), and the meaning of its columns."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, get_args

from newsletter.config import TABLE_NAME, Cadence
from newsletter.domain.picks import picks_of
from newsletter.messages import Message, Problem, subscriptions as messages
from subscribers.importing import vocabulary
from subscribers.importing.dates import BadDate, DateOrder, UnreadableDate, moment
from subscribers.importing.tools import (
    BY_HEADER,
    EVERYWHERE,
    FORMS,
    OWN,
    PLAIN,
    STAYING,
    WORDS,
    Standing,
    ended_by,
    is_about_email,
)
from subscribers.importing.values import BadValue, own_value
from subscribers.personal_fields import PersonalField, own_fields, personal_fields
from subscribers.spreadsheets import unescape_formulas

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
    is when the person left or was blocked, `why` the reason that they gave. `left_out` says why a date or a
    value is left out, if one is.
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
    left_out: Message | None = None


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
    words: tuple[tuple[int, Mapping[str, Standing]], ...] = ()
    """Columns in which some words say that a person left, and any other word says nothing."""
    states: Mapping[str, Standing] = field(default_factory=dict)
    """The words of `state` that mean something else than in `WORDS`."""
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
        has_left = standing > Standing.WAITING
        joined, date_problem = (
            (self.readable_date(cells, self.joined), None) if has_left else self._joined_or_problem(cells)
        )
        personal, value_problem = self._personal(cells)
        return PersonRow(
            address=cells[self.address].strip(),
            personal=personal,
            tags=sum((_tags(cells[n]) for n in self.tags if cells[n]), ()),
            standing=standing,
            cadence=_cadence(cells[self.cadence]) if self.cadence >= 0 else "",
            topics=_topics(cells[self.topics]) if self.topics >= 0 else "",
            joined=joined,
            left=self.readable_date(cells, dict(self.ended)) if has_left else None,
            why=cells[self.why].strip() if self.why >= 0 else "",
            own_values=_own_values([cells[n].strip() for n in self.own_columns]) if self.own_columns else None,
            left_out=date_problem or value_problem,
        )

    def ignored(self, headers: Sequence[str]) -> tuple[str, ...]:
        """Return the headers of the columns of which nothing is stored."""
        single = (self.address, self.cadence, self.topics, self.why)
        several = (*self.tags, *self.state, *self.joined, *dict(self.ended), *self.own_columns)
        used = {*single, *several, *sum(self.personal.values(), ())}
        return tuple(header for n, header in enumerate(headers) if header and n not in used)

    def _personal(self, cells: Sequence[str]) -> tuple[dict[str, str], Message | None]:
        """Return the values of the personal fields, and why one is left out, if one is."""
        fields, values, problem = personal_fields(), {}, None
        for key, numbers in self.personal.items():
            field = fields[key]
            try:
                values[key] = self._value(field, cells, numbers)
            except BadValue as bad:
                problem = problem or bad.message
        return values, problem

    def _value(self, field: PersonalField, cells: Sequence[str], numbers: Sequence[int]) -> str:
        """Return what is stored of a line's cells for a field. Raises BadValue."""
        if not field.is_own:
            return field.imported([cells[n] for n in numbers])
        text = " ".join(word for n in numbers for word in cells[n].split())
        return own_value(field, text, self.dates.get(numbers[0], "")) if text else ""

    def _standing(self, cells: Sequence[str]) -> Standing:
        """Return the greatest standing that any of the columns says. Raises BadCell."""
        standing = self.least
        for n in self.state:
            standing = max(standing, self._of_word(cells[n]))
        for n, words in self.words:
            if cells[n]:
                standing = max(standing, words.get(vocabulary.state_word(cells[n]), standing))
        for n, meant in self.ended:
            if cells[n] and (word := vocabulary.state_word(cells[n])) not in STAYING:
                standing = max(standing, meant, EVERYWHERE.get(word, meant))
        return standing

    def _of_word(self, cell: str) -> Standing:
        word = vocabulary.state_word(cell)
        standing = self.states.get(word, WORDS.get(word))
        if standing is None:
            raise BadCell(messages.UNKNOWN_STATE(text=cell.strip()[:50]))
        return standing

    def _joined_or_problem(self, cells: Sequence[str]) -> tuple[datetime | None, Message | None]:
        """Return since when a person is subscribed, or None and why the date is left out, if there is one.

        Raises BadDate for a text that may say that they never subscribed or confirmed.
        """
        problem: Message | None = None
        for n in self.joined:
            try:
                if at := moment(cells[n], self.dates.get(n, "")):
                    return at, None
            except UnreadableDate as unreadable:
                problem = problem or unreadable.message
        return None, problem

    def readable_date(self, cells: Sequence[str], columns: Iterable[int]) -> datetime | None:
        """Return the first date in some columns that can be read: that of who left is not needed."""
        for n in columns:
            try:
                if at := moment(cells[n], self.dates.get(n, "")):
                    return at
            except BadDate:
                continue
        return None


def squeezed(header: str) -> str:
    """Normalize a header: `Email Address` and `email_address` become `emailaddress`, `Prénom` becomes `prenom`."""
    return re.sub(r"[\W_]+", "", vocabulary.folded(header))


def is_header(cells: Sequence[str]) -> bool:
    """Return whether a file's first line is a header: it has no address."""
    return not any("@" in cell for cell in cells)


def recognise(headers: Sequence[str], address: int = -1) -> Columns | None:
    """Return the columns of a file by its first line, which has headers or, in a plain list, a person. `address` is the
    column of addresses if it is known; None if it isn't and no column has addresses.
    """
    if not is_header(headers):
        return _headless(headers, address)
    names = [squeezed(header) for header in headers]
    positions = {name: names.index(name) for name in names}
    if address < 0:
        address = _address(positions)
    if address < 0:
        return None
    form = next((f for f in FORMS if any(signs <= positions.keys() for signs in f.signs)), PLAIN)
    personal = {name: _all(positions, headers) for name, headers in form.personal.items()}
    if form is PLAIN:
        personal = {name: numbers[:1] for name, numbers in personal.items()} | {"name": _names(positions)}
    tags, joined, state = (_all(positions, meant) for meant in (form.tags, form.joined, form.state))
    personal |= _own_columns(positions, {address, *sum(personal.values(), ()), *tags, *joined, *state})
    if form is PLAIN and not vocabulary.PLACES.isdisjoint(names):
        state = tuple(n for n in state if names[n] not in vocabulary.REGIONS)
    ended = tuple((n, standing) for n, name in enumerate(names) if (standing := ended_by(name)))
    known = {address, *sum(personal.values(), ()), *tags, *joined, *state, *dict(ended)}
    others = ((n, name) for n, name in enumerate(names) if n not in known and is_about_email(name))
    words = tuple((n, BY_HEADER.get(name, EVERYWHERE)) for n, name in others)
    return Columns(
        form=form.name,
        width=len(headers),
        address=address,
        personal=personal,
        tags=tags,
        state=state,
        cadence=_first(positions, ("cadence",)),
        topics=_first(positions, ("topics",)),
        joined=joined,
        ended=ended,
        words=() if form is OWN else words,
        states=form.states,
        why=_first(positions, ("reason",)) if form is OWN else -1,
        unescape=form.unescape,
        dates={} if form in (OWN, PLAIN) else dict.fromkeys((*joined, *dict(ended)), "month"),
        own_columns=_all(positions, OWN_COLUMNS) if form is OWN and positions.keys() >= set(OWN_COLUMNS) else (),
    )


def _own_columns(positions: Mapping[str, int], taken: Collection[int]) -> dict[str, tuple[int, ...]]:
    """Return the columns that are named after an own field's key or label, and mean nothing else."""
    columns: dict[str, tuple[int, ...]] = {}
    for key, own_field in own_fields().items():
        number = _first(positions, tuple(map(squeezed, own_field.headers)))
        if number >= 0 and number not in taken:
            columns[key] = (number,)
    return columns


def _headless(cells: Sequence[str], address: int) -> Columns:
    """Return the columns of a list without a header: the first cell with an @ is the address."""
    if address < 0:
        address = next(n for n, cell in enumerate(cells) if "@" in cell)
    names = (1,) if address == 0 and len(cells) > 1 else (0,) if address == 1 else ()
    words = tuple((n, EVERYWHERE) for n in range(len(cells)) if n != address)
    return Columns("", len(cells), address, {"name": names}, words=words)


def _address(positions: Mapping[str, int]) -> int:
    """Return the column of addresses, which may have a name such as "Contact Email", or -1."""
    ends = ("email", "emailaddress", "epost", "epostadresse")
    named = (name for name in positions if name.endswith(ends) and not ended_by(name))
    return _first(positions, (*vocabulary.ADDRESS, *named, *vocabulary.RARELY_ADDRESS))


def _names(at: Mapping[str, int]) -> tuple[int, ...]:
    """Return the column of the full name, or those of its parts in their order. Beside `Vorname` or `prénom`, `Name` or
    `nom` is the family name.
    """
    full, positions, family = (
        _first(at, words) for words in (vocabulary.FULL_NAME, vocabulary.GIVEN_NAME, vocabulary.FAMILY_NAME)
    )
    if positions < 0:
        return tuple(n for n in (full, family) if n >= 0)
    if family < 0 and _all(at, ("vorname", "prenom")):
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
