"""Flattening markup that is nested too deep."""

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.feeds.depth import flatten_html, flatten_xml, xml_parts


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["<b>", "</b>", "<p>", "</p>", "<br>", "text", "<", ">", "<![CDATA[", "]]>", "<!--", "-->"])
    )
)
def test_what_is_not_too_deep_is_left_as_it_is(pieces: list[str]) -> None:
    html = "".join(pieces)
    assert flatten_html(html, len(pieces) + 1) == (html, False)
    assert flatten_xml(html, len(pieces) + 1) == (html, False)


@settings(deadline=None)
@given(st.text(alphabet="<![CDATA[]]>!-- x", max_size=80))
def test_the_parts_of_xml_are_all_of_it(text: str) -> None:
    assert "".join(part for part, _ in xml_parts(text)) == text


def test_tags_below_the_limit_go_and_their_text_stays() -> None:
    assert flatten_html("<a><b><i>deep</i></b></a>", 2) == ("<a><b>deep</b></a>", True)


def test_an_element_that_another_closes_does_not_count() -> None:
    html = "<ul>" + "<li><p>one" * 20 + "</ul>"
    assert flatten_html(html, 3) == (html, False)


def test_tags_inside_cdata_are_text() -> None:
    xml = "<a><![CDATA[<b><b><b><b>]]></a>"
    assert flatten_xml(xml, 2) == (xml, False)
    assert flatten_xml("<a>" * 4 + "<![CDATA[</a></a>]]>" + "</a>" * 4, 2)[0] == "<a><a><![CDATA[</a></a>]]></a></a>"
