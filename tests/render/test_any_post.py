"""Any HTML of a cleaned post is rendered without loss, and lint finds no error."""

import nh3
from hypothesis import given, settings, strategies as st

from newsletter.domain.digest import Level
from newsletter.render.content.excerpt import excerpt
from newsletter.render.edition import render
from newsletter.render.lint import lint
from tests.render.samples import digest, post

TAGS = [
    "a", "b", "em", "code", "p", "div", "ul", "ol", "li", "table", "tr", "td", "th", "blockquote", "pre", "figure",
    "figcaption", "h1", "h3", "h6", "br", "hr", "img", "details", "dl", "dt", "dd", "q",
]  # fmt: skip
ATTRIBUTES = [
    "",
    ' href="https://x.example/a?b=1&c=2"',
    ' href="#x"',
    ' href="HTTP://É.example/ø å"',
    ' src="https://x.example/i.png" alt="q\\"',
    ' width="9999" height="3"',
    ' lang="ar" dir="rtl" title="a\nb"',
    ' colspan="3"',
]
_text = st.text(alphabet="ab \n\u00a0é<&>\"'👨𝒳{}%\\/=.", max_size=12)
_html = st.recursive(
    _text,
    lambda inner: st.tuples(st.sampled_from(TAGS), st.sampled_from(ATTRIBUTES), st.lists(inner, max_size=4)).map(
        lambda node: f"<{node[0]}{node[1]}>{''.join(node[2])}</{node[0]}>"
    ),
    max_leaves=25,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_html, max_size=4).map("".join), st.integers(1, 30))
def test_any_cleaned_post_is_rendered(html: str, words: int) -> None:
    clean = nh3.clean(html)
    beginning, whole = excerpt(clean, words)
    edition = digest([post(0, html=clean), post(1, html=beginning, whole=whole), post(2)])
    assert [f for f in lint(render(edition), edition) if f.level is Level.ERROR] == []
