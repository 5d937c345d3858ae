"""Whatever an editor writes is the same after the way from Markdown to HTML and back."""

import re

from hypothesis import example, given, strategies as st

from newsletter.render.content.fragment import parse, serialise, text_of
from newsletter.render.content.markdown import markdown
from newsletter.render.content.to_markdown import to_markdown

_characters = "ab 1.)*_#>-+=~`[]()<&;!|\\{}:\"'é"
_words = st.text(st.sampled_from(_characters), min_size=1, max_size=12).map(lambda text: " ".join(text.split()))
_words = _words.filter(lambda text: text != "").map(
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
)
_plain = st.text(st.sampled_from("abc é"), min_size=1, max_size=8).map(lambda text: " ".join(text.split())).filter(bool)
_url = st.sampled_from(
    ["https://a.example/", "https://a.example/x_(y)?b=1&amp;c=2", "mailto:a@b.example", "/images/c.png"]
)


def _marked(tag: str, inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return inner.map(lambda text: f"<{tag}>{text}</{tag}>")


_run = st.one_of(
    _words,
    *(_marked(tag, _plain) for tag in ("strong", "em", "s", "code")),
    st.builds(lambda text, url: f'<a href="{url}">{text}</a>', _plain, _url),
    st.just("{name|reader}"),
)
_line = st.lists(_run, min_size=1, max_size=4).map(" ".join)
_text = st.lists(_line, min_size=1, max_size=2).map("<br>\n".join)
_caption = st.one_of(st.just(""), _words)


def _figure(src: str, alt: str, caption: str, width: str, href: str) -> str:
    share = f' data-width="{width}"' if width else ""
    image = f'<img src="{src}" alt="{alt.replace(chr(34), "&quot;")}"{share}>'
    linked = f'<a href="{href}">{image}</a>' if href else image
    return f"<figure>{linked}{f'<figcaption>{caption}</figcaption>' if caption else ''}</figure>"


_figures = st.builds(
    _figure,
    st.sampled_from(["/images/c.png", "https://a.example/b (1).png"]).map(lambda src: src.replace(" ", "%20")),
    st.one_of(st.just(""), _words),
    _caption,
    st.sampled_from(["", "25", "50", "75"]),
    st.sampled_from(["", "https://a.example/"]),
)


def _table(rows: list[list[str]], aligns: list[str]) -> str:
    width = len(aligns)
    cells = [[*row, "", ""][:width] for row in rows]

    def line(row: list[str], tag: str) -> str:
        return "".join(
            f"<{tag}{f' align={chr(34)}{align}{chr(34)}' if align else ''}>{cell}</{tag}>"
            for cell, align in zip(row, aligns, strict=True)
        )

    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in cells[1:])
    return f"<table><thead><tr>{line(cells[0], 'th')}</tr></thead>{f'<tbody>{body}</tbody>' if body else ''}</table>"


_leaf = st.one_of(
    *(_marked(tag, _text if tag == "p" else _line) for tag in ("p", "h2", "h3")),
    _figures,
    st.lists(_figures, min_size=2, max_size=3).map(lambda all_: f'<div class="row">{"".join(all_)}</div>'),
    st.builds(lambda text, url: f'<p class="button"><a href="{url}">{text}</a></p>', _plain, _url),
    st.sampled_from(["https://youtu.be/_a_", "https://a.example/b.mp3", "https://a.example/*b*&amp;copy;.mp3"]).map(
        lambda url: f'<p class="embed" data-url="{url}"><a href="{url}">{url}</a></p>'
    ),
    st.just("<hr>"),
    st.sampled_from(["a\n  b", ":::", "::: note\n:::", "```", "{name}", "1 &lt; 2"]).map(
        lambda text: f"<pre><code>{text}\n</code></pre>"
    ),
    st.builds(
        _table,
        st.lists(st.lists(_words, min_size=1, max_size=3), min_size=1, max_size=3),
        st.lists(st.sampled_from(["", "left", "center", "right"]), min_size=1, max_size=3),
    ),
)


def _list(tag: str, start: int, items: list[list[str]]) -> str:
    number = f' start="{start}"' if tag == "ol" and start != 1 else ""
    return f"<{tag}{number}>{''.join(f'<li>{str().join(item)}</li>' for item in items)}</{tag}>"


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    paragraph = _marked("p", _text)
    item = st.lists(inner, max_size=2).flatmap(lambda more: paragraph.map(lambda first: [first, *more]))
    return st.one_of(
        st.builds(
            _list, st.sampled_from(["ul", "ol"]), st.sampled_from([1, 3]), st.lists(item, min_size=1, max_size=3)
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda all_: f"<blockquote>{''.join(all_)}</blockquote>"),
    )


_block = st.recursive(_leaf, _nested, max_leaves=4)
_callout = st.builds(
    lambda tint, blocks: f'<div class="callout" data-tint="{tint}">{"".join(blocks)}</div>',
    st.sampled_from(["note", "tip", "warning", "sponsor"]),
    st.lists(_block, min_size=1, max_size=3),
)
documents = st.lists(st.one_of(_block, _callout), max_size=5).map("".join)


_CONTENT = ("img", "br", "hr", "td", "th", "tr", "thead", "tbody", "table")


def _same(html: str) -> str:
    """Return HTML without white space between blocks, line breaks before words, empty elements, repeated
    marks, and paragraphs of items.
    """
    root = parse(html)
    for element in reversed(list(root.iter())):
        if element.tag != "pre" and next(element.iterancestors("pre"), None) is None:
            element.text = re.sub(r"\s+", " ", element.text or "")
        if next(element.iterancestors("pre"), None) is None:
            element.tail = re.sub(r"\s+", " ", element.tail or "")
        if element.tag == "code" and element.text:
            element.text = element.text.strip("\n")
        if element is root or next(element.iter(*_CONTENT), None) is not None or text_of(element):
            continue
        element.drop_tree()
    for mark in list(root.iter("em", "strong", "s")):
        if next(mark.iterancestors(mark.tag), None) is not None:
            mark.drop_tag()
    for item in root.iter("li"):
        paragraphs = [each for each in item.findall("p") if not each.attrib]
        if len(paragraphs) == 1:
            paragraphs[0].drop_tag()
    html = re.sub(r"</(s|em|strong)>(<br>\s*)<\1>", r"\2", serialise(root))
    html = re.sub(
        r" ?(</?(?:p|div|figure|figcaption|ul|ol|li|h\d|blockquote|pre|hr|table|thead|tbody|tr|td|th|br)\b[^<>]*>) ?",
        r"\1",
        html,
    ).strip()
    return re.sub(r"(<(?:p|li|div|blockquote|td|th)\b[^<>]*>)(?:<br>)+", r"\1", html)


@given(documents)
def test_html_of_an_editor_is_the_same_after_markdown(html: str) -> None:
    assert _same(markdown(to_markdown(html))) == _same(html)


_pieces = st.sampled_from([
    *_characters, "\n", "\n\n", "    ", "::: note\n", ":::\n", ":::: tip\n", "\n- ", "\n1. ", "\n> ", "\n## ",
    "```\n", "---\n", '![a](/b.png "c")', "{width=50%}", "[a](/b)", "{button}", "{name|a}", "https://youtu.be/a",
    "| a | b |\n| :-- | --- |\n", "<b>", "&amp;", "\\", "**", "~~", "`", "[![a](/b.png)](/c)",
])  # fmt: skip


@example("_*a*._")
@example("\\\n1.")
@example("https://youtu.be/a\\\\*")
@given(st.lists(_pieces, max_size=25).map("".join))
def test_any_markdown_is_the_same_after_a_second_way(text: str) -> None:
    html = markdown(text)
    written = to_markdown(html)
    assert _same(markdown(written)) == _same(html)
    assert to_markdown(markdown(written)) == written
