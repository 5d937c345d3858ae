"""MJML to HTML, without MRML's own escapes."""

import re

import pytest
from hypothesis import given, strategies as st
from lxml import html as lxml_html
from markupsafe import escape

from newsletter.render.html.mjml import MjmlError, check, to_html

PAGE = "<mjml><mj-body><mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section></mj-body></mjml>"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40))
def test_attributes_are_unchanged(text: str) -> None:
    html = to_html(PAGE.format(f'<img src="a" alt="{escape(text)}">'), {})
    image = lxml_html.document_fromstring(html).find(".//img")
    assert image.get("alt") == re.sub(" +", " ", text)


def test_bodies_are_inserted_after_the_conversion() -> None:
    body = '<p title="\u200d\\">' + "<b>" * 6000 + "x"
    word = f"b{'0' * 16}x0b"
    assert body in to_html(PAGE.format(word), {word: body})


def test_no_font_is_fetched() -> None:
    assert "fonts.googleapis" not in to_html(
        PAGE.replace("<mj-text>", '<mj-text font-family="Roboto, serif">').format("x"), {}
    )


def test_the_preview_text_is_hidden_without_a_colour_of_its_own() -> None:
    head = "<mj-head><mj-preview>Hot springs</mj-preview></mj-head>"
    html = to_html(PAGE.replace("<mj-body>", f"{head}<mj-body>"), {})
    style = lxml_html.document_fromstring(html).xpath("//div[.='Hot springs']/@style")[0]
    declarations = dict(part.split(":") for part in style.split(";"))
    assert "color" not in declarations
    assert "opacity" not in declarations
    assert (declarations["display"], declarations["max-height"]) == ("none", "0")
    assert (declarations["overflow"], declarations["mso-hide"]) == ("hidden", "all")


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("<mjml>\n<mj-body>\n", 2, "<mj-body> is never closed"),
        ("<mjml>\n</mj-body></mjml>", 2, "</mj-body> closes nothing"),
        ("<mjml>\n<mj-carousel/></mjml>", 2, "<mj-carousel> is not a tag"),
        ('<mjml><mj-body>\n<mj-section backgroundcolour="red">', 2, "<mj-section> has no attribute backgroundcolour"),
        ("<mjml><mj-body><mj-section>\n\n<mj-text font-colour='red'/>", 3, "<mj-text> has no attribute font-colour"),
    ],
)
def test_errors_name_the_line(source: str, line: int, words: str) -> None:
    with pytest.raises(MjmlError, match=words) as caught:
        to_html(source, {})
    assert caught.value.line == line


@pytest.mark.parametrize(
    "source",
    [
        '<mjml lang="nb" owa="desktop"></mjml>',
        '<mjml><mj-head><mj-attributes><mj-all x="1"/><mj-class name="a" y="1"/></mj-attributes></mj-head></mjml>',
        '<mjml><mj-body><mj-text padding="{{ "1px" if x else "2px" }} 0px" align="{{ start }}"/></mj-body></mjml>',
        """<mjml><mj-body><mj-text mj-class='a b="c" d="e"' css-class="x y='z'"/></mj-body></mjml>""",
    ],
)
def test_attributes_of_tags_and_words_in_their_values_are_no_errors(source: str) -> None:
    check(source)


def test_errors_that_only_mrml_finds_name_the_line_too() -> None:
    with pytest.raises(MjmlError, match="can't be read") as caught:
        to_html(PAGE.format("\n\n<![CDATA[x]]>"), {})
    assert caught.value.line == 3


def test_templates_are_checked_past_their_jinja() -> None:
    check('<mjml>{# <mj-body> #}{% if x %}<mj-body css-class="{{ a > b }}"><mj-divider/></mj-body>{% endif %}</mjml>')
