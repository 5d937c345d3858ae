"""How an edition's posts are arranged: under days, sources or categories, and shortened to excerpts."""

from collections.abc import Sequence
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from newsletter.mail import DigestPost, Group

GroupBy = Literal["day", "source", "category", "none"]
Order = Literal["newest", "oldest", "given"]


def group(
    posts: Sequence[DigestPost], *, by: GroupBy, order: Order, zone: ZoneInfo, language: str
) -> tuple[Group, ...]:
    """The posts under their headings; days and posts in the given order, pinned posts first in their group."""
    raise NotImplementedError


def day_heading(day: date, language: str) -> str:
    """A day in full, as the language writes it: "fredag 6. februar 2026"."""
    raise NotImplementedError


def excerpt(html: str, words: int) -> tuple[str, bool]:
    """The beginning of a cleaned post, about `words` words up to a sentence's end, and whether that is all of it."""
    raise NotImplementedError
