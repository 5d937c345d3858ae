"""Filter expressions for part of a newsletter's subscribers: `tag = film and not (language = nb or tag = press)`.

A condition is `tag = word`, `language = tag`, `frequency = week`, `topic = name` (`!=` for the opposite), `joined
before|after date` or `joined this year`; of a site's own fields `town = Oslo`, `shoe-size above 40`, `born before
date`, `born this month`; `has town` and `has no town`. They are combined with `and`, `or`, `not` and parentheses; `not`
binds strongest, `or` weakest.
Words with characters other than letters, digits, `-`, `_`, `.` and `+` must be in double quotes.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce
from typing import NoReturn, TypeAlias

from django.db.models import Q
from django.utils import timezone

from newsletter import config
from newsletter.config import Newsletter
from newsletter.domain.cadence import CADENCES
from newsletter.messages import Message, Param, Problem, subscriptions as messages

LONGEST, DEEPEST = 1_000, 20
EXAMPLE = "tag = film and joined before 2026-01-01"
_TOKEN = re.compile(r'\s*(?:(?P<mark>!=|=|\(|\))|"(?P<quoted>[^"]*)"|(?P<word>[\w.+-]+))')


LIST_FIELDS = ("tag", "language", "frequency", "topic")
"""The built-in fields that are compared with a word; `joined` is compared with a day, and own fields by their kind."""
POSSESSIONS = ("name", "language", "tag")
"""The built-in fields that a subscriber may have or lack."""
SPANS = ("year", "month")
_VALUES = "subscriber__field_values"


class WhereProblem(Problem):
    """The filter is invalid; the message says where, and what is expected."""


@dataclass(frozen=True, slots=True)
class Is:
    """A field has a value, or with `differs` has another one or none. The word is in lower case, but of own fields."""

    field: str
    word: str
    differs: bool = False

    def q(self, newsletter: Newsletter) -> Q:
        """Return the condition of the subscriptions of a newsletter."""
        built_in = _MATCHING.get(self.field)
        matching = built_in(self.word, newsletter) if built_in else _has_value(self.field, self.word)
        return ~matching if self.differs else matching


@dataclass(frozen=True, slots=True)
class Joined:
    """Subscribed `before` or `after` a day, which itself is excluded."""

    how: str
    day: date

    def q(self, newsletter: Newsletter) -> Q:
        """Return the condition, in the newsletter's time zone."""
        if self.how == "before":
            return Q(joined__lt=datetime.combine(self.day, time.min, newsletter.zone))
        return Q(joined__gte=datetime.combine(self.day, time.max, newsletter.zone))


@dataclass(frozen=True, slots=True)
class Compared:
    """An own field's number is `above` or `below` a number, or its day `before` or `after` a day."""

    field: str
    how: str
    value: float | date

    def q(self, newsletter: Newsletter) -> Q:  # noqa: ARG002
        """Return the condition; a subscriber without a value doesn't match."""
        lookup = "gt" if self.how in ("above", "after") else "lt"
        value = self.value.isoformat() if isinstance(self.value, date) else self.value
        return _has(self.field) & Q(**{f"{_VALUES}__{self.field}__{lookup}": value})


@dataclass(frozen=True, slots=True)
class InThis:
    """`joined`, or an own field's day, is in the present `year` or `month`."""

    field: str
    span: str

    def q(self, newsletter: Newsletter) -> Q:
        """Return the condition, by the newsletter's time zone."""
        first = timezone.localdate(timezone=newsletter.zone).replace(day=1)
        if self.span == "year":
            first = first.replace(month=1)
        following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        if self.span == "year":
            following = first.replace(year=first.year + 1)
        if self.field == "joined":
            start, end = (datetime.combine(day, time.min, newsletter.zone) for day in (first, following))
            return Q(joined__gte=start, joined__lt=end)
        key = f"{_VALUES}__{self.field}"
        return _has(self.field) & Q(**{f"{key}__gte": first.isoformat(), f"{key}__lt": following.isoformat()})


@dataclass(frozen=True, slots=True)
class Has:
    """A subscriber has a value of a field."""

    field: str

    def q(self, newsletter: Newsletter) -> Q:  # noqa: ARG002
        """Return the condition of the subscriptions of a newsletter."""
        if self.field == "tag":
            return ~Q(tags="")
        return ~Q(**{f"subscriber__{self.field}": ""}) if self.field in POSSESSIONS else _has(self.field)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    inside: "Condition"

    def q(self, newsletter: Newsletter) -> Q:
        """Return the condition of the subscriptions of a newsletter."""
        return ~self.inside.q(newsletter)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Conditions that must all hold; without any, everyone matches."""

    parts: "tuple[Condition, ...]" = ()

    def q(self, newsletter: Newsletter) -> Q:
        """Return the condition of the subscriptions of a newsletter."""
        return reduce(Q.__and__, (part.q(newsletter) for part in self.parts), Q())


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Conditions of which one must hold; there are at least two."""

    parts: "tuple[Condition, ...]"

    def q(self, newsletter: Newsletter) -> Q:
        """Return the condition of the subscriptions of a newsletter."""
        return reduce(Q.__or__, (part.q(newsletter) for part in self.parts))


Condition: TypeAlias = "Is | Joined | Compared | InThis | Has | Not | AllOf | AnyOf"


def fields_in(condition: Condition) -> frozenset[str]:
    """Return the fields that a filter names."""
    match condition:
        case Not():
            return fields_in(condition.inside)
        case AllOf() | AnyOf():
            return frozenset().union(*map(fields_in, condition.parts))
        case Joined():
            return frozenset(("joined",))
        case _:
            return frozenset((condition.field,))


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    at: int
    quoted: bool = False


def parse_where(text: str) -> Condition:
    """Parse a filter; an empty one matches everyone. Raises WhereProblem."""
    if len(text) > LONGEST:
        raise WhereProblem(messages.FILTER_TOO_LONG(most=LONGEST))
    reader = _Reader(text)
    if not reader.tokens:
        return AllOf()
    condition = reader.any_of(0)
    if reader.peek() is not None:
        reader.fail(messages.WANTED_END())
    return condition


class _Reader:
    """Recursive descent over the tokens; each method parses one rule."""

    def __init__(self, text: str) -> None:
        self.text, self.next = text, 0
        self.tokens = list(self._tokens(text.rstrip()))

    @staticmethod
    def _tokens(text: str) -> "list[_Token]":
        tokens, position = [], 0
        while position < len(text):
            match = _TOKEN.match(text, position)
            if not match:
                odd = text[position:].lstrip()
                column = len(text) - len(odd) + 1
                raise WhereProblem(messages.FILTER_CHARACTER(found=odd[:1], place=column, example=EXAMPLE))
            kind = str(match.lastgroup)
            tokens.append(_Token(match[kind], match.start(kind), kind == "quoted"))
            position = match.end()
        return tokens

    def peek(self) -> str | None:
        """Return the next token as a keyword; None at the end. Quoted text is never a keyword."""
        if self.next >= len(self.tokens):
            return None
        token = self.tokens[self.next]
        return f'"{token.text}"' if token.quoted else token.text.lower()

    def take(self, *expected: str) -> str:
        """Consume the next token, which must be one of these."""
        token = self.peek()
        if token not in expected:
            words = tuple(f"'{word}'" for word in expected)
            self.fail(words[0] if len(words) == 1 else messages.WANTED_ONE(words=words))
        self.next += 1
        return token

    def value(self, expected: Message) -> str:
        """Consume the next token as a value."""
        if self.peek() in (None, "=", "!=", "(", ")"):
            self.fail(expected)
        self.next += 1
        return self.tokens[self.next - 1].text

    def fail(self, wanted: Param) -> NoReturn:
        """Raise WhereProblem with what is expected and where."""
        if self.next < len(self.tokens):
            token = self.tokens[self.next]
            column = token.at + 1
            raise WhereProblem(messages.FILTER_EXPECTED(wanted=wanted, found=token.text, place=column, example=EXAMPLE))
        raise WhereProblem(messages.FILTER_ENDS(wanted=wanted, text=self.text.strip(), example=EXAMPLE))

    def any_of(self, depth: int) -> Condition:
        """all_of { "or" all_of }"""
        parts = [self.all_of(depth)]
        while self.peek() == "or":
            self.next += 1
            parts.append(self.all_of(depth))
        return AnyOf(tuple(parts)) if parts[1:] else parts[0]

    def all_of(self, depth: int) -> Condition:
        """one { "and" one }"""
        parts = [self.one(depth)]
        while self.peek() == "and":
            self.next += 1
            parts.append(self.one(depth))
        return AllOf(tuple(parts)) if parts[1:] else parts[0]

    def one(self, depth: int) -> Condition:
        """ "not" one | "(" any_of ")" | condition"""
        if depth > DEEPEST:
            raise WhereProblem(messages.FILTER_TOO_DEEP(most=DEEPEST))
        if self.peek() == "not":
            self.next += 1
            return Not(self.one(depth + 1))
        if self.peek() == "(":
            self.next += 1
            condition = self.any_of(depth + 1)
            self.take(")")
            return condition
        return self.condition()

    def condition(self) -> Condition:
        """`has` and a field, or a field, an operator and a value"""
        own = config.current().fields
        field = self.take(*LIST_FIELDS, "joined", "has", *own)
        if field == "has":
            lacks = self.peek() == "no"
            self.next += lacks
            possession = Has(self.take(*POSSESSIONS, *own))
            return Not(possession) if lacks else possession
        if field == "joined":
            return self.day_of(field)
        if field not in own:
            return self.equal(field, lower=True)
        if own[field].kind == "date":
            return self.day_of(field)
        if own[field].kind == "number":
            return self.number_of(field)
        return self.equal(field, lower=False)

    def equal(self, field: str, *, lower: bool) -> Condition:
        """`=` or `!=` and a word"""
        differs = self.take("=", "!=") == "!="
        word = self.value(messages.WANTED_VALUE(field=field))
        if field == "frequency" and word.lower() not in CADENCES:
            self.next -= 1
            self.fail(messages.WANTED_ONE(words=tuple(f"'{cadence}'" for cadence in CADENCES)))
        return Is(field, word.lower() if lower else word, differs)

    def day_of(self, field: str) -> Condition:
        """`before` or `after` a date, which itself is excluded, or `this year` or `this month`"""
        how = self.take("before", "after", "this")
        if how == "this":
            return InThis(field, self.take(*SPANS))
        text = self.value(messages.WANTED_DATE())
        try:
            day = date.fromisoformat(text)
        except ValueError:
            self.next -= 1
            self.fail(messages.WANTED_DATE())
        return Joined(how, day) if field == "joined" else Compared(field, how, day)

    def number_of(self, field: str) -> Condition:
        """`=`, `!=`, `above` or `below` a number"""
        how = self.take("=", "!=", "above", "below")
        text = self.value(messages.WANTED_NUMBER())
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self.next -= 1
            self.fail(messages.WANTED_NUMBER())
        return Is(field, f"{number:.15g}", how == "!=") if how in ("=", "!=") else Compared(field, how, number)


NOBODY = Q(pk=None)
"""The condition for nobody. It has SQL, unlike an empty list, for which Django makes no statement that can be part of
another one.
"""


def in_cadence(cadence: str, newsletter: Newsletter) -> Q:
    """Return the condition for who gets the newsletter in a cadence, chosen or by default."""
    if cadence not in newsletter.offered:
        return NOBODY
    if cadence != newsletter.default_cadence:
        return Q(cadence=cadence)
    return ~Q(cadence__in=[offered for offered in newsletter.offered if offered != cadence])


def _wants(word: str, newsletter: Newsletter) -> Q:
    """Return the condition for who gets the posts of a topic: it is picked, or no topic that is configured."""
    if word not in newsletter.topics:
        return NOBODY
    any_picked = Q()
    for name in newsletter.topics:
        any_picked |= _picked(name)
    return _picked(word) | ~any_picked


def _picked(name: str) -> Q:
    """Return the condition that a topic is among the picks, which are names with commas between them."""
    ends = Q(topics=name) | Q(topics__startswith=f"{name},") | Q(topics__endswith=f",{name}")
    return ends | Q(topics__contains=f",{name},")


def _has(key: str) -> Q:
    """Return the condition for who has a value of an own field. It is never unknown, so that it can be negated."""
    return Q(**{f"{_VALUES}__isnull": False, f"{_VALUES}__has_key": key})


def _has_value(key: str, word: str) -> Q:
    """Return the condition for who has this value of an own field; upper and lower case make no difference.

    SQLite compares only ASCII letters so; of others, the usual ways to write the word are tried.
    """
    matching = Q(**{f"{_VALUES}__{key}__iexact": word})
    for written in {word, word.lower(), word.upper(), word.title(), word.capitalize()} if not word.isascii() else ():
        matching |= Q(**{f"{_VALUES}__{key}": written})
    return _has(key) & matching


_MATCHING: Mapping[str, Callable[[str, Newsletter], Q]] = {
    "tag": lambda word, newsletter: Q(tags__contains=f"|{word}|"),
    "language": lambda word, newsletter: Q(subscriber__language__iexact=word),
    "frequency": in_cadence,
    "topic": _wants,
}
