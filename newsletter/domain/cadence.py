"""How readers of different cadences get each post of a newsletter once. Pure functions.

A newsletter numbers its posts in the order in which they become eligible. An edition ends at a number, and a
subscription has a mark: the last number that it was offered. When the audience of an edition is fixed, a reader gets
the posts after the mark up to the edition's end, and the mark moves to the end. Nothing depends on windows of time, so
readers may change their cadence at any moment. docs/design.md has the rule in full.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import get_args

from newsletter.config import Cadence

CADENCES: tuple[Cadence, ...] = get_args(Cadence)
"""The most frequent first."""
Variants = Mapping[int, tuple[int, ...]]
"""The numbers of the posts that an edition has for readers with each mark."""


class OfferOutcome(StrEnum):
    """What the fixing of an audience means for one reader."""

    MAILED = "mailed"
    NOTHING_NEW = "nothing new"
    OFF_TOPIC = "off topic"
    PAUSED = "paused"
    NEXT_EDITION = "next edition"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a reader gets from an edition, and the reader's mark afterwards."""

    outcome: OfferOutcome
    mark: int
    posts: tuple[int, ...] = ()


def edition_name(calendar: str, cadence: Cadence, default: Cadence) -> str:
    """Return the name of an edition for a calendar period: `2026-W06`, or `day-2026-02-06` in another cadence's series.

    Only the default cadence has names without a prefix, so an edition of a weekly for one day has a name of its own.
    """
    return calendar if cadence == default else f"{cadence}-{calendar}"


def cadence_in(name: str) -> Cadence | None:
    """Return the cadence that the name of an edition begins with; None for the default's and letters."""
    return next((cadence for cadence in CADENCES if name.startswith(f"{cadence}-")), None)


def start(cadence: Cadence, default: Cadence, ends: Mapping[Cadence, int], own: int = 0) -> int:
    """Return the mark of a reader who subscribes: the last end of the cadence's fixed editions.

    A series without editions starts where the default one is. `own` is the mark of an earlier subscription, below which
    a returning reader never falls, because a slow cadence ends before what a fast one has sent.
    """
    return max(own, ends.get(cadence, ends.get(default, 0)))


def possible_marks(held: Iterable[int], ends: Iterable[int], approved: Iterable[int], end: int) -> frozenset[int]:
    """Return the marks below `end` that a reader may have when the audience of an edition is fixed.

    `held` are those of all subscriptions, whatever their cadence; `ends` the last ends of all series, where new readers
    start; `approved` the ends of approved editions whose audience is not fixed yet and may be fixed first.
    """
    return frozenset(mark for mark in (*held, *ends, *approved) if mark < end)


def variants(numbers: Iterable[int], left_out: Collection[int], marks: Iterable[int], end: int) -> Variants:
    """Return the posts of an edition for each mark; marks with equal posts share a variant when it is rendered.

    `numbers` are those in use, `left_out` those that editors left out of this edition or an earlier one.
    """
    included = sorted(number for number in numbers if number <= end and number not in left_out)
    return {mark: tuple(number for number in included if number > mark) for mark in marks}


def offer(mark: int, end: int, found: Variants, *, paused: bool = False) -> Offer:
    """Return what a reader gets when the audience of an edition is fixed.

    The mark of a paused reader moves without an email. A reader without a variant keeps the mark, so that the next
    edition has those posts too.
    """
    if mark >= end:
        return Offer(OfferOutcome.NOTHING_NEW, mark)
    if paused:
        return Offer(OfferOutcome.PAUSED, end)
    if mark not in found:
        return Offer(OfferOutcome.NEXT_EDITION, mark)
    return Offer(OfferOutcome.MAILED if found[mark] else OfferOutcome.NOTHING_NEW, end, found[mark])


def may_renumber(number: int, editions: Iterable[Variants]) -> bool:
    """Return whether a post may get a new number, which offers it again to readers whose marks have passed it.

    `editions` are those that are approved or whose audience is fixed. If one of them has the post in any variant,
    somebody got it or will, and would get it again.
    """
    return not any(number in posts for edition in editions for posts in edition.values())
