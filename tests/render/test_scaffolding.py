"""Layout tables: one for all plain sections, and what a template says of a section stays."""

import pytest

from newsletter.render.edition import render
from newsletter.render.html.mjml import to_html
from tests.render.samples import digest, letterhead, post

HEAD = (
    '<mj-head><mj-attributes><mj-all padding="0px"></mj-all><mj-section direction="ltr"></mj-section>'
    '<mj-column direction="ltr"></mj-column></mj-attributes></mj-head>'
)
PLAIN = (
    '<mj-section padding="20px 0px 0px"><mj-column><mj-text padding="{padding}">{words}</mj-text></mj-column>'
    "</mj-section>"
)


def html_of(*sections: str) -> str:
    return to_html(f"<mjml>{HEAD}<mj-body>{''.join(sections)}</mj-body></mjml>", {})


def plain(words: str, padding: str = "0px 24px") -> str:
    return PLAIN.format(words=words, padding=padding)


def test_neighbouring_plain_sections_are_rows_of_one_table() -> None:
    one, three = html_of(plain("a")), html_of(plain("a"), plain("b"), plain("c"))
    assert one.count("<table") == three.count("<table") == 2  # one of them is for Outlook
    assert three.count("<tr>") == one.count("<tr>") + 2
    assert three.count("</table>") == 2
    assert len(three) - len(one) < 700


@pytest.mark.parametrize(
    ("padding", "wanted"),
    [
        ("0px 24px", "20px 24px 0px"),
        ("4px", "24px 4px 4px"),
        ("1px 2px 3px", "21px 2px 3px"),
        ("1px 2px 3px 4px", "21px 2px 3px 4px"),
    ],
)
def test_the_padding_of_a_section_is_that_of_its_first_row(padding: str, wanted: str) -> None:
    assert f"padding:{wanted};" in html_of(plain("a", padding))


@pytest.mark.parametrize(
    "section",
    [
        '<mj-section background-color="#003366"><mj-column><mj-text>own</mj-text></mj-column></mj-section>',
        '<mj-section css-class="mine"><mj-column><mj-text>own</mj-text></mj-column></mj-section>',
        '<mj-section padding="0px 0px 9px"><mj-column><mj-text>own</mj-text></mj-column></mj-section>',
        '<mj-section><mj-column background-color="#003366"><mj-text>own</mj-text></mj-column></mj-section>',
        "<mj-section><mj-column><mj-text>own</mj-text></mj-column><mj-column><mj-text>x</mj-text></mj-column></mj-section>",
        '<mj-section><mj-column><mj-text padding="0px" padding-top="9px">own</mj-text></mj-column></mj-section>',
        "<mj-section><mj-column></mj-column></mj-section>",
    ],
)
def test_another_section_stays_as_it_is_between_plain_ones(section: str) -> None:
    alone = html_of(section)
    own = alone[alone.index("<div", alone.index("<body")) : alone.rindex("</div>")]
    between = html_of(plain("a"), section, plain("b"))
    assert own[own.index(">") + 1 :] in between
    assert between.count("<table") == between.count("</table>") == own.count("<table") + 4


def test_the_styles_of_columns_are_there_if_one_is_narrower_than_the_email() -> None:
    band = '<mj-section background-color="#003366"><mj-column><mj-text>own</mj-text></mj-column></mj-section>'
    halves = f"<mj-section>{'<mj-column><mj-text>a</mj-text></mj-column>' * 2}</mj-section>"
    assert ".mj-column-per-" not in html_of(band, plain("a"))
    assert ".mj-column-per-50" in html_of(band, halves)


def test_a_week_of_long_posts_needs_no_table_for_each_row() -> None:
    assert render(digest(20)).html.count("</table>") == 3


def test_the_scaffolding_of_an_edition_is_short() -> None:
    """Ten posts of a word took 20 KB with tables for each row, and with styles for what they don't have."""
    posts = [post(number, html="<p>Beans.</p>") for number in range(10)]
    assert len(render(digest(posts, letterhead=letterhead())).html.encode()) < 13_800
