"""The filter that picks part of a newsletter's subscribers: `tag = film and not (language = nb or tag = press)`.

A condition is `tag = word`, `language = tag` (`!=` for the opposite) or `joined before|after date`; they are tied by
`and`, `or`, `not` and parentheses, `not` first, `or` last. A word with other characters than letters, digits, `-`, `_`,
`.` and `+` stands in double quotes. Nothing else can be said, so that nothing else can be done with it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NoReturn
from zoneinfo import ZoneInfo

from django.db.models import Q

LONGEST, DEEPEST = 1_000, 20
EXAMPLE = "write such as: tag = film and joined before 2026-01-01"
_TOKEN = re.compile(r'\s*(?:(?P<mark>!=|=|\(|\))|"(?P<quoted>[^"]*)"|(?P<word>[\w.+-]+))')


Condition = Callable[[ZoneInfo], Q]


class WhereProblem(ValueError):
    """The filter can't be read; one sentence that says where and what is wanted."""


@dataclass(frozen=True, slots=True)
class Where:
    """A filter that was read; `q(zone)` is what the database understands (days begin in that zone)."""

    text: str
    q: Condition


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    at: int
    quoted: bool = False


def parse_where(text: str) -> Where:
    """Read a filter; an empty one is everybody. Raises WhereProblem."""
    if len(text) > LONGEST:
        raise WhereProblem(f"where: the filter is longer than {LONGEST} characters")
    reader = _Reader(text)
    if not reader.tokens:
        return Where("", lambda zone: Q())
    q = reader.any_of(0)
    if reader.peek() is not None:
        reader.fail("'and', 'or' or the end")
    return Where(text, q)


class _Reader:
    """Recursive descent over the tokens; each method reads one rule and gives a function from zone to Q."""

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
                raise WhereProblem(f"where: '{odd[:1]}' (character {place}) can't stand there; {EXAMPLE}")
            kind = str(match.lastgroup)
            found.append(_Token(match[kind], match.start(kind), kind == "quoted"))
            at = match.end()
        return found

    def peek(self) -> str | None:
        """The next token as a keyword; None at the end. Text in quotes is no keyword."""
        if self.next >= len(self.tokens):
            return None
        token = self.tokens[self.next]
        return f'"{token.text}"' if token.quoted else token.text.lower()

    def take(self, *wanted: str) -> str:
        """The next token, which must be one of these."""
        token = self.peek()
        if token not in wanted:
            self.fail(" or ".join(f"'{w}'" for w in wanted))
        self.next += 1
        return token

    def value(self, what: str) -> str:
        """The next token as a value."""
        if self.peek() in (None, "=", "!=", "(", ")"):
            self.fail(what)
        self.next += 1
        return self.tokens[self.next - 1].text

    def fail(self, wanted: str) -> NoReturn:
        """Say what was wanted where."""
        if self.next < len(self.tokens):
            token = self.tokens[self.next]
            raise WhereProblem(f"where: {wanted} is wanted, not '{token.text}' (character {token.at + 1}); {EXAMPLE}")
        raise WhereProblem(f"where: {wanted} is wanted after '{self.text.strip()}'; {EXAMPLE}")

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
            raise WhereProblem(f"where: more than {DEEPEST} parentheses or 'not' stand inside each other")
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
        """`tag`, `language` or `joined`, how, and a value"""
        field = self.take("tag", "language", "joined")
        if field == "joined":
            return self.joined()
        differs = self.take("=", "!=") == "!="
        word = self.value(f"a {field}").lower()
        q = Q(tags__contains=f"|{word}|") if field == "tag" else Q(subscriber__language__iexact=word)
        return lambda zone: ~q if differs else q

    def joined(self) -> Condition:
        """`before` a day (that day is out) or `after` it (that day is out too)"""
        how = self.take("before", "after")
        text = self.value("a date such as 2026-01-31")
        try:
            day = date.fromisoformat(text)
        except ValueError:
            self.next -= 1
            self.fail("a date such as 2026-01-31")
        return lambda zone: _joined(how, day, zone)


def _tied(left: Condition, right: Condition, how: Callable[[Q, Q], Q]) -> Condition:
    return lambda zone: how(left(zone), right(zone))


def _joined(how: str, day: date, zone: ZoneInfo) -> Q:
    if how == "before":
        return Q(joined__lt=datetime(day.year, day.month, day.day, tzinfo=zone))
    return Q(joined__gte=datetime.combine(day, datetime.max.time(), tzinfo=zone))
