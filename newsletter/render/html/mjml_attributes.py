"""The attributes of MJML tags: MRML ignores unknown ones, so that a misspelt one has no effect and no error."""

import re

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
ATTRIBUTES = {
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

_EXPRESSIONS = re.compile(r"\{\{[^{}]*+\}\}")
_ATTRIBUTE = re.compile(r"(?<=\s)([A-Za-z][\w:-]*+)\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+')")


def unknown_attribute(tag: str, attributes: str) -> str:
    """Return the first attribute that a tag does not have, or ""; expressions of Jinja2 are ignored."""
    known = ATTRIBUTES.get(tag)
    names = _ATTRIBUTE.findall(_EXPRESSIONS.sub(" ", attributes)) if known else ()
    return next((name for name in names if known and name not in known), "")
