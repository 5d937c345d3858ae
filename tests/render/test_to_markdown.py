"""A source's HTML as Markdown gives the same words, links and images again."""

import re
from unittest import mock

import pytest
from hypothesis import given, strategies as st

from newsletter.render.content import to_markdown as to_markdown_module
from newsletter.render.content.fragment import parse
from newsletter.render.content.markdown import markdown
from newsletter.render.content.to_markdown import to_markdown


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>x<strong>b.</strong>a<em>c</em>d</p>", "x**b.**&#97;*c*d"),
        ("", ""),
        ("<p>En <b>viktig </b>sak</p>", "En **viktig** sak"),
        ("<p>En<br>to</p><p>tre</p>", "En\\\nto\n\ntre"),
        ('<p><a href="https://a.example/x_(y)">te</a></p>', "[te](<https://a.example/x_(y)>)"),
        (
            '<figure><img src="/a.png" alt="Et hus"><figcaption>Bilde</figcaption></figure>',
            '![Et hus](/a.png "Bilde")',
        ),
        (
            '<figure><img src="/a.png" alt=""><figcaption>By <a href="https://a.example/">A</a></figcaption></figure>',
            "![](/a.png)\n\nBy [A](https://a.example/)",
        ),
        ('<p><img src="/a.png" alt="a"><br><img src="/b.png" alt="b"></p>', "![a](/a.png)\n\n![b](/b.png)"),
        (
            '<table class="button" role="presentation"><tr><td><a href="https://a.example/">A</a></td></tr></table>',
            "[A](https://a.example/){button}",
        ),
        ("<p><b><strong>a</strong></b> See!<a href='/b'>b</a></p>", "**a** See\\![b](/b)"),
        ("<h2>C #</h2><p>a__b _c_</p>", "## C \\#\n\na\\_\\_b \\_c\\_"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n* b"),
        ("<p>::: note</p>", "\\::: note"),
        ("<ul><li>En<ul><li>To</li></ul></li><li>Tre</li></ul>", "- En\n  - To\n- Tre"),
        ('<ol start="3"><li>x</li><li>y</li></ol>', "3. x\n4. y"),
        ("<blockquote><p>En</p><p>to</p></blockquote>", "> En\n>\n> to"),
        ("<pre><code>if a &lt; b:\n    x</code></pre>", "```\nif a < b:\n    x\n```"),
        ("<h1>A</h1><h2>B</h2><h3>C</h3>", "## A\n\n## B\n\n### C"),
        ("<table><tr><th>A</th><th>B</th></tr><tr><td>1|2</td></tr></table>", "| A | B |\n| --- | --- |\n| 1\\|2 |  |"),
        ("<table><tr><td><p>Only</p><p>layout</p></td></tr></table>", "Only\n\nlayout"),
        ("<p>snake_case, 5 &lt; 6, a &amp; b, 2 * 3</p>", "snake_case, 5 \\< 6, a & b, 2 \\* 3"),
        ("<p>1. januar</p><p># nei</p><p>- nei</p>", "1\\. januar\n\n\\# nei\n\n\\- nei"),
    ],
)
def test_each_element(html: str, text: str) -> None:
    assert to_markdown(html) == text


_words = st.text(st.sampled_from("ab 12.)*_#>-+=~`[]()<&;!|\\{}:"), min_size=1, max_size=12)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_inline = st.recursive(
    _words.map(_escape) | st.just('<img src="https://a.example/i.png" alt="i">') | st.just("<br>"),
    lambda inner: st.one_of(
        inner.map(lambda x: f' <a href="https://a.example/">{x}</a> '),
        st.lists(inner, min_size=1, max_size=3).map(" ".join),
    ),
    max_leaves=5,
)
_blocks = st.recursive(
    _inline.map(lambda x: f"<p>{x}</p>") | _inline.map(lambda x: f"<h2>{x}</h2>"),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda xs: "<ul>" + "".join(f"<li>{x}</li>" for x in xs) + "</ul>"),
        inner.map(lambda x: f"<blockquote>{x}</blockquote>"),
        st.lists(inner, max_size=3).map("".join),
    ),
    max_leaves=6,
)


def _text(html: str) -> str:
    return re.sub(r"\s+", "", "".join(parse(html).itertext()))


@given(_blocks)
def test_no_character_is_lost_or_read_as_markup(html: str) -> None:
    again = markdown(to_markdown(html))
    assert _text(again) == _text(html)
    if "<a" not in html:
        assert again.count("<img") == html.count("<img")


@given(_blocks)
def test_html_made_from_markdown_becomes_the_same_markdown(html: str) -> None:
    once = markdown(to_markdown(html))
    assert _text(markdown(to_markdown(once))) == _text(once)


def test_nested_tables_cost_as_much_as_they_have_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = mock.Mock(wraps=to_markdown_module._blocks)
    monkeypatch.setattr(to_markdown_module, "_blocks", blocks)

    def count(depth: int) -> int:
        blocks.reset_mock()
        to_markdown("<table><tr><td>x" * depth)
        return blocks.call_count

    assert 0 < count(16) <= 2 * count(8)
