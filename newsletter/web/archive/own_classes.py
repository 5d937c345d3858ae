"""The classes of an email's HTML on a page that has classes and styles of its own.

Both have names such as `row` and `lead`. On the page each class of the email has a prefix, in its elements and in its
styles, so that neither's styles change the other.
"""

import re

from lxml.html import HtmlElement

PREFIX = "issue-"

_SELECTORS = re.compile(r"(?<![^{};])[^{};]++(?=\{)")
"""What is before a brace: selectors, or the condition of an at-rule, which has no class."""
_CLASS = re.compile(r"\[[^\]]*\]|\.(?P<name>[A-Za-z_][\w-]*)")
"""A class, or a selector by attribute, whose value may have a dot."""


def prefix_classes(body: HtmlElement) -> None:
    """Add the prefix to each class of the elements within `body`, which keeps its own."""
    for element in body.iterdescendants():
        if names := element.get("class"):
            element.set("class", " ".join(f"{PREFIX}{name}" for name in names.split()))


def prefixed_styles(css: str, body: str) -> str:
    """Return styles with the prefix at each class; `page`, which is the whole email, becomes `body`."""
    return _SELECTORS.sub(lambda selectors: _CLASS.sub(lambda each: _renamed(each, body), selectors[0]), css)


def _renamed(match: re.Match[str], body: str) -> str:
    name = match["name"]
    if name is None:
        return match[0]
    return f".{body}" if name == "page" else f".{PREFIX}{name}"
