"""Recognizes entries of a feed that have only the beginning of a post.

RSS has one element for summaries and for whole texts, so that the entries of a feed are looked at together.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from newsletter.feeds.html.markup import text_of
from newsletter.feeds.post import Raw

_LONGEST = 700
"""Characters of a summary. A longer one is a whole text in the place of a summary."""
_FEWEST = 3
"""Entries that a feed must have to be judged by them."""
_STRUCTURE = re.compile(r"<(?:ul|ol|pre|blockquote|h[1-6]|table|iframe|video|audio)[\s>]", re.IGNORECASE)
_LINK = re.compile(r"<a\s[^<>]*>", re.IGNORECASE)


def with_teasers(entries: Sequence[Raw]) -> tuple[Raw, ...]:
    """Return the entries, those marked as partial that have a summary and no text.

    In Atom and JSON Feed a short summary says so. In RSS all entries of a feed must have nothing but a short
    description, without links, lists or media, below a headline.
    """
    summaries = [entry for entry in entries if not entry.html.strip() and entry.summary.strip()]
    all_alike = len(summaries) == len(entries) >= _FEWEST and all(map(_is_like_a_teaser, entries))
    return tuple(
        replace(entry, partial=(entry.partial or all_alike) and _has_only_a_summary(entry)) for entry in entries
    )


def _has_only_a_summary(entry: Raw) -> bool:
    return not entry.html.strip() and 0 < len(text_of(entry.summary)) <= _LONGEST


def _is_like_a_teaser(entry: Raw) -> bool:
    markup = entry.summary
    plain = not (_STRUCTURE.search(markup) or _LINK.search(markup) or entry.enclosures)
    return plain and bool(entry.title.strip()) and len(text_of(markup)) <= _LONGEST
