"""Filter expressions for part of a newsletter's subscribers: `tag = film and not (language = nb or tag = press)`.

A condition is `tag = word`, `language = tag` (`!=` for the opposite) or `joined before|after date`; they are combined
with `and`, `or`, `not` and parentheses; `not` binds strongest, `or` weakest. Words with characters other than letters,
digits, `-`, `_`, `.` and `+` must be in double quotes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NoReturn
from zoneinfo import ZoneInfo

from django.db.models import Q

from newsletter.messages import Message, Param, Problem
from newsletter.messages import importing as messages

LONGEST, DEEPEST = 1_000, 20
EXAMPLE = "tag = film and joined before 2026-01-01"
_TOKEN = re.compile(r'\s*(?:(?P<mark>!=|=|\(|\))|"(?P<quoted>[^"]*)"|(?P<word>[\w.+-]+))')


Condition = Callable[[ZoneInfo], Q]


class WhereProblem(Problem):
    """The filter is invalid; the message says where, and what is expected."""


@dataclass(frozen=True, slots=True)
class Where:
    """A parsed filter; `q(zone)` returns the condition, with days beginning in that time zone."""

    text: str
    q: Condition


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    at: int
    quoted: bool = False


def parse_where(text: str) -> Where:
    """Parse a filter; an empty one matches everyone. Raises WhereProblem."""
    if len(text) > LONGEST:
        raise WhereProblem(messages.FILTER_TOO_LONG(most=LONGEST))
    reader = _Reader(text)
    if not reader.tokens:
        return Where("", lambda zone: Q())
    q = reader.any_of(0)
    if reader.peek() is not None:
        reader.fail(messages.WANTED_END())
    return Where(text, q)


class _Reader:
    """Recursive descent over the tokens; each method parses one rule and returns a function from time zone to Q."""

    def __init__(self, text: str) -> None:
        self.text, self.next = text, 0
        self.tokens = list(self._tokens(text.rstrip()))

    @staticmethod
    def _tokens(text: str) -> "list[_Token]":
        found, at = [], 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match:
                odd = text[at:].lstrip()
                place = len(text) - len(odd) + 1
                raise WhereProblem(messages.FILTER_CHARACTER(found=odd[:1], place=place, example=EXAMPLE))
            kind = str(match.lastgroup)
            found.append(_Token(match[kind], match.start(kind), kind == "quoted"))
            at = match.end()
        return found

    def peek(self) -> str | None:
        """Return the next token as a keyword; None at the end. Quoted text is never a keyword."""
        if self.next >= len(self.tokens):
            return None
        token = self.tokens[self.next]
        return f'"{token.text}"' if token.quoted else token.text.lower()

    def take(self, *wanted: str) -> str:
        """Consume the next token, which must be one of these."""
        token = self.peek()
        if token not in wanted:
            words = tuple(f"'{word}'" for word in wanted)
            self.fail(words[0] if len(words) == 1 else messages.WANTED_ONE(words=words))
        self.next += 1
        return token

    def value(self, what: Message) -> str:
        """Consume the next token as a value."""
        if self.peek() in (None, "=", "!=", "(", ")"):
            self.fail(what)
        self.next += 1
        return self.tokens[self.next - 1].text

    def fail(self, wanted: Param) -> NoReturn:
        """Raise WhereProblem with what is expected and where."""
        if self.next < len(self.tokens):
            token = self.tokens[self.next]
            place = token.at + 1
            raise WhereProblem(messages.FILTER_EXPECTED(wanted=wanted, found=token.text, place=place, example=EXAMPLE))
        raise WhereProblem(messages.FILTER_ENDS(wanted=wanted, text=self.text.strip(), example=EXAMPLE))

    def any_of(self, depth: int) -> Condition:
        """all_of { "or" all_of }"""
        q = self.all_of(depth)
        while self.peek() == "or":
            self.next += 1
            q = _tied(q, self.all_of(depth), Q.__or__)
        return q

    def all_of(self, depth: int) -> Condition:
        """one { "and" one }"""
        q = self.one(depth)
        while self.peek() == "and":
            self.next += 1
            q = _tied(q, self.one(depth), Q.__and__)
        return q

    def one(self, depth: int) -> Condition:
        """ "not" one | "(" any_of ")" | condition"""
        if depth > DEEPEST:
            raise WhereProblem(messages.FILTER_TOO_DEEP(most=DEEPEST))
        if self.peek() == "not":
            self.next += 1
            inner = self.one(depth + 1)
            return lambda zone: ~inner(zone)
        if self.peek() == "(":
            self.next += 1
            inside = self.any_of(depth + 1)
            self.take(")")
            return inside
        return self.condition()

    def condition(self) -> Condition:
        """`tag`, `language` or `joined`, an operator and a value"""
        field = self.take("tag", "language", "joined")
        if field == "joined":
            return self.joined()
        differs = self.take("=", "!=") == "!="
        word = self.value(messages.WANTED_VALUE(field=field)).lower()
        q = Q(tags__contains=f"|{word}|") if field == "tag" else Q(subscriber__language__iexact=word)
        return lambda zone: ~q if differs else q

    def joined(self) -> Condition:
        """`before` or `after` a date, which itself is excluded"""
        how = self.take("before", "after")
        text = self.value(messages.WANTED_DATE())
        try:
            day = date.fromisoformat(text)
        except ValueError:
            self.next -= 1
            self.fail(messages.WANTED_DATE())
        return lambda zone: _joined(how, day, zone)


def _tied(left: Condition, right: Condition, how: Callable[[Q, Q], Q]) -> Condition:
    return lambda zone: how(left(zone), right(zone))


def _joined(how: str, day: date, zone: ZoneInfo) -> Q:
    if how == "before":
        return Q(joined__lt=datetime(day.year, day.month, day.day, tzinfo=zone))
    return Q(joined__gte=datetime.combine(day, datetime.max.time(), tzinfo=zone))
