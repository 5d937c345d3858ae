"""Decide which posts are in an edition, and why. Pure functions."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from newsletter.config import Filter
from newsletter.messages import Message, MessageType, posts as messages

SETTLED = tuple(
    reason.code
    for reason in (
        messages.TOO_LATE,
        messages.THERE_BEFORE,
        messages.BY_WORD,
        messages.BY_CATEGORY,
        messages.LEFT_OUT,
    )
)
"""Codes of the reasons for which an approved edition listed a post as out for good; the next does not list it again.

What was sent with another tool is out as long as its import is there, whatever was approved meanwhile.
"""


SENT = (messages.SENT_ELSEWHERE, messages.MAY_HAVE_GONE, messages.SENT_BEFORE_RESTORE)
"""Why posts are out although a person asks for their dates: subscribers had them, or may have."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a decision. `filters` are (include, exclude) of the sources that list the post.

    `offered`: subscribers were offered it, except for fewer than half; `held_by` is then an approved edition that has
    it. `lacked`: a subscriber was not offered it. `refusal` is why it is out from the beginning; `settled` the reason
    for which an approved edition excluded it permanently; `choice` is the editor's choice in this edition: "in", "out"
    or "". `by_dates`: a person asked for the edition of this window.
    """

    published: datetime | None
    first_seen: datetime
    refusal: Message | None = None
    gone: bool = False
    offered: bool = False
    lacked: bool = True
    held_by: str = ""
    settled: Message | None = None
    choice: str = ""
    by_dates: bool = False
    title: str = ""
    text: str = ""
    categories: tuple[str, ...] = ()
    filters: tuple[tuple[Filter, Filter], ...] = ()

    @property
    def dated(self) -> datetime:
        """The post's date, or the time when it was first seen."""
        return self.published or self.first_seen


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a post is included, and why."""

    included: bool
    reason: Message


def decide(facts: Facts, *, since: datetime, until: datetime, now: datetime, look_back: timedelta) -> Decision | None:
    """Return the decision, or None if the post doesn't concern this edition.

    Posts up to `look_back` before `since` are listed, so that an editor can include them.
    """
    if facts.choice:
        return Decision(facts.choice == "in", messages.INCLUDED() if facts.choice == "in" else messages.LEFT_OUT())
    if facts.offered:
        holder = messages.ALREADY_IN(edition=facts.held_by) if facts.held_by else messages.BEFORE_CADENCE()
        return Decision(False, holder) if since <= facts.dated < until else None
    return of_lacked(facts, since=since, until=until, now=now, look_back=look_back)


def of_lacked(
    facts: Facts, *, since: datetime, until: datetime, now: datetime, look_back: timedelta
) -> Decision | None:
    """Return the decision about a post for subscribers who were not offered it."""
    dated = facts.dated
    if dated >= until:
        return Decision(False, messages.IN_THE_FUTURE()) if dated > now else None
    if facts.settled:
        return Decision(False, facts.settled) if dated >= since else None
    is_asked_for = facts.by_dates and since <= dated and not any(each.matches(facts.refusal) for each in SENT)
    if facts.refusal and not is_asked_for:
        too_old = messages.THERE_BEFORE.matches(facts.refusal) and facts.published and dated < since - look_back
        return None if too_old else Decision(False, facts.refusal)
    if facts.gone:
        return Decision(False, messages.GONE())
    if filtered := _filtered(facts):
        return Decision(False, filtered())
    return Decision(True, messages.IN_THE_PERIOD() if dated >= since else messages.LATE())


def _filtered(facts: Facts) -> MessageType | None:
    """Return why every source of the post excludes it; None if one doesn't."""
    refusals = [_filtered_by(facts, include, exclude) for include, exclude in facts.filters]
    return refusals[0] if refusals and all(refusals) else None


def _filtered_by(facts: Facts, include: Filter, exclude: Filter) -> MessageType | None:
    categories = {c.casefold() for c in facts.categories}
    if categories & {c.casefold() for c in exclude.categories}:
        return messages.BY_CATEGORY
    if has_word(exclude.words, facts.title, facts.text):
        return messages.BY_WORD
    if not include:
        return None
    if categories & {c.casefold() for c in include.categories} or has_word(include.words, facts.title, facts.text):
        return None
    return messages.BY_CATEGORY if include.categories else messages.BY_WORD


def has_word(words: Iterable[str], *texts: str) -> bool:
    """Return whether one of the texts has one of the words, whole and in upper or lower case."""
    return any(_pattern(word).search(text) for word in words for text in texts)


@cache
def _pattern(word: str) -> re.Pattern[str]:
    """Return a pattern for the whole word; punctuation needs no boundary, and a space matches any white space."""
    escaped = re.escape(word).replace(r"\ ", r"\s+")
    boundary = r"\b" if word[:1].isalnum() else ""
    return re.compile(boundary + escaped + (r"\b" if word[-1:].isalnum() else ""), re.IGNORECASE)
