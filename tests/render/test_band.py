"""A coloured masthead of a template keeps its colours in dark mode, as docs/templates.md says."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from newsletter.render.edition import render
from newsletter.render.preview import reader_html
from tests.render.samples import digest, letterhead, reader

pytestmark = pytest.mark.browser

DOCUMENT = Path(__file__).parents[2] / "docs" / "templates.md"
MASTHEAD = (
    '{% block masthead %}<mj-section css-class="band" background-color="#003366"><mj-column><mj-text><h1>Kaffe</h1>'
    "</mj-text></mj-column></mj-section>{% endblock %}"
)


def test_the_documented_rules_keep_the_colours_of_a_masthead(browser: Browser, tmp_path: Path) -> None:
    example = re.search(r"```html\n(<mj-style>\n@media.*?</mj-style>)\n```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert example
    styles = f"{{% block styles %}}\n{example[1]}\n{{% endblock %}}\n"
    (tmp_path / "edition.mjml").write_text(f'{{% extends "shipped/edition.mjml" %}}{styles}{MASTHEAD}', "utf-8")
    html = reader_html(render(digest(2), tmp_path), letterhead(), reader())
    page = browser.new_page(color_scheme="dark")
    page.set_content(html)
    colours = page.evaluate(
        "[getComputedStyle(document.querySelector('.band td')).backgroundColor,"
        " getComputedStyle(document.querySelector('.band h1')).color,"
        " getComputedStyle(document.querySelector('.page')).backgroundColor]"
    )
    page.close()
    assert colours == ["rgb(0, 51, 102)", "rgb(255, 255, 255)", "rgb(25, 24, 22)"]
