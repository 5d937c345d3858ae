"""Text in and on the accent colour has the contrast of WCAG 2.2 AA, whatever the accent is, in light and dark mode."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from newsletter.config.colour import contrast, rgb
from newsletter.domain.digest import Letterhead
from newsletter.render.edition import render
from newsletter.render.template_context import newsletter_view
from newsletter.render.theme.colours import READABLE, parse_colour
from newsletter.render.theme.designs import DESIGNS
from newsletter.render.transactional import render_email
from tests.render.samples import digest, letterhead, post

ACCENTS = ("#ffeb3b", "#ffff00", "#c6ff00", "#00e5ff", "#ffffff", "#f5f5dc", "#ffc0cb", "#808080", "#b3261e", "#000000")
colours = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
HEX = r"#[0-9a-fA-F]{6}"
LETTER = {
    "subject": "1", "preheader": "1", "heading": "1", "paragraphs": ["1"], "button": "1", "link": "https://a.example",
    "note": "",
}  # fmt: skip


BOXES = post(
    0,
    html='<p>a</p><table class="card" role="presentation"><tr><td>b</td></tr></table>'
    '<table class="button" role="presentation"><tr><td><a href="https://a.example/">c</a></td></tr></table>',
)
"""A post with a card and a button: a style sheet has no rules for what an email doesn't have."""


def _head(accent: str) -> Letterhead:
    head = letterhead()
    return replace(head, theme=replace(head.theme, accent=accent))


def _low(pairs: dict[str, tuple[str, str]]) -> dict[str, float]:
    """The pairs of colours whose contrast is too low, with it."""
    found = {name: contrast(rgb(text), rgb(ground)) for name, (text, ground) in pairs.items()}
    return {name: ratio for name, ratio in found.items() if ratio < READABLE}


def _dark(html: str) -> dict[str, tuple[str, str]]:
    """The colours of an email's style sheet in dark mode: text on the page and in boxes, and buttons."""
    (sheet,) = re.findall(r"@media \(prefers-color-scheme: dark\)\{body(.*?)\}\}", html)
    page, box = (_value(sheet, part, "background-color") for part in (r"\.page td", r"\.page \.card td"))
    link, muted, text = (_value(sheet, part, "color") for part in (r"\.page a", r"\.page \.foot a", r"\.page p"))
    texts = {"link": link, "muted": muted, "text": text}
    pairs = {f"{name} on {ground}": (each, ground) for name, each in texts.items() for ground in (page, box)}
    on_button = (_value(sheet, r"\.page \.button a", name) for name in ("color", "background-color"))
    colour, ground = on_button
    return {**pairs, "button": (colour, ground)}


def _value(sheet: str, selector: str, name: str) -> str:
    (rule,) = re.findall(rf"{selector}(?:,[^{{}}]*)?\{{([^}}]*)(?:\}}|\Z)", sheet)
    found = re.search(rf"(?<![a-z-]){name}:({HEX})", rule)
    assert found, f"{selector} has no {name}"
    return found[1]


@given(accent=colours)
def test_every_accent_is_readable_on_the_light_page_and_its_boxes(accent: str) -> None:
    view = newsletter_view(_head(accent))
    palette = view["colours"]
    pairs = {
        "link": (view["accent_text"], palette.background),
        "link in a box": (view["accent_text"], palette.box),
        "button": (view["on_accent"], view["accent"]),
        "less important text": (palette.muted, palette.background),
    }
    assert _low(pairs) == {}


@given(accent=colours)
def test_every_accent_is_readable_on_the_dark_page_and_its_boxes(accent: str) -> None:
    view = newsletter_view(_head(accent))
    dark = _dark(render(digest([BOXES], letterhead=_head(ACCENTS[0]))).html)
    grounds = {name: ground for name, (_text, ground) in dark.items() if name.startswith("link")}
    assert _low({name: (view["accent_dark"], ground) for name, ground in grounds.items()}) == {}


@pytest.mark.parametrize("accent", ACCENTS)
@pytest.mark.parametrize("design", [name for name, design in DESIGNS.items() if not design.lines])
def test_all_text_of_an_edition_is_readable_in_dark_mode(design: str, accent: str) -> None:
    head = _head(accent)
    edition = digest([BOXES, post(1)], letterhead=replace(head, theme=replace(head.theme, design=design)))
    assert _low(_dark(render(edition).html)) == {}


@pytest.mark.parametrize("accent", ACCENTS)
def test_the_button_of_a_letter_is_readable_in_both_modes(accent: str) -> None:
    html = render_email("confirm", _head(accent), LETTER).html
    (button,) = re.findall(r'<a href="https://a\.example"[^>]*style="([^"]*background[^"]*)"', html)
    colour = re.search(r"(?<![a-z-])color:\s*([^;\"]+)", button)
    ground = re.search(r"background(?:-color)?:\s*([^;\"]+)", button)
    assert colour
    assert ground
    text, under = parse_colour(colour[1]), parse_colour(ground[1])
    assert text
    assert under
    assert contrast(text, under) >= READABLE
    kept = re.search(r"\.press a\{color:([^;!]+)!important\}", html)
    assert kept
    assert parse_colour(kept[1]) == text
