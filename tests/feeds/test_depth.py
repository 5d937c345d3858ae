"""Flattening markup that is nested too deep."""

from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.feeds.depth import flatten_html


@settings(deadline=None)
@given(st.lists(st.sampled_from(["<b>", "</b>", "<p>", "</p>", "<br>", "text", "<", ">"])))
def test_what_is_not_too_deep_is_left_as_it_is(pieces: list[str]) -> None:
    html = "".join(pieces)
    assert flatten_html(html, len(pieces) + 1) == (html, False)


def test_tags_below_the_limit_go_and_their_text_stays() -> None:
    assert flatten_html("<a><b><i>deep</i></b></a>", 2) == ("<a><b>deep</b></a>", True)


def test_an_element_that_another_closes_does_not_count() -> None:
    html = "<ul>" + "<li><p>one" * 20 + "</ul>"
    assert flatten_html(html, 3) == (html, False)
