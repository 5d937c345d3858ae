"""Converts MJML to HTML with mjml-python (MRML), and works around its errors.

MRML writes attributes with Rust's debug escapes, ignores unknown tags and reports errors without a line. So attributes
are made harmless, and tags are checked, before it gets them. Post bodies never go through it: they are random words in
the MJML, and are inserted into the HTML.
"""

import re
from collections.abc import Mapping

from mjml import mjml2html

from newsletter.messages import Message, Problem, lint as messages
from newsletter.render.html.scaffolding import with_one_table
from newsletter.render.scope import BODY

# What MRML knows and mail programs bear: no mj-carousel, mj-accordion, mj-html-attributes, mj-include, mj-font.
TAGS = frozenset((
    "mjml", "mj-all", "mj-attributes", "mj-body", "mj-breakpoint", "mj-button", "mj-class", "mj-column",
    "mj-divider", "mj-group", "mj-head", "mj-hero", "mj-image", "mj-preview", "mj-raw", "mj-section",
    "mj-social", "mj-social-element", "mj-spacer", "mj-style", "mj-table", "mj-text", "mj-title",
    "mj-wrapper", "mj-navbar", "mj-navbar-link",
))  # fmt: skip

# MRML ignores unknown attributes, so that a misspelt one has no effect and no error.
_COMMON = "css-class mj-class"
_BOX = "padding padding-top padding-right padding-bottom padding-left"
_BORDERS = "border border-top border-right border-bottom border-left border-radius"
_BACKGROUND = (
    "background-color background-url background-repeat background-size background-position background-position-x "
    "background-position-y"
)
_FONT = "color font-family font-size font-style font-weight letter-spacing line-height text-decoration text-transform"
_SIDES = "inner-padding container-background-color align height width"
_LINK = "href rel target name title"
_IMAGE = "alt src srcset sizes usemap fluid-on-mobile max-height"
_ICON = "icon-size icon-height icon-padding icon-position text-padding"
_ICO = "ico-align ico-open ico-close ico-color ico-font-size ico-font-family ico-text-transform ico-text-decoration"
_SECTION = f"{_BOX} {_BORDERS} {_BACKGROUND} direction full-width text-align text-padding gap"
_ATTRIBUTES = {
    tag: frozenset(f"{_COMMON} {names}".split())
    for tag, names in {
        "mj-body": "background-color width id lang dir title",
        "mj-section": _SECTION,
        "mj-wrapper": _SECTION,
        "mj-column": f"{_BOX} {_BORDERS} {_BACKGROUND} direction vertical-align width "
        "inner-background-color inner-border inner-border-top inner-border-right inner-border-bottom "
        "inner-border-left inner-border-radius",
        "mj-group": f"{_BACKGROUND} direction vertical-align width",
        "mj-text": f"{_BOX} {_FONT} {_SIDES} vertical-align",
        "mj-button": f"{_BOX} {_BORDERS} {_FONT} {_SIDES} {_LINK} {_BACKGROUND} text-align vertical-align",
        "mj-image": f"{_BOX} {_BORDERS} {_SIDES} {_LINK} {_IMAGE} font-size",
        "mj-divider": f"{_BOX} {_SIDES} border-color border-style border-width",
        "mj-spacer": f"{_BOX} {_SIDES}",
        "mj-table": f"{_BOX} {_FONT} {_SIDES} border cellpadding cellspacing role table-layout vertical-align",
        "mj-hero": f"{_BOX} {_BACKGROUND} {_BORDERS} {_SIDES} mode vertical-align background-height background-width "
        "inner-background-color",
        "mj-social": f"{_BOX} {_FONT} {_SIDES} {_ICON} border-radius mode table-layout vertical-align",
        "mj-social-element": f"{_BOX} {_FONT} {_SIDES} {_LINK} {_ICON} {_IMAGE} background-color border-radius "
        "vertical-align",
        "mj-navbar": f"{_BOX} {_SIDES} {_ICO} base-url hamburger",
        "mj-navbar-link": f"{_BOX} {_FONT} {_LINK}",
    }.items()
}
"""The attributes of each tag for content; the parts of a head have others, and `mj-attributes` has those of any tag."""

_WITH_ATTRIBUTES = re.compile(r"<(/?[A-Za-z][\w:-]*+)(\s(?:[^<>/]++|/(?!>))*+)(/?)>")
_MJ_TAG = re.compile(r"<(/?)(mjml|mj-[\w-]++)((?:[^<>\"'/]++|\"[^\"]*+\"|'[^']*+'|/(?!>))*+)(/?)>")
# Each up to its end or the next beginning: looking further for ends that are missing would take quadratic time.
_IGNORED = re.compile(
    r"<!--(?:[^<-]++|<(?!!--)|-(?!->))*+-->"
    r"|\{#(?:[^{#]++|\{(?!#)|#(?!\}))*+#\}"
    r"|\{%(?:[^{%]++|\{(?!%)|%(?!\}))*+%\}"
    r"|<mj-style\b[^<>]*+>(?:[^<]++|<(?!/mj-style>|mj-style\b))*+</mj-style>"
)
_UNSAFE = re.compile(r"[\t\n\r\f\v\\]|  ")
_QUOTED = re.compile(r'"([^"]*)"', re.DOTALL)
_SPACE = re.compile(r"[ \t\n\r\f\v]+")
_INDENT = re.compile(r"\n\s++")
_INDENT_BETWEEN_TAGS = re.compile(r">  ++(?=<)")
# What MRML writes, and what takes its place:
# - The description of the role is in English in all languages; the role and the title say enough.
# - Internet Explorer needed the first of the three, and the second is the default.
# - The preview text has no colour and no size, since spam filters count text that can't be seen.
# - Layout tables keep to the screen's width, so that a wide table in a post scrolls in its own box. As a rule of the
#   content CSS, this would cost 3 % of the rendering.
_REPLACED = (
    (' aria-roledescription="email"', ""),
    ('<!--[if !mso]><!--><meta http-equiv="X-UA-Compatible" content="IE=edge"><!--<![endif]-->', ""),
    ('<style type="text/css">', "<style>"),
    (
        "display:none;font-size:1px;color:#ffffff;line-height:1px;max-height:0px;max-width:0px;opacity:0;overflow:hidden;",
        "display:none;line-height:1px;max-height:0;max-width:0;overflow:hidden;mso-hide:all",
    ),
    ('role="presentation" width="100%">', 'role="presentation" width="100%" style="table-layout:fixed">'),
    ('align="center" style="width:100%;">', 'align="center" style="width:100%;table-layout:fixed">'),
)
_EXPRESSIONS = re.compile(r"\{\{[^{}]*+\}\}")
_ATTRIBUTE = re.compile(r"(?<=\s)([A-Za-z][\w:-]*+)\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+')")
_POSITION = re.compile(r"at position (\d+)")


class MjmlError(Problem):
    """MJML that can't be converted; `line` counts from 1 in the given text, 0 if it is unknown."""

    def __init__(self, message: Message, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def to_html(source: str, bodies: Mapping[str, str]) -> str:
    """Return the HTML of an MJML document; `bodies` maps words of the form `BODY` to HTML that replaces them.

    Raises `MjmlError`.
    """
    check(source)
    safe = _WITH_ATTRIBUTES.sub(_safe_attributes, source).encode("ascii", "xmlcharrefreplace").decode("ascii")
    try:
        html = mjml2html(safe, fonts={})
    except ValueError as error:
        position = _POSITION.search(str(error))
        line = safe.count("\n", 0, int(position[1])) + 1 if position else 0
        raise MjmlError(messages.MJML_UNREADABLE(cause=str(error)), line) from error
    html = with_one_table(html)
    if "<pre" not in html:
        html = _INDENT_BETWEEN_TAGS.sub(">\n", _INDENT.sub("\n", html))
    for written, replacement in _REPLACED:
        html = html.replace(written, replacement)
    return BODY.sub(lambda word: bodies.get(word[0], word[0]), html)


def _safe_attributes(tag: re.Match[str]) -> str:
    """Collapse white space in attributes and write backslashes as references, because MRML would escape them."""
    if not _UNSAFE.search(tag[2]):
        return tag[0]
    attributes = _QUOTED.sub(lambda match: f'"{_SPACE.sub(" ", match[1])}"', tag[2]).replace("\\", "&#92;")
    return f"<{tag[1]}{attributes}{tag[3]}>"


def check(source: str) -> None:
    """Raise `MjmlError` at the first tag that is unknown, never closed, or closed without having been opened.

    Works on rendered MJML and on a template's source, whose Jinja2 tags are ignored.
    """
    text = _IGNORED.sub(lambda match: " " + "\n" * match[0].count("\n"), source)
    opened: list[tuple[str, int]] = []

    def line(position: int) -> int:
        return text.count("\n", 0, position) + 1

    for tag in _MJ_TAG.finditer(text):
        name, place = tag[2], tag.start()
        if name not in TAGS:
            raise MjmlError(messages.TAG_UNKNOWN(tag=name), line(place))
        if unknown := _unknown_attribute(name, tag[3]):
            raise MjmlError(messages.ATTRIBUTE_UNKNOWN(tag=name, attribute=unknown), line(place))
        if tag[4]:
            continue
        if not tag[1]:
            opened.append((name, place))
        elif not opened:
            raise MjmlError(messages.TAG_UNOPENED(tag=name), line(place))
        elif opened[-1][0] != name:
            still_open, since = opened[-1]
            raise MjmlError(messages.TAG_MISMATCH(tag=name, open=still_open, line=line(since)), line(place))
        else:
            opened.pop()
    if opened:
        raise MjmlError(messages.TAG_UNCLOSED(tag=opened[-1][0]), line(opened[-1][1]))


def _unknown_attribute(tag: str, attributes: str) -> str:
    """Return the first attribute that a tag does not have, or ""; expressions of Jinja2 are ignored."""
    allowed = _ATTRIBUTES.get(tag)
    names = _ATTRIBUTE.findall(_EXPRESSIONS.sub(" ", attributes)) if allowed else ()
    return next((name for name in names if allowed and name not in allowed), "")
