"""Editors' Markdown: its samples, its tokens, and what must hold for the HTML of any text."""

import re

from newsletter.render.content.boxes import email_form
from newsletter.render.content.content import prepare_words
from newsletter.render.content.fragment import parse
from newsletter.render.content.markdown import markdown
from newsletter.render.content.text import plain
from newsletter.render.content.to_markdown import to_markdown
from newsletter.render.editor_html import editor_html

SAMPLES = (
    b'Hei {name|venn}!\n\n![A](/a.png "B"){width=50%}\n\n![A](/a.png)\n[![B](/b.png)](https://a.example/)\n',
    b"::: note\n## A\n\n- b\n- c\n\n[More](https://a.example/){button}\n:::\n\nhttps://youtu.be/a\n",
    b":::: sponsor\n```\n:::\n```\n\n| a | b |\n| :-: | --: |\n| 1 | 2 |\n::::\n\n---\n\n> https://a.example/b.mp3\n",
)
TOKENS = (
    b"::: note\n", b":::\n", b"::::::::: tip\n", b":::", b"::: x\n", b"{width=25%}", b"{width=", b"{button}", b"{name}",
    b"{name|", b"}", b"![", b"](", b")", b'"', b"'", b"<script>", b"<img src=x onerror=x>", b"javascript:", b"data:",
    b"JaVaScRiPt&colon;", b"&#106;", b"&amp;", b"\\", b"`", b"```\n", b"| ", b"\n| --- |\n", b"\n", b"\n\n", b"    ",
    b"> ", b"- ", b"1. ", b"*", b"_" * 9, b"~~", b"https://youtu.be/a", b"https://[::1", b"https://a.example/b.mp3",
    b"<https://", b"[a]: javascript:x\n", b"[a]", b"\0", b"\xff", b"\xee\x80\x80", b"\xee\x80\x821\xee\x80\x83",
    b"\xe2\x80\xae", b"[" * 300, b"> " * 100, b"![a](b)" * 50, b"::: tip\n" * 50, b"---\n", b'data-url="',
    b'" onclick="x',
)  # fmt: skip
_ATTRIBUTES = re.compile(
    r"href|src|alt|title|class|start|align|data-(?:width|tint|url|token)|style|width|height|role|border|cellpadding"
    r"|cellspacing|valign|scope|tabindex|dir|lang|aria-hidden"
)
_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_ELEMENTS = {
    *("a", "blockquote", "br", "code", "del", "div", "em", "figcaption", "figure", "h2", "h3", "h4", "hr", "img", "li"),
    *("ol", "p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}


def tried(data: bytes) -> None:
    """Make every form of a text, and check that each is safe."""
    text = data.decode("utf-8", "replace")
    html = markdown(text)
    email = prepare_words(email_form(html, "en"), site="https://site.example", play="https://site.example/play.png")
    for made in (html, email, editor_html(text)):
        _check_safe(made)
    plain(email)
    _check_safe(markdown(to_markdown(html)))


def _check_safe(html: str) -> None:
    for element in parse(html).iterdescendants():
        assert element.tag in _ELEMENTS, element.tag
        for name, value in element.attrib.items():
            assert _ATTRIBUTES.fullmatch(name), name
            scheme = _SCHEME.match(value) if name in ("href", "src", "data-url") else None
            assert scheme is None or scheme[1].lower() in ("http", "https", "mailto", "tel"), value
