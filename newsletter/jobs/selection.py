"""Which posts are in an edition, and the reason for each. Pure: facts in, decisions out.

Promises: in each newsletter a post is in one edition only and none falls between two; old posts never flood in.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from newsletter.config import Filter

IN_THE_WINDOW = "in the window"
LATE = "late"
TOO_LATE = "too late"
THERE_BEFORE = "there before the first collection"
BY_WORD = "filtered by word"
BY_CATEGORY = "filtered by category"
OVER_THE_MAXIMUM = "over the maximum"
GONE = "gone from its source"
LEFT_OUT = "left out by an editor"
INCLUDED = "included by an editor"
IN_THE_FUTURE = "dated in the future"
ALREADY_IN = "already in"
OUTSIDE = "outside the window"

SETTLED = (TOO_LATE, THERE_BEFORE, BY_WORD, BY_CATEGORY, LEFT_OUT)
"""Reasons for which a frozen edition has listed a post as out for good: the next does not list it again."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the choice depends on. `filters` are (include, exclude) of the sources that list the post.

    `held_by` names the frozen edition that holds it; `settled` is the reason for which one listed it as out for good;
    `choice` is the editor's for this edition: "in", "out" or "".
    """

    published: datetime | None
    first_seen: datetime
    there_before: bool = False
    gone: bool = False
    held_by: str = ""
    settled: str = ""
    choice: str = ""
    title: str = ""
    text: str = ""
    categories: tuple[str, ...] = ()
    filters: tuple[tuple[Filter, Filter], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """In or out, and why."""

    included: bool
    reason: str


def decide(
    facts: Facts, *, since: datetime, until: datetime, now: datetime, late_posts: timedelta, look_back: timedelta
) -> Decision | None:
    """In or out, or None where the post is none of this edition's business.

    `look_back` is how far before `since` posts that were there before are listed, for an editor to include.
    """
    if facts.held_by:
        dated = facts.published or facts.first_seen
        listed = facts.choice == "in" or since <= dated < until
        return Decision(False, f"{ALREADY_IN} {facts.held_by}") if listed else None
    if facts.choice:
        return Decision(facts.choice == "in", INCLUDED if facts.choice == "in" else LEFT_OUT)
    decision = _by_date(facts, since, until, now, late_posts, look_back)
    if decision is None or not decision.included:
        return decision
    if facts.settled:
        return Decision(False, facts.settled)
    if facts.gone:
        return Decision(False, GONE)
    filtered = _filtered(facts)
    return Decision(False, filtered) if filtered else decision


def _by_date(
    facts: Facts, since: datetime, until: datetime, now: datetime, late_posts: timedelta, look_back: timedelta
) -> Decision | None:
    if facts.published is None and facts.there_before:
        return None if facts.settled else Decision(False, THERE_BEFORE)
    dated = facts.published or facts.first_seen
    if dated >= until:
        return Decision(False, IN_THE_FUTURE) if dated > now else None
    if dated >= since:
        return Decision(True, IN_THE_WINDOW)
    if facts.settled:
        return None
    if facts.there_before:
        return Decision(False, THERE_BEFORE) if dated >= since - look_back else None
    return Decision(True, LATE) if dated >= until - late_posts else Decision(False, TOO_LATE)


def _filtered(facts: Facts) -> str:
    """Why every source that lists the post filters it; empty where one lets it through, or none has filters."""
    reasons = [_filtered_by(facts, include, exclude) for include, exclude in facts.filters]
    return reasons[0] if reasons and all(reasons) else ""


def _filtered_by(facts: Facts, include: Filter, exclude: Filter) -> str:
    categories = {c.casefold() for c in facts.categories}
    if categories & {c.casefold() for c in exclude.categories}:
        return BY_CATEGORY
    if _has_word(facts, exclude.words):
        return BY_WORD
    if not include:
        return ""
    if categories & {c.casefold() for c in include.categories} or _has_word(facts, include.words):
        return ""
    return BY_CATEGORY if include.categories else BY_WORD


def _has_word(facts: Facts, words: Iterable[str]) -> bool:
    return any(_pattern(word).search(facts.title) or _pattern(word).search(facts.text) for word in words)


@cache
def _pattern(word: str) -> re.Pattern[str]:
    """The word as a whole; where it begins or ends with a sign, that end needs no boundary; a space is any space."""
    escaped = re.escape(word).replace(r"\ ", r"\s+")
    before = r"\b" if word[:1].isalnum() else ""
    return re.compile(before + escaped + (r"\b" if word[-1:].isalnum() else ""), re.IGNORECASE)
