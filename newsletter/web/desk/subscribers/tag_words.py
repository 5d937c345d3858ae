"""Tags in one text field: separated by commas, and one that has a comma itself in quotation marks."""

import re
from collections.abc import Iterable

_TAG = re.compile(r'\s*(?:"((?:[^"]|"")*)"\s*|([^,]*))(?:,|\Z)')


def as_text(tags: Iterable[str]) -> str:
    """Return tags as one text: `film, "oslo, east"`."""
    return ", ".join(_quoted(tag) if "," in tag or tag.startswith('"') else tag for tag in tags)


def from_text(text: str) -> list[str]:
    """Return the tags of a text, in which a quotation mark within quotation marks is doubled."""
    written = (match[2] if match[1] is None else match[1].replace('""', '"') for match in _TAG.finditer(text))
    return [tag for word in written if (tag := word.strip())]


def _quoted(tag: str) -> str:
    return '"' + tag.replace('"', '""') + '"'
