"""Rules about contrast in light and dark mode: the colours of text and its background (WCAG 2.2, 1.4.3)."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache

import cssselect
from lxml import etree
from lxml.cssselect import CSSSelector

from newsletter.config.colour import Rgb, contrast
from newsletter.domain.digest import Finding
from newsletter.messages import lint as messages
from newsletter.render.content.fragment import HEADINGS, Element
from newsletter.render.html.style_sheets import end_of_block
from newsletter.render.lint.codes import finding
from newsletter.render.lint.parsed_email import ParsedEmail
from newsletter.render.theme.colours import READABLE, parse_colour

_READABLE_LARGE = 3.0
_DARK = re.compile(r"@media[^{]*prefers-color-scheme:\s*dark[^{]*\{")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_PIXELS = re.compile(r"^\s*([\d.]+)px")
_HIDDEN = re.compile(r"display:\s*none")

Style = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _TextStyle:
    """What text inherits: its colour, the background, its size in pixels and whether it is bold."""

    colour: Rgb = (0, 0, 0)
    ground: Rgb = (255, 255, 255)
    size: float = 16
    bold: bool = False


def light(email: ParsedEmail) -> Iterator[Finding]:
    """Check the contrast in light mode."""
    yield from _poor(email, {}, "contrast-light")


def dark(email: ParsedEmail) -> Iterator[Finding]:
    """Check the contrast in programs that support `prefers-color-scheme: dark`."""
    rules = _dark_rules(email.css)
    if rules:
        yield from _poor(email, _applied(email.document, rules), "contrast-dark")


def _poor(email: ParsedEmail, overrides: Mapping[Element, Style], code: str) -> Iterator[Finding]:
    reported: set[tuple[Rgb, Rgb]] = set()
    for element, text in _walk(email.body, overrides):
        large = text.size >= 24 or (text.bold and text.size >= 18.66)
        ratio = contrast(text.colour, text.ground)
        if ratio < (_READABLE_LARGE if large else READABLE) and (text.colour, text.ground) not in reported:
            reported.add((text.colour, text.ground))
            words = " ".join("".join(element.itertext()).split())[:40]
            colours = f"{_hex(text.colour)} on {_hex(text.ground)}"
            yield finding(code, messages.CONTRAST(words=words, ratio=f"{ratio:.1f}", colours=colours), "html")


def _walk(body: Element, overrides: Mapping[Element, Style]) -> Iterator[tuple[Element, _TextStyle]]:
    """Yield every element with text of its own, in order, and its colours and size."""
    remaining = [(body, _TextStyle())]
    while remaining:
        element, text_style = remaining.pop()
        style = {**_declarations(element.get("style") or ""), **overrides.get(element, {})}
        if _HIDDEN.search(element.get("style") or ""):
            continue
        text_style = _styled(element, style, text_style)
        if any(text.strip() for text in (element.text or "", *(child.tail or "" for child in element))):
            yield element, text_style
        children = (child for child in reversed(element) if isinstance(child.tag, str))
        remaining += [(child, text_style) for child in children if child.tag not in ("style", "script")]


def _styled(element: Element, style: Style, inherited: _TextStyle) -> _TextStyle:
    ground = style.get("background-color") or style.get("background") or element.get("bgcolor") or ""
    pixels = _PIXELS.match(style.get("font-size", ""))
    weight = style.get("font-weight", "")
    return replace(
        inherited,
        colour=parse_colour(style.get("color", "")) or inherited.colour,
        ground=parse_colour(ground) or inherited.ground,
        size=float(pixels[1]) if pixels else inherited.size,
        bold=weight in ("bold", "600", "700", "800", "900")
        or (inherited.bold and not weight)
        or element.tag in ("b", "strong", *HEADINGS),
    )


@lru_cache(maxsize=512)
def _declarations(text: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in text.split(";"))
    return {name.strip().lower(): value.replace("!important", "").strip() for name, mark, value in pairs if mark}


def _dark_rules(css: str) -> list[tuple[str, str]]:
    """Return selectors and declarations in `@media (prefers-color-scheme: dark)`."""
    dark_rules: list[tuple[str, str]] = []
    for start in _DARK.finditer(css):
        block = css[start.end() : end_of_block(css, start.end() - 1)]
        dark_rules += [(rule[1].strip(), rule[2]) for rule in _RULE.finditer(block)]
    return dark_rules


def _applied(document: Element, rules: list[tuple[str, str]]) -> dict[Element, Style]:
    """Return the style of each element by these rules; more specific and later ones win."""
    single = [
        (compiled, block)
        for selectors, block in rules
        for selector in selectors.split(",")
        if (compiled := _compiled(selector.strip()))
    ]
    styled: dict[Element, dict[str, str]] = {}
    for (_specificity, select), block in sorted(single, key=lambda rule: rule[0][0]):
        with suppress(etree.XPathError):
            for element in select(document):
                styled.setdefault(element, {}).update(_declarations(block))
    return dict(styled)


@lru_cache(maxsize=256)
def _compiled(selector: str) -> tuple[tuple[int, int, int], CSSSelector] | None:
    """Return the specificity of a selector, and what finds its elements; None if it isn't understood."""
    try:
        return cssselect.parse(selector)[0].specificity(), CSSSelector(selector)
    except (cssselect.SelectorError, etree.XPathError):
        return None


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
