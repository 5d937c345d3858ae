"""Decide which posts are in an edition, and why. Pure functions.

In each newsletter a post is in exactly one edition, and none is missed between two. Old posts are not included.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from newsletter.config import Filter
from newsletter.messages import Message, MessageType
from newsletter.messages import posts as reasons

SETTLED = tuple(
    each.code
    for each in (reasons.TOO_LATE, reasons.THERE_BEFORE, reasons.BY_WORD, reasons.BY_CATEGORY, reasons.LEFT_OUT)
)
"""Codes of the reasons for which an approved edition listed a post as out for good; the next does not list it again."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a decision. `filters` are (include, exclude) of the sources that list the post.

    `held_by` is the approved edition that has the post; `settled` the reason for which one excluded it permanently;
    `choice` is the editor's choice in this edition: "in", "out" or "". `owed`: by its number it belongs to this edition
    or a later one, whatever its date.
    """

    published: datetime | None
    first_seen: datetime
    there_before: bool = False
    gone: bool = False
    held_by: str = ""
    owed: bool = False
    settled: Message | None = None
    choice: str = ""
    title: str = ""
    text: str = ""
    categories: tuple[str, ...] = ()
    filters: tuple[tuple[Filter, Filter], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a post is included, and why."""

    included: bool
    reason: Message


def decide(
    facts: Facts, *, since: datetime, until: datetime, now: datetime, late_posts: timedelta, look_back: timedelta
) -> Decision | None:
    """Return the decision, or None if the post doesn't concern this edition.

    Posts up to `look_back` before `since` are listed, so that an editor can include them.
    """
    if facts.held_by:
        dated = facts.published or facts.first_seen
        listed = facts.choice == "in" or facts.owed or since <= dated < until
        return Decision(False, reasons.ALREADY_IN(edition=facts.held_by)) if listed else None
    if facts.choice:
        return Decision(facts.choice == "in", reasons.INCLUDED() if facts.choice == "in" else reasons.LEFT_OUT())
    decision = _by_date(facts, since, until, now, late_posts, look_back)
    if decision is None or not decision.included:
        return decision
    if facts.settled:
        return Decision(False, facts.settled)
    if facts.gone:
        return Decision(False, reasons.GONE())
    filtered = _filtered(facts)
    return Decision(False, filtered()) if filtered else decision


def _by_date(
    facts: Facts, since: datetime, until: datetime, now: datetime, late_posts: timedelta, look_back: timedelta
) -> Decision | None:
    if facts.published is None and facts.there_before and not facts.owed:
        return None if facts.settled else Decision(False, reasons.THERE_BEFORE())
    dated = facts.published or facts.first_seen
    if dated >= until:
        return Decision(False, reasons.IN_THE_FUTURE()) if dated > now else None
    if dated >= since:
        return Decision(True, reasons.IN_THE_PERIOD())
    if facts.owed:
        return Decision(True, reasons.LATE())
    if facts.settled:
        return None
    if facts.there_before:
        return Decision(False, reasons.THERE_BEFORE()) if dated >= since - look_back else None
    return Decision(True, reasons.LATE()) if dated >= until - late_posts else Decision(False, reasons.TOO_LATE())


def _filtered(facts: Facts) -> MessageType | None:
    """Return why every source of the post excludes it; None if one doesn't."""
    found = [_filtered_by(facts, include, exclude) for include, exclude in facts.filters]
    return found[0] if found and all(found) else None


def _filtered_by(facts: Facts, include: Filter, exclude: Filter) -> MessageType | None:
    categories = {c.casefold() for c in facts.categories}
    if categories & {c.casefold() for c in exclude.categories}:
        return reasons.BY_CATEGORY
    if has_word(exclude.words, facts.title, facts.text):
        return reasons.BY_WORD
    if not include:
        return None
    if categories & {c.casefold() for c in include.categories} or has_word(include.words, facts.title, facts.text):
        return None
    return reasons.BY_CATEGORY if include.categories else reasons.BY_WORD


def has_word(words: Iterable[str], *texts: str) -> bool:
    """Return whether one of the texts has one of the words, whole and in upper or lower case."""
    return any(_pattern(word).search(text) for word in words for text in texts)


@cache
def _pattern(word: str) -> re.Pattern[str]:
    """Return a pattern for the whole word; punctuation needs no boundary, and a space matches any white space."""
    escaped = re.escape(word).replace(r"\ ", r"\s+")
    before = r"\b" if word[:1].isalnum() else ""
    return re.compile(before + escaped + (r"\b" if word[-1:].isalnum() else ""), re.IGNORECASE)
