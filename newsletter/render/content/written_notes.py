"""Footnotes of editors' texts: `[^1]` is a mark, and `[^1]: Text` at the beginning of a line its note."""

import re
from collections.abc import Iterator

from newsletter.render.content.fragment import Element, parse, serialise

MARK = re.compile(r"\[\^([^\[\]\s]{1,40})\](?!:)")
"""The mark of a footnote; its name is the first group."""
_NOTE = re.compile(r"(?:\A|\n)[ \t]*\[\^([^\[\]\s]{1,40})\]:[ \t]*")
_TAG = re.compile(r"(<[^<>]*>)")


def with_notes(html: str) -> str:
    """Return the HTML of `markdown` with marks and notes that link to each other, the notes as a list at the end.

    Marks without a note, and paragraphs with a note that no mark names, stay as they were written.
    """
    if "[^" not in html:
        return html
    root = parse(html)
    marked = {match[1] for text, is_text in _parts(html) if is_text for match in MARK.finditer(text)}
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

    text = "".join(MARK.sub(link, part) if is_text else part for part, is_text in _parts(serialise(root)))
    items = "".join(
        f'<li id="note-{number}">{notes[name]} <a href="#mark-{number}">↑</a></li>' for name, number in numbers.items()
    )
    return f'{text}<ol class="notes">{items}</ol>' if items else html


def _parts(html: str) -> Iterator[tuple[str, bool]]:
    """Yield the tags and texts of HTML in their order, each with whether it is a text outside of code."""
    depth = 0
    for place, part in enumerate(_TAG.split(html)):
        if part.startswith(("<code", "<pre")):
            depth += 1
        elif part.startswith(("</code", "</pre")):
            depth = max(0, depth - 1)
        yield part, place % 2 == 0 and depth == 0


def _notes_in(paragraph: Element) -> dict[str, str]:
    """Return the notes of a paragraph that has only notes, by their names."""
    before, *parts = _NOTE.split(serialise(paragraph))
    if before.strip():
        return {}
    return {
        name: note.strip().removesuffix("<br>").rstrip() for name, note in zip(parts[::2], parts[1::2], strict=True)
    }
