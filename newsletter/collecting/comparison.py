"""A post of a reading and one of the ledger, side by side."""

from dataclasses import dataclass
from datetime import timedelta, timezone
from functools import cached_property

from newsletter.domain.found_post import FoundPost
from newsletter.feeds.document import split_address
from newsletter.feeds.html.markup import text_of
from newsletter.feeds.identity import LONG, are_similar, letters, link_key
from newsletter.models import Post

A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Comparison:
    """A post of a reading and one of the ledger, side by side."""

    found: FoundPost
    post: Post

    @property
    def same_title(self) -> bool:
        """Whether both have the same title; posts without one have not."""
        return bool(self.found.title) and letters(self.found.title) == letters(self.post.title)

    @property
    def same_link(self) -> bool:
        """Whether both have the same address."""
        return bool(self.found.url) and link_key(self.found.url) == self.post.link_key

    @property
    def similar_text(self) -> bool:
        """Whether one text is an edited version, or the beginning, of the other."""
        return are_similar(*self._texts)

    @property
    def long_texts(self) -> bool:
        """Whether both texts are too long to recur."""
        return min(map(len, self._texts)) >= LONG

    @property
    def without_text(self) -> bool:
        """Whether a text is missing, so that texts can't be compared."""
        return not all(map(letters, self._texts))

    @property
    def similar_long_text(self) -> bool:
        """Whether the texts are similar, and too long to recur."""
        return self.long_texts and self.similar_text

    @property
    def dates(self) -> timedelta | None:
        """How far apart the found date and that of the ledger are; None if one is missing."""
        if self.found.published is None or self.post.published is None:
            return None
        return abs(self.found.published - self.post.published)

    @property
    def within_a_day(self) -> bool:
        """Whether both are dated, at most a day apart."""
        return self.dates is not None and self.dates <= A_DAY

    @property
    def same_day(self) -> bool:
        """Whether both have the same date, each by its own clock."""
        if self.found.published is None or self.post.published is None:
            return False
        offset = timezone(timedelta(minutes=self.post.published_offset))
        return self.found.published.date() == self.post.published.astimezone(offset).date()

    @property
    def nothing_in_common(self) -> bool:
        """Whether title, text and date all say that these are two posts."""
        apart = self.dates is not None and self.dates > A_DAY
        return apart and not self.same_title and not self.similar_text

    @cached_property
    def _texts(self) -> tuple[str, str]:
        return text_of(self.found.html or self.found.summary), text_of(self.post.html or self.post.summary)


def is_comparable(found: FoundPost) -> bool:
    """Return whether a post has both a date and a text."""
    return found.published is not None and bool(found.html or found.summary)


def path_of(url: str) -> tuple[str, str, str]:
    """Return what an address has after its host."""
    parts = split_address(url)
    return parts.path, parts.query, parts.fragment


def is_home_page(url: str) -> bool:
    """Return whether an address is that of a whole site."""
    parts = split_address(url)
    return parts.path in ("", "/") and not parts.query and not parts.fragment
