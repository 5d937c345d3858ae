"""The cadences of a newsletter, and how the editions of each are named. Pure functions."""

from typing import get_args

from newsletter.config import Cadence

CADENCES: tuple[Cadence, ...] = get_args(Cadence)
"""The most frequent first."""


def edition_name(calendar: str, cadence: Cadence, default: Cadence) -> str:
    """Return the name of an edition for a calendar period: `2026-W06`, or `day-2026-02-06` in another cadence's series.

    Only the default cadence has names without a prefix, so an edition of a weekly for one day has a name of its own.
    """
    return calendar if cadence == default else f"{cadence}-{calendar}"


def cadence_in(name: str) -> Cadence | None:
    """Return the cadence that the name of an edition begins with; None for the default's and letters."""
    return next((cadence for cadence in CADENCES if name.startswith(f"{cadence}-")), None)
