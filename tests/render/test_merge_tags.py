"""Merge tags of email providers in content: escaped, and to readers the same."""

import html
import re
from urllib.parse import unquote

import pytest
from hypothesis import given, strategies as st
from lxml.html import fromstring

from newsletter.providers import PROVIDERS
from newsletter.render.edition import render
from newsletter.render.merge_tags import NON_JOINER, TAG, escape_html, escape_text
from tests.render.samples import digest, post

TAGS = tuple(dict.fromkeys(tag for provider in PROVIDERS.values() for tag in provider.merge_tags))
TEXT = st.lists(st.sampled_from([*TAGS, *"%{[*|$} a0Zé&<\"'", "%20", "%C3%A9", "https://a.example/", "\n"])).map(
    "".join
)


@pytest.mark.parametrize("name", PROVIDERS)
def test_each_provider_s_tags_are_escaped_in_html_and_in_text(name: str) -> None:
    """No tag is left, also not within another, such as a `{{name}}` within `{{{name}}}`."""
    for tag in PROVIDERS[name].merge_tags:
        for escaped in (escape_html(tag), escape_text(tag), escape_text(f"https://a.example/?{tag}")):
            assert [left for left in TAGS if left in escaped] == []


@given(TEXT)
def test_the_html_means_the_same_and_has_no_tag(text: str) -> None:
    written = html.escape(text)
    escaped = escape_html(written)
    assert html.unescape(escaped) == text
    assert not re.search(TAG, escaped)
    assert escape_html(escaped) == escaped


@given(TEXT)
def test_the_text_looks_the_same_and_has_no_tag(text: str) -> None:
    escaped = escape_text(text)
    assert not re.search(TAG, escaped)
    assert unquote(escaped.replace(NON_JOINER, "")) == unquote(text)


@pytest.mark.parametrize("plain", ["100 % sure", "50%", "https://a.example/%C3%A9%20b", "a[0] {b} 3 * 4 | 5", "é%"])
def test_text_that_is_no_merge_tag_is_kept(plain: str) -> None:
    assert escape_html(plain) == escape_text(plain) == plain


def test_an_edition_has_no_tag_of_a_post_in_its_html() -> None:
    written = [html.escape(tag) for tag in TAGS]
    bodies = "".join(f'<p><a href="https://a.example/?{tag}">{tag}</a></p>' for tag in written)
    rendered = render(digest([post(1, title=" ".join(TAGS), html=bodies)]))
    assert not re.search(TAG, rendered.html)
    text = str(fromstring(rendered.html).text_content())
    assert all(text.count(tag) >= 2 for tag in TAGS), "in the title and in the body"
