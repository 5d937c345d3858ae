"""Excerpts end with a sentence, and hold nothing broken."""

import re
from html import escape

from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from newsletter.render.excerpt import excerpt


def words_of(html: str) -> list[str]:
    return " ".join(lxml_html.fragment_fromstring(html, create_parent="div").itertext()).split()


def test_a_short_post_stays_as_it_is() -> None:
    html = "<p>Four words &amp; more.</p>"
    assert excerpt(html, 80) == (html, True)


def test_the_cut_is_at_the_nearest_sentences_end() -> None:
    html = "<p>One two three. Four five six. Seven eight nine ten eleven twelve.</p>"
    assert excerpt(html, 7) == ("<p>One two three. Four five six.</p>", False)


def test_the_end_of_a_paragraph_ends_a_sentence() -> None:
    assert excerpt("<p>A line without a stop</p><p>Another one that goes on and on</p>", 5)[0] == (
        "<p>A line without a stop</p>"
    )


def test_an_abbreviation_or_a_date_ends_none() -> None:
    html = "<p>On 6. februar Dr. Berg of the U.S. team spoke for hours. Then came lunch and a long walk.</p>"
    assert excerpt(html, 11)[0] == "<p>On 6. februar Dr. Berg of the U.S. team spoke for hours.</p>"


def test_without_a_sentence_in_reach_words_are_counted() -> None:
    assert words_of(excerpt("<p>" + "word " * 100 + "</p>", 10)[0]) == ["word"] * 10


def test_tags_that_are_open_are_closed_and_entities_stay_whole() -> None:
    html = (
        "<ul><li>One <b>two &amp; <i>three. Four</i></b> five six seven eight nine ten eleven twelve.</li></ul><p>X</p>"
    )
    assert excerpt(html, 4) == ("<ul><li>One <b>two &amp; <i>three.</i></b></li></ul>", False)


def test_a_picture_at_the_end_is_dropped_and_one_inside_stays() -> None:
    html = '<p><img src="a" alt=""> One two three.</p><figure><img src="b"></figure><p>Four five six seven eight.</p>'
    assert excerpt(html, 3)[0] == '<p><img src="a" alt=""> One two three.</p>'


def test_languages_without_spaces_are_counted_by_characters() -> None:
    html = "<p>" + "これは文です。" * 20 + "</p>"
    shown, whole = excerpt(html, 20)
    assert not whole
    assert shown.endswith("。</p>")
    assert 12 <= len(words_of(shown)[0]) <= 33


_inline = st.recursive(
    st.text(alphabet="ab .&<é“👨‍👩\u00a0", max_size=30).map(lambda t: escape(t, quote=False)),
    lambda inner: st.tuples(st.sampled_from(["b", "i", "a", "span"]), st.lists(inner, max_size=3)).map(
        lambda t: f"<{t[0]}>{''.join(t[1])}</{t[0]}>"
    ),
    max_leaves=8,
)


@given(st.lists(_inline, max_size=6).map(lambda rows: "".join(f"<p>{row}</p>" for row in rows)), st.integers(1, 20))
def test_an_excerpt_is_a_beginning(html: str, count: int) -> None:
    shown, whole = excerpt(html, count)
    all_words, shown_words = words_of(html), words_of(shown)
    joined, beginning = "".join(all_words), "".join(shown_words)
    assert joined.startswith(beginning)
    assert whole == (shown == html)
    assert len(re.findall(r"\S+", " ".join(shown_words))) <= max(len(all_words), 1)
    assert "<p></p>" in shown or shown_words or not all_words
