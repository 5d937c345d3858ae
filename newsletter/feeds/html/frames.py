"""Callouts, folded texts, pull quotes and buttons, by the classes of blogs' software, in the forms that emails frame.

Promises: no text is lost.
"""

import re

from lxml.builder import E

from newsletter.feeds.html.markup import HtmlElement, classes, has_class, outermost, text_in, wrap_content
from newsletter.feeds.html.parts import CALLOUT, TINTS

_CALLOUT = re.compile(
    r"(?:\A|(?<=-))(?:callout|admonition)(?:-card|-block|-box)?\Z|\A(?:alert|notice|hint|info|tip|warning)-?box\Z"
    r"|\Amarkdown-alert\Z",
    re.IGNORECASE,
)
_TINTS = (
    ("warning", re.compile(r"(?:\A|-)(?:warning|danger|caution|attention|important|error|red|yellow)(?:-?box)?\Z")),
    ("tip", re.compile(r"(?:\A|-)(?:tip|hint|success|green)(?:-?box)?\Z")),
)
_TITLE = re.compile(r"\A(?:markdown-alert|admonition)-?(?:title|heading)", re.IGNORECASE)
_FOLDED = re.compile(r"\Akg-toggle-card\Z")
_FOLDED_HEADING = re.compile(r"\Akg-toggle-heading\Z")
_PULL_QUOTE = re.compile(r"\A(?:(?:wp-block-|sqs-|graf--)?pull-?quote|kg-blockquote-alt|pull)\Z", re.IGNORECASE)
_BUTTON = re.compile(
    r"\A(?:kg-btn|kg-(?:product|header)-card-button|kg-cta-button|wp-block-button__link|wp-element-button"
    r"|sqs-block-button-element|elementor-button|btn(?:-primary)?|button)\Z",
    re.IGNORECASE,
)
_BOXES = ("div", "aside", "figure", "section")
_ABOVE_BUTTON = ("div", "p", "h2", "h3", "h4", "h5", "h6")
_LONGEST_BUTTON, _LONGEST = 60, 2_000


def frame(root: HtmlElement) -> None:
    """Mark callouts, folded texts and pull quotes, and make tables of the class "button" of links that look like
    buttons.
    """
    for box in _boxes(root, _FOLDED, _BOXES) + outermost(root.iter("details")):
        _unfold(box)
    for box in _boxes(root, _CALLOUT, _BOXES):
        if 0 < len(text_in(box)) <= _LONGEST:
            _join_emoji(box)
            _embolden_title(box)
            box.set("data-tint", _tint_of(box))
            box.tag = CALLOUT
    for box in _boxes(root, _PULL_QUOTE, (*_BOXES, "blockquote", "p")):
        _make_pull_quote(box)
    for link in [a for a in root.iter("a") if has_class(a, _BUTTON) or has_class(a.getparent(), _BUTTON)]:
        if _is_alone(link) and 0 < len(text_in(link)) <= _LONGEST_BUTTON:
            _make_button(link)


def _is_alone(link: HtmlElement) -> bool:
    """Return whether a link without an image is all that a block says, or comes last in a box, behind a block."""
    previous = link.getprevious()
    is_last = link.getnext() is None and not (link.tail or "").strip()
    below = is_last and previous is not None and previous.tag in _ABOVE_BUTTON and not (previous.tail or "").strip()
    return link.find(".//img") is None and (below or text_in(link.getparent()) == text_in(link))


def _boxes(root: HtmlElement, pattern: re.Pattern[str], tags: tuple[str, ...]) -> list[HtmlElement]:
    return outermost(e for e in root.iter(*tags) if e is not root and has_class(e, pattern))


def _unfold(box: HtmlElement) -> None:
    """Make a callout of a text that readers unfold, below its heading in bold."""
    heading = next((e for e in box.iter() if e.tag == "summary" or has_class(e, _FOLDED_HEADING)), None)
    if heading is not None and text_in(heading):
        title = E.p(E.strong(text_in(heading)))
        heading.drop_tree()
        title.tail, box.text = box.text, None
        box.insert(0, title)
    if text_in(box) or box.find(".//img") is not None:
        box.set("data-tint", TINTS[0])
        box.tag = CALLOUT


def _tint_of(box: HtmlElement) -> str:
    if box.get("data-tint") in TINTS:
        return str(box.get("data-tint"))
    names = [name.lower() for name in classes(box)]
    return next((tint for tint, pattern in _TINTS if any(map(pattern.search, names))), TINTS[0])


def _make_pull_quote(box: HtmlElement) -> None:
    inner = box.find(".//blockquote")
    quote = box if inner is None else inner
    if quote is not box:
        box.tag = "div"
    elif box.tag == "p":
        quote = E.blockquote()
        box.addprevious(quote)
        quote.tail, box.tail = box.tail, None
        quote.append(box)
    quote.tag = "blockquote"
    quote.set("class", "pull")


def _embolden_title(box: HtmlElement) -> None:
    title = next((e for e in box if has_class(e, _TITLE) and text_in(e) and e.find(".//strong") is None), None)
    if title is not None:
        wrap_content(title, "strong")


def _join_emoji(box: HtmlElement) -> None:
    """Put an emoji that has an element of its own on the line of the text behind it."""
    emoji = next(iter(box), None)
    text = "" if emoji is None else text_in(emoji)
    is_emoji = 0 < len(text) <= 4 and not any(map(str.isalnum, text))
    if emoji is not None and is_emoji and emoji.getnext() is not None:
        following = emoji.getnext()
        emoji.drop_tree()
        target = next((e for e in following.iter("p") if text_in(e)), following)
        target.text = f"{text} {(target.text or '').lstrip()}"


def _make_button(link: HtmlElement) -> None:
    cell = E.td()
    table = E.table({"class": "button", "role": "presentation"}, E.tbody(E.tr(cell)))
    link.addprevious(table)
    table.tail, link.tail = link.tail, None
    cell.append(link)


def keep_buttons(root: HtmlElement) -> None:
    """Remove the class and the role of all tables but buttons."""
    for table in root.iter("table"):
        is_button = table.get("role") == "presentation" and len(list(table.iter("td"))) == 1
        if not (is_button and table.get("class") == "button" and table.find(".//a") is not None):
            table.attrib.pop("class", None)
            table.attrib.pop("role", None)
