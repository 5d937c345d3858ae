"""Rules about the document: doctype, MSO conditions, language, headings."""

import re
from collections.abc import Iterator

from newsletter.domain.digest import Finding
from newsletter.messages import lint as messages
from newsletter.render.content.fragment import HEADINGS, text_of
from newsletter.render.lint.codes import finding
from newsletter.render.lint.parsed_email import ParsedEmail

_OPENS = re.compile(r"<!--\[if\b[^\]]*\]>")
_CLOSES = re.compile(r"<!\[endif\]-->")


def doctype(email: ParsedEmail) -> Iterator[Finding]:
    """Check that the HTML begins with the doctype of HTML5."""
    if not email.rendered.html.lstrip().lower().startswith("<!doctype html>"):
        yield finding("doctype", messages.DOCTYPE(), "html")


def mso_balance(email: ParsedEmail) -> Iterator[Finding]:
    """Report MSO conditions that are not opened and closed in turn."""
    html = email.rendered.html
    openings, closings = _OPENS.finditer(html), _CLOSES.finditer(html)
    marks = [(mark.start(), 1) for mark in openings] + [(mark.start(), -1) for mark in closings]
    depth = 0
    for _, step in sorted(marks):
        depth += step
        if depth not in (0, 1):
            break
    if depth:
        yield finding("mso-balance", messages.MSO_BALANCE(), "html")


def language(email: ParsedEmail) -> Iterator[Finding]:
    """Check that the document has a language and a title."""
    if not (email.document.get("lang") or "").strip():
        yield finding("language-missing", messages.LANGUAGE_MISSING(), "html")
    title = email.document.find("head/title")
    if title is None or not text_of(title):
        yield finding("title-missing", messages.TITLE_MISSING(), "html")


def headings(email: ParsedEmail) -> Iterator[Finding]:
    """Report headings unless the first one is the only <h1>, no level is skipped and none is empty."""
    elements = list(email.body.iter(*HEADINGS))
    levels = [int(element.tag[1]) for element in elements]
    if not levels or levels[0] != 1 or levels.count(1) != 1:
        yield finding("heading-first", messages.HEADING_FIRST(), "html")
    for before, after, element in zip(levels, levels[1:], elements[1:], strict=False):
        if after > before + 1:
            yield finding(
                "heading-order",
                messages.HEADING_ORDER(after=str(after), words=text_of(element)[:40], before=str(before)),
                "html",
            )
    for element in elements:
        if not text_of(element) and not any(image.get("alt") for image in element.iter("img")):
            yield finding("heading-empty", messages.HEADING_EMPTY(tag=str(element.tag)), "html")
