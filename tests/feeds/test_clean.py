"""A post's HTML made fit for a mail."""

import html as entities
import re
import time
from itertools import pairwise

import lxml.html
import pytest
from hypothesis import example, given, settings, strategies as st

from newsletter.feeds.html.clean import MAXIMUM_DEPTH, MAXIMUM_LENGTH, clean
from newsletter.feeds.html.markup import text_of

BASE = "https://blog.example/2026/02/post.html"
LONG = "A paragraph that is long enough to be told from a line of verse when it comes twice."

words = st.lists(
    st.sampled_from(["river", "stone", "{{ name }}", "100 %", "]]>", "ßæø", "हिन्दी", "‍👩‍👧", "a & b", "1 < 2"]),
    min_size=1,
    max_size=6,
)
texts = words.map(" ".join)


def _inside(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    inline = st.sampled_from(["b", "i", "em", "span", "u", "code", "sub"])
    block = st.sampled_from(["div", "p", "blockquote", "section", "li", "td", "center", "article", "h2", "a"])
    part = st.lists(children, min_size=1, max_size=3).map("".join)
    return st.builds(lambda tag, inner: f"<{tag}>{inner}</{tag}>", inline | block, part) | part


fragments = st.recursive(
    texts.map(entities.escape) | st.sampled_from(["<br>", "<br><br>", "<hr>", "<img src='/a'>", "\n", "</p>", "<p>"]),
    _inside,
    max_leaves=25,
)  # fmt: skip


def letters(text: str) -> str:
    return re.sub(r"\s", "", text)


@settings(deadline=None)
@example("<div>\n<br>river</div>")
@example("<li><section><li><br></li></section></li>")
@example("<h2><span>river<p></span>river</h2>")
@example("<h2><blockquote>river</blockquote></h2>")
@example("<h2>river<div><b><p></b></div></h2>")
@given(fragments)
def test_cleaning_what_is_clean_changes_nothing(html: str) -> None:
    once = clean(html, BASE)
    again = clean(once.html, BASE)
    assert again.html == once.html
    assert again.dropped == ()


@settings(deadline=None)
@given(fragments)
def test_text_is_kept_and_none_is_made_up(html: str) -> None:
    cleaned = clean(html, BASE)
    if not cleaned.dropped:
        assert letters(text_of(cleaned.html)) == letters(text_of(html))


@settings(deadline=None)
@given(st.text() | st.text(alphabet="<>/=\"'&;#! abpdivrlt\n-[]", max_size=200))
def test_no_text_makes_it_raise(html: str) -> None:
    assert clean(clean(html, BASE).html, BASE).html == clean(html, BASE).html


@pytest.mark.parametrize(
    "text",
    ["{{ subscriber }} {% raw %} %%name%% ${x}", "a ]]> b", "👩‍👩‍👧‍👦 🏳️‍🌈", "fine\u00a0print", "यह हिन्दी", "مرحبا",
     "שלום",      "quote \" and ' and \\", "𝒳 𐍈 𠜎", "x" * 2000],
)  # fmt: skip
def test_characters_stay_what_they_are(text: str) -> None:
    cleaned = clean(f"<p>{entities.escape(text)}</p>")
    assert lxml.html.fromstring(cleaned.html).text == text


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("loose text", "<p>loose text</p>"),
        ("one<br><br>two<br>three", "<p>one</p><p>two<br>three</p>"),
        ("<div>one<div>two</div>three</div>", "<p>one</p><p>two</p><p>three</p>"),
        ("<b><p>one</p><p>two</p></b>", "<p>one</p><p>two</p>"),
        ("<section>one</section><section>two</section>", "<p>one</p><p>two</p>"),
        ("<p></p><p>&nbsp;</p><p>one</p><p><br></p>", "<p>one</p>"),
        ("<ul><li><div>one</div><div>two</div></li></ul>", "<ul><li><p>one</p><p>two</p></li></ul>"),
        ("<blockquote>one<br><br>two</blockquote>", "<blockquote><p>one</p><p>two</p></blockquote>"),
        ("<span style='color:red'>red</span>", "<p>red</p>"),
        ("<span lang='nb'>norsk</span>", '<p><span lang="nb">norsk</span></p>'),
        ("<div dir='rtl'>שלום</div>", '<p dir="rtl">שלום</p>'),
        ("<script>alert(1)</script><style>p{}</style><p onclick='x()'>one</p>", "<p>one</p>"),
        ("<!-- hidden -->one<!--more-->", "<p>one</p>"),
        ("<pre>\n\n  a\n  b</pre>", "<pre>  a\n  b</pre>"),
        ("<table><tr><td>1</td></tr></table>", "<table><tbody><tr><td>1</td></tr></tbody></table>"),
    ],
)
def test_each_shape_becomes_one_that_a_mail_has(html: str, expected: str) -> None:
    assert clean(html, BASE).html == expected


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/a", "https://blog.example/a"),
        ("b.html", "https://blog.example/2026/02/b.html"),
        ("//other.example/", "https://other.example/"),
        ("#note", BASE + "#note"),
        ("mailto:brev@blog.example", "mailto:brev@blog.example"),
    ],
)
def test_links_are_absolute(href: str, expected: str) -> None:
    assert clean(f'<a href="{href}">x</a>', BASE).html == f'<p><a href="{expected}">x</a></p>'


@pytest.mark.parametrize(
    "href", ["", "javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "tel:1", "http://[", "file:///etc"]
)
def test_other_links_leave_their_text(href: str) -> None:
    assert clean(f'<a href="{href}">x</a>', BASE).html == "<p>x</p>"


def test_a_link_around_blocks_is_a_link_in_each() -> None:
    cleaned = clean('<a href="/a"><h3>Title</h3><p>Text</p></a>', BASE).html
    link = '<a href="https://blog.example/a">'
    assert cleaned == f"<h3>{link}Title</a></h3><p>{link}Text</a></p>"


def test_images_keep_what_tells_of_them() -> None:
    cleaned = clean('<img src="/a.png" alt="A “boat”" width="640" height="480px" onload="x()">', BASE)
    assert cleaned.html == '<p><img src="https://blog.example/a.png" alt="A “boat”" width="640" height="480"></p>'
    assert cleaned.image is not None
    assert (cleaned.image.url, cleaned.image.width) == ("https://blog.example/a.png", 640)


def test_an_image_that_a_script_would_load_is_found() -> None:
    html = '<img src="data:image/gif;base64,R0lGOD" data-src="/a.png" width="100%">'
    assert clean(html, BASE).html == '<p><img src="https://blog.example/a.png"></p>'


@pytest.mark.parametrize(
    "tracker",
    [
        '<img src="https://x.example/p.gif" width="1" height="1">',
        '<img src="https://x.example/p.gif" style="width:1px;height:1px">',
        '<a href="https://x.example/"><img src="https://feeds.feedburner.com/~r/blog/~4/abc"></a>',
    ],
)
def test_trackers_go_and_are_counted(tracker: str) -> None:
    cleaned = clean(f"<p>one</p>{tracker}", BASE)
    assert cleaned.html == "<p>one</p>"
    assert cleaned.dropped == (("tracker", 1),)


@pytest.mark.parametrize(
    "flare",
    [
        '<div class="feedflare"><a href="https://feeds.feedburner.com/~ff/blog?a=1">share</a></div>',
        '<a href="http://feeds.feedburner.com/~ff/blog?a=1"><img src="https://feeds.feedburner.com/~ff/x"></a>',
        '<div class="blogger-post-footer">from the blog</div>',
    ],
)
def test_feedflare_goes_and_is_counted(flare: str) -> None:
    cleaned = clean(f"<p>one</p>{flare}", BASE)
    assert cleaned.html == "<p>one</p>"
    assert cleaned.dropped == (("feedflare", 1),)


def test_a_caption_in_blogger_s_table_becomes_a_figure() -> None:
    picture = '<a href="/large.jpg"><img src="/a.jpg" width="320"></a>'
    table = (
        f'before<table class="tr-caption-container" align="center"><tbody><tr><td>{picture}</td></tr>'
        '<tr><td class="tr-caption">The boat</td></tr></tbody></table>after'
    )
    image = '<a href="https://blog.example/large.jpg"><img src="https://blog.example/a.jpg" width="320"></a>'
    figure = f"<figure><p>{image}</p><figcaption>The boat</figcaption></figure>"
    assert clean(table, BASE).html == f"<p>before</p>{figure}<p>after</p>"


def test_a_paragraph_directly_behind_itself_goes() -> None:
    cleaned = clean(f"<p>First.</p><p>{LONG}</p><p>{LONG.replace(' ', '  ')}</p><p>Second.</p>")
    assert cleaned.html == f"<p>First.</p><p>{LONG}</p><p>Second.</p>"
    assert cleaned.dropped == (("repeated paragraph", 1),)


def test_a_run_of_paragraphs_directly_behind_itself_goes() -> None:
    run = f"<p>{LONG}</p><p>Short.</p><p>Short.</p>"
    cleaned = clean(f"<p>First.</p>{run}{run}{run}<p>Second.</p>")
    assert cleaned.html == f"<p>First.</p>{run}<p>Second.</p>"
    assert cleaned.dropped == (("repeated paragraph", 6),)


def test_paragraphs_made_of_breaks_and_divs_are_compared_too() -> None:
    assert clean(f"<div>{LONG}<br><br>Short.</div><div>{LONG}</div><div>Short.</div>").html == (
        f"<p>{LONG}</p><p>Short.</p>"
    )


@pytest.mark.parametrize(
    "between", ["<p>Second.</p>", "<blockquote><p>Two.</p></blockquote>", "<ul><li>Two.</li></ul>", "<hr>"]
)
def test_a_paragraph_that_comes_again_later_stays(between: str) -> None:
    html = f"<blockquote><p>One.</p></blockquote><p>{LONG}</p>{between}<p>{LONG}</p>"
    cleaned = clean(html)
    assert cleaned.html == html
    assert cleaned.dropped == ()


@pytest.mark.parametrize(
    "html",
    [
        "<p>Short and again.</p><p>Short and again.</p>",
        f"<pre>{LONG}</pre><pre>{LONG}</pre>",
        f"<p>{LONG}<br>and so on</p><p>{LONG}<br>and so on</p>",
        f"<blockquote><p>{LONG}</p><p>{LONG}</p></blockquote>",
        f"<ul><li>{LONG}</li><li>{LONG}</li></ul>",
        f"<ul><li><p>{LONG}</p></li><li><p>{LONG}</p></li></ul>",
        f"<table><tbody><tr><td>{LONG}</td><td>{LONG}</td></tr></tbody></table>",
    ],
)
def test_verse_lists_and_tables_lose_nothing(html: str) -> None:
    cleaned = clean(html)
    assert cleaned.html == html
    assert cleaned.dropped == ()


@settings(deadline=None)
@given(st.lists(st.sampled_from([LONG, LONG + " And more.", "Short."]), max_size=8))
def test_no_long_paragraph_is_left_twice_in_a_row_and_each_is_left_once(paragraphs: list[str]) -> None:
    left = re.findall(r"<p>(.*?)</p>", clean("".join(f"<p>{p}</p>" for p in paragraphs)).html)
    assert set(left) == set(paragraphs)
    assert all(one != next_one or one == "Short." for one, next_one in pairwise(left))


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 200_000 + "end",
        "<b>" * 200_000 + "end",
        "<div>" * 100_000 + "end" + "</div>" * 100_000,
        "".join(f"<a href=/{i}><b title={i}><p>" for i in range(20_000)),
        "<table><tr><td>" * 20_000,
        "<a>" * 100_000 + "</b>" * 100_000,
        "&" * 900_000,
        "<" * 900_000,
        "<br>" * 100_000,
    ],
    ids=["div", "b", "closed", "adoption", "table", "stray", "ampersand", "less", "br"],
)  # fmt: skip
def test_markup_made_to_hurt_is_over_soon(html: str) -> None:
    started = time.process_time()
    cleaned = clean(html, BASE)
    assert time.process_time() - started < 5
    depth = max(
        (sum(1 for _ in e.iterancestors()) for e in lxml.html.fromstring(f"<div>{cleaned.html}</div>").iter()),
        default=0,
    )
    assert depth <= MAXIMUM_DEPTH


def test_markup_too_deep_keeps_its_text_and_says_so() -> None:
    cleaned = clean("<div>" * 1000 + "the text" + "</div>" * 1000)
    assert cleaned.html == "<p>the text</p>"
    assert "nested more than" in str(cleaned.problems[0])


def test_a_body_of_three_megabytes_is_cut_and_says_so() -> None:
    cleaned = clean("".join(f"<p>{number:04}{' one more line' * 70:989}</p>" for number in range(3_000)))
    assert len(cleaned.html) <= 1_000_000
    assert cleaned.html.endswith("</p>")
    assert "3,000,000 characters" in str(cleaned.problems[0])


def test_many_unclosed_paragraphs_are_not_deep() -> None:
    cleaned = clean("".join(f"<p>line {n}<ul><li>a<li>b</ul>" for n in range(200)))
    assert cleaned.problems == ()
    assert cleaned.html.count("<p>") == 200
    assert all(int(a) + 1 == int(b) for a, b in pairwise(re.findall(r"line (\d+)", cleaned.html)))


def test_a_post_of_a_social_network_is_a_quotation_with_its_author() -> None:
    quote = (
        '<blockquote><p lang="en">The tide is in.</p><p>— Harbour (@harbour) '
        '<a href="https://social.example/1">4 February</a></p></blockquote>'
    )
    quote = quote.replace("<blockquote>", '<blockquote class="quoted">')
    embedded = quote.replace('"quoted"', '"twitter-tweet"') + "<script>x()</script>"
    assert clean(embedded, BASE).html == quote


def test_labels_of_reddit_that_lead_to_the_post_itself_are_left_out() -> None:
    page = "https://www.reddit.com/r/boats/comments/1/tide/"
    line = (
        '<p>It turns.</p> submitted by <a href="/user/kari">/u/kari</a> <br> <span><a href="{}">[link]</a></span> '
        '<span><a href="{}">[comments]</a></span>'
    )
    said = clean(line.format(page, page), page, page)
    assert said.html == "<p>It turns.</p>"
    assert dict(said.dropped)["read more"] == 2
    assert ">[link]</a>" in clean(line.format("https://tide.example/", page), page, page).html


def test_an_image_within_its_address_leaves_room_for_the_text_behind_it() -> None:
    line = "A" * 76 + "\n"
    for file in ("image/png;base64," + "A" * MAXIMUM_LENGTH, "image/png;charset=utf-8;base64," + line * 14_000):
        cleaned = clean(f'<p>One.</p><img src="data:{file}"><p>Two.</p>')
        assert (cleaned.html, cleaned.problems) == ("<p>One.</p><p>Two.</p>", ())
