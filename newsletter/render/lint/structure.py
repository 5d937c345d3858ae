"""Rules about the document: doctype, MSO conditions, language, headings."""

import re
from collections.abc import Iterator

from newsletter.mail import Finding
from newsletter.render.fragment import text_of
from newsletter.render.lint.codes import finding
from newsletter.render.lint.look import Look

_OPENS = re.compile(r"<!--\[if\b[^\]]*\]>")
_CLOSES = re.compile(r"<!\[endif\]-->")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def doctype(look: Look) -> Iterator[Finding]:
    """The HTML begins with the doctype of HTML5."""
    if not look.rendered.html.lstrip().lower().startswith("<!doctype html>"):
        yield finding("doctype", "The HTML does not begin with <!DOCTYPE html>.", "html")


def mso_balance(look: Look) -> Iterator[Finding]:
    """MSO conditions open and close by turns."""
    html = look.rendered.html
    marks = [(m.start(), 1) for m in _OPENS.finditer(html)] + [(m.start(), -1) for m in _CLOSES.finditer(html)]
    depth = 0
    for _, step in sorted(marks):
        depth += step
        if depth not in (0, 1):
            break
    if depth:
        yield finding("mso-balance", "An MSO condition is opened or closed once too often.", "html")


def language(look: Look) -> Iterator[Finding]:
    """The document says its language, and has a title."""
    if not (look.document.get("lang") or "").strip():
        yield finding("language-missing", "The <html> element has no lang attribute.", "html")
    title = look.document.find("head/title")
    if title is None or not text_of(title):
        yield finding("title-missing", "The HTML has no title.", "html")


def headings(look: Look) -> Iterator[Finding]:
    """One first-level heading, first; no level skipped; none empty."""
    found = list(look.body.iter(*_HEADINGS))
    levels = [int(element.tag[1]) for element in found]
    if not levels or levels[0] != 1 or levels.count(1) != 1:
        yield finding("heading-first", "The HTML should begin with its only <h1>.", "html")
    for before, after, element in zip(levels, levels[1:], found[1:], strict=False):
        if after > before + 1:
            yield finding("heading-order", f"<h{after}> “{text_of(element)[:40]}” follows <h{before}>.", "html")
    for element in found:
        if not text_of(element) and not any(image.get("alt") for image in element.iter("img")):
            yield finding("heading-empty", f"An <{element.tag}> has no words.", "html")
