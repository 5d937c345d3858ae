"""Footnotes of editors' texts: `[^1]` is a mark, and `[^1]: Text` at the beginning of a line its note."""

import re

from newsletter.render.content.fragment import Element, parse, serialise

MARK = re.compile(r"\[\^([^\[\]\s]{1,40})\](?!:)")
"""The mark of a footnote; its name is the first group."""
_NOTE = re.compile(r"(?:\A|\n)[ \t]*\[\^([^\[\]\s]{1,40})\]:[ \t]*")
_TAG_OR_CODE = re.compile(r"(<(code|pre)\b.*?</\2>|<[^<>]*>)", re.DOTALL)
_LAST_BREAK = re.compile(r"\s*<br>\s*\Z")


def with_notes(html: str) -> str:
    """Return the HTML of `markdown` with marks and notes that link to each other, the notes as a list at the end.

    Marks without a note, and paragraphs with a note that no mark names, stay as they were written.
    """
    if "[^" not in html:
        return html
    root = parse(html)
    marked = {match[1] for text in _texts(html) for match in MARK.finditer(text)}
    notes: dict[str, str] = {}
    for paragraph in root.findall("p"):
        notes_in_it = _notes_in(paragraph)
        if notes_in_it and notes_in_it.keys() <= marked:
            notes = notes_in_it | notes
            paragraph.drop_tree()
    numbers: dict[str, int] = {}

    def link(mark: re.Match[str]) -> str:
        if mark[1] not in notes:
            return mark[0]
        is_first = mark[1] not in numbers
        number = numbers.setdefault(mark[1], len(numbers) + 1)
        identifier = f' id="mark-{number}"' if is_first else ""
        return f'<a href="#note-{number}"{identifier}>[{number}]</a>'

    parts = _TAG_OR_CODE.split(serialise(root))
    text = "".join(
        MARK.sub(link, part) if place % 3 == 0 else part for place, part in enumerate(parts) if place % 3 != 2
    )
    items = "".join(
        f'<li id="note-{number}">{notes[name]} <a href="#mark-{number}">↑</a></li>' for name, number in numbers.items()
    )
    return f'{text}<ol class="notes">{items}</ol>' if items else html


def _texts(html: str) -> list[str]:
    """Return the texts between tags, without code."""
    return _TAG_OR_CODE.split(html)[::3]


def _notes_in(paragraph: Element) -> dict[str, str]:
    """Return the notes of a paragraph that has only notes, by their names."""
    before, *parts = _NOTE.split(serialise(paragraph))
    if before.strip():
        return {}
    return {name: _LAST_BREAK.sub("", note).strip() for name, note in zip(parts[::2], parts[1::2], strict=True)}
