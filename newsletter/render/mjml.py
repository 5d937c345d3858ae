"""MJML to HTML by mjml-python (MRML), with what it gets wrong put right before and after.

MRML writes attributes with Rust's debug escapes, passes unknown tags silently and names no line in its errors. So
attributes are made harmless first, the tags are balanced and known before it sees them, and post bodies never go
through it at all: they stand as random words in the MJML and take their places in the HTML.
"""

import re
from collections.abc import Mapping

from mjml import mjml2html

# What MRML knows and mail programs bear: no mj-carousel, mj-accordion, mj-html-attributes, mj-include, mj-font.
TAGS = frozenset((
    "mjml", "mj-all", "mj-attributes", "mj-body", "mj-breakpoint", "mj-button", "mj-class", "mj-column",
    "mj-divider", "mj-group", "mj-head", "mj-hero", "mj-image", "mj-preview", "mj-raw", "mj-section",
    "mj-social", "mj-social-element", "mj-spacer", "mj-style", "mj-table", "mj-text", "mj-title",
    "mj- wrapper", "mj-navbar", "mj-navbar-link",
))  # fmt: skip

_TAG = re.compile(r"<(/?)([A-Za-z][\w:-]*)((?:\s[^<>]*?)?)(/?)>", re.DOTALL)
_MJ_TAG = re.compile(r"<(/?)(mjml|mj-[\w-]+)((?:\"[^\"]*\"|'[^']*'|[^<>\"'])*?)(/?)>", re.DOTALL)
_IGNORED = re.compile(r"<!--.*?-->|\{#.*?#\}|\{%.*?%\}|<mj-style\b[^>]*>.*?</mj-style>", re.DOTALL)
_QUOTED = re.compile(r'"([^"]*)"', re.DOTALL)
_SPACE = re.compile(r"[ \t\n\r\f\v]+")
_POSITION = re.compile(r"at position (\d+)")


class MjmlError(ValueError):
    """MJML that can't become HTML; `line` counts from 1 in the text that was given, 0 where it is not known."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def to_html(source: str, bodies: Mapping[str, str]) -> str:
    """The HTML of an MJML document; `bodies` maps words that stand in it to the HTML that takes their place.

    Raises `MjmlError`.
    """
    check(source)
    safe = _TAG.sub(_safe_attributes, source).encode("ascii", "xmlcharrefreplace").decode("ascii")
    try:
        html = mjml2html(safe, fonts={})
    except ValueError as error:
        place = _POSITION.search(str(error))
        line = safe.count("\n", 0, int(place[1])) + 1 if place else 0
        raise MjmlError(f"MJML can't be read: {error}", line) from error
    if not bodies:
        return html
    words = re.compile("|".join(map(re.escape, bodies)))
    return words.sub(lambda match: bodies[match[0]], html)


def _safe_attributes(tag: re.Match[str]) -> str:
    """White space inside attributes collapsed, and the backslash written as a reference: MRML would escape them."""
    attributes = _QUOTED.sub(lambda m: f'"{_SPACE.sub(" ", m[1])}"', tag[3]).replace("\\", "&#92;")
    return f"<{tag[1]}{tag[2]}{attributes}{tag[4]}>"


def check(source: str) -> None:
    """Raise `MjmlError` at the first tag that is unknown, never closed, or closed without having been opened.

    Works on rendered MJML and on a template as it is written, whose Jinja2 tags it passes over.
    """
    text = _IGNORED.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source)
    opened: list[tuple[str, int]] = []
    for tag in _MJ_TAG.finditer(text):
        line = text.count("\n", 0, tag.start()) + 1
        name = tag[2]
        if name not in TAGS:
            raise MjmlError(f"<{name}> is no tag that works in mails here", line)
        if tag[4]:
            continue
        if not tag[1]:
            opened.append((name, line))
        elif not opened or opened[-1][0] != name:
            inside = f"; <{opened[-1][0]}> of line {opened[-1][1]} is still open" if opened else ""
            raise MjmlError(f"</{name}> closes nothing{inside}", line)
        else:
            opened.pop()
    if opened:
        raise MjmlError(f"<{opened[-1][0]}> is never closed", opened[-1][1])
