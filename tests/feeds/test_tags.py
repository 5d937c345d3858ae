"""Tags that are mended: XML whose elements are closed in order, and nothing nested too deep."""

import pytest
from hypothesis import given, settings, strategies as st
from lxml import etree

from newsletter.feeds.html.tags import balance_xml, flatten_html, xml_parts

PIECES = ["<b>", "</b>", "<p>", "</p>", "<br>", "<br/>", "</br>", '<i t="a > b">', "</i>", "text"]
names = st.sampled_from(["a", "b", "x:c"])
whole = st.recursive(
    st.sampled_from(["", "text", "<br/>", '<e t="a > b"/>', "<![CDATA[<a></b>]]>", "<!--<a>-->"]),
    lambda inner: st.builds(lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", names, st.lists(inner)),
)


@settings(deadline=None)
@given(whole)
def test_well_formed_html_is_not_changed(xml: str) -> None:
    assert balance_xml(xml, 100) == (xml, False)


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES)))
def test_open_elements_are_closed_with_their_parent(pieces: list[str]) -> None:
    xml = f"<item>{''.join(pieces)}</item>"
    root = etree.fromstring(balance_xml(f"<rss>{xml}<item>next</item></rss>", 100)[0])
    assert [item.tag for item in root] == ["item", "item"]
    assert "".join(root[0].itertext()) == "text" * pieces.count("text")


@settings(deadline=None)
@given(st.text(alphabet="<![CDATA[]]>!-- x", max_size=80))
def test_the_parts_of_xml_are_all_of_it(text: str) -> None:
    assert "".join(part for part, _ in xml_parts(text)) == text


@pytest.mark.parametrize(
    ("xml", "balanced"),
    [
        ("<d>one<br>two</d><e/>", "<d>one<br/>two</d><e/>"),
        ("<d><p>one<p>two</d><e/>", "<d><p>one<p>two</p></p></d><e/>"),
        ("<d>one</i></d>", "<d>one</d>"),
        ("<d><a title=it's>one</d>", "<d><a title=it's>one</a></d>"),
    ],
)
def test_missing_end_tags_are_added_and_needless_ones_go(xml: str, balanced: str) -> None:
    assert balance_xml(xml, 100) == (balanced, False)


def test_tags_of_xml_below_the_limit_go_and_their_text_stays() -> None:
    assert balance_xml("<a><b><i>deep</i></b></a>", 2) == ("<a><b>deep</b></a>", True)
    assert balance_xml("<a><b><i>deep</a>", 2) == ("<a><b>deep</b></a>", True)


def test_tags_inside_cdata_are_text() -> None:
    xml = "<a><![CDATA[<b><b><b><b>]]></a>"
    assert balance_xml(xml, 2) == (xml, False)
    assert balance_xml("<a>" * 4 + "<![CDATA[</a></a>]]>" + "</a>" * 4, 2)[0] == "<a><a><![CDATA[</a></a>]]></a></a>"


@settings(deadline=None)
@given(st.lists(st.sampled_from(["<b>", "</b>", "<p>", "</p>", "<br>", "text", "<", ">"])))
def test_html_that_is_not_too_deep_is_left_as_it_is(pieces: list[str]) -> None:
    html = "".join(pieces)
    assert flatten_html(html, len(pieces) + 1) == (html, False)


def test_tags_of_html_below_the_limit_go_and_their_text_stays() -> None:
    assert flatten_html("<a><b><i>deep</i></b></a>", 2) == ("<a><b>deep</b></a>", True)


def test_an_element_that_another_closes_does_not_count() -> None:
    html = "<ul>" + "<li><p>one" * 20 + "</ul>"
    assert flatten_html(html, 3) == (html, False)


def test_a_quoted_end_of_a_tag_is_no_end() -> None:
    assert flatten_html('<a><b><i title="1 > 0">deep</i></b></a>', 2) == ("<a><b>deep</b></a>", True)
