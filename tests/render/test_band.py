"""A coloured masthead is a fifth darker in dark mode, as docs/templates.md says: the option's, and a template's."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from newsletter.render.edition import render
from newsletter.render.preview import recipient_html
from tests.render.samples import digest, letterhead, recipient

pytestmark = pytest.mark.browser

BAND = "#003366"
OWN_SECTION = (
    '{% extends "shipped/edition.mjml" %}{% block masthead %}'
    f'<mj-section css-class="band" background-color="{BAND}"><mj-column><mj-text><h1>Kaffe</h1>'
    "</mj-text></mj-column></mj-section>{% endblock %}"
)


@pytest.mark.parametrize("template", ["", OWN_SECTION])
def test_a_band_keeps_its_colours(browser: Browser, tmp_path: Path, template: str) -> None:
    if template:
        (tmp_path / "edition.mjml").write_text(template, "utf-8")
    head = letterhead(masthead="band", band=BAND)
    html = recipient_html(render(digest(2, letterhead=head), tmp_path), head, recipient())
    page = browser.new_page(color_scheme="dark")
    page.set_content(html)
    colours = page.evaluate(
        "[getComputedStyle(document.querySelector('.band td')).backgroundColor,"
        " getComputedStyle(document.querySelector('.band h1')).color,"
        " getComputedStyle(document.querySelector('.page')).backgroundColor]"
    )
    page.close()
    assert colours == ["rgb(0, 41, 82)", "rgb(255, 255, 255)", "rgb(25, 24, 22)"]
