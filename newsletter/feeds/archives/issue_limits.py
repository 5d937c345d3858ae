"""Limits of what an issue of another tool may have, so that one issue never ends the import of the others."""

import hashlib
from dataclasses import replace

from newsletter.feeds.archives.files import LARGEST_DOCUMENT
from newsletter.feeds.archives.old_issue import HERE, LeftOut, OldIssue
from newsletter.feeds.html.markup import without_invalid_characters
from newsletter.messages import archives as messages
from newsletter.messages.general import size_of

LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_ADDRESS, LONGEST_KEY = 1_000, 2_000, 2_000, 500
"""Characters. Longer addresses are left out, longer descriptions are cut."""

MOST_PATHS = 20

LONGEST_NAME = 200
"""Characters by which something that is left out is named."""


def within_limits(entry: OldIssue | LeftOut) -> OldIssue | LeftOut:
    """Return an entry of an archive with characters that can be stored; an issue that is too long is left out."""
    if isinstance(entry, LeftOut):
        return LeftOut(_name(entry.name), entry.reason)
    title, html = without_invalid_characters(entry.title), without_invalid_characters(entry.html)
    if len(title) > LONGEST_TITLE:
        return LeftOut(_name(title), messages.LONG_TITLE(length=len(title), most=LONGEST_TITLE))
    if len(html) > LARGEST_DOCUMENT:
        return LeftOut(_name(title), messages.LONG_TEXT(most=size_of(LARGEST_DOCUMENT)))
    return replace(
        entry,
        key=_key(entry.key),
        title=title,
        html=html,
        description=without_invalid_characters(entry.description[:LONGEST_DESCRIPTION]),
        url=_address(entry.url),
        paths=entry.paths[:MOST_PATHS],
        base=_address(entry.base) or HERE,
        image=_address(entry.image),
    )


def _name(text: str) -> str:
    """Return the name of something that is left out, short enough for a list."""
    text = without_invalid_characters(text)
    return text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…"


def _address(text: str) -> str:
    return without_invalid_characters(text) if len(text) <= LONGEST_ADDRESS else ""


def _key(key: str) -> str:
    """Return a key of limited length that is still another one for each issue."""
    stored = without_invalid_characters(key)
    if len(stored) <= LONGEST_KEY:
        return stored
    digest = hashlib.sha256(stored.encode()).hexdigest()
    return stored[: LONGEST_KEY - len(digest)] + digest
