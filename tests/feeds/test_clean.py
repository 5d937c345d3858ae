"""A post's HTML made fit for a mail."""

import html as entities
import re
import time
from itertools import pairwise

import lxml.html
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.feeds.html.clean import MAXIMUM_DEPTH, clean
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


@pytest.mark.parametrize(
    "line",
    ["Read more", "Read more »", "[Continue reading…]", "Les mer →", "Läs mer", "Læs videre", "Weiterlesen", "Leer más",
     "Lire la suite", "Leia mais", "Leggi tutto", "Lees verder", "Czytaj dalej", "Lue lisää", "Читать далее",
     "続きを読む", "और पढ़ें", "اقرأ المزيد", "ادامهٔ مطلب »", "המשך לקרוא ←", "Đọc tiếp", "อ่านต่อ", "Baca selengkapnya",
     "Llegeix més", "আরও পড়ুন", "مزید پڑھیں"],
)  # fmt: skip
def test_lone_read_more_lines_go(line: str) -> None:
    cleaned = clean(f'<p>one</p><p><a href="/a">{line}</a></p>', BASE)
    assert cleaned.html == "<p>one</p>"
    assert cleaned.dropped == (("read more", 1),)


@pytest.mark.parametrize(
    "note",
    [
        "The post {x} appeared first on {y}.", "The post {x} first appeared on {y}.",
        "Der Beitrag {x} erschien zuerst auf {y}.",
        "L’article {x} est apparu en premier sur {y}.", "La entrada {x} se publicó primero en {y}.",
        "O post {x} apareceu primeiro em {y}.", "L'articolo {x} proviene da {y}.",
        "Het bericht {x} verscheen eerst op {y}.",
        "Innlegget {x} dukket først opp på {y}.", "Indlægget {x} blev først udgivet på {y}.",
        "Inlägget {x} dök först upp på {y}.",
        "Artykuł {x} pochodzi z serwisu {y}.", "Запись {x} впервые появилась {y}.",
        "{x} yazısı ilk önce {y} üzerinde ortaya çıktı.",
        "投稿 {x} は {y} に最初に表示されました。", "{x}最先出现在{y}。", "〈{x}〉這篇文章最早發佈於《{y}》。",
        "ظهرت المقالة {x} أولاً على {y}.", "הפוסט {x} הופיע לראשונה ב-{y}.", "نوشته {x} اولین بار در {y}. پدیدار شد.",
        "Bài viết {x} đã xuất hiện đầu tiên vào ngày {y}.", "Artikel {x} pertama kali tampil pada {y}.",
        "L'entrada {x} ha aparegut primer a {y}.", "A(z) {x} bejegyzés először {y}-én jelent meg.",
        "Το άρθρο {x} εμφανίστηκε πρώτα στο {y}.", "Objava {x} pojavila se prvi puta na {y}.",
        "{x} was originally published in {y} on Medium, where people are continuing the conversation by responding.",
    ],
)  # fmt: skip
def test_a_note_on_where_a_post_appeared_first_goes(note: str) -> None:
    text = note.format(x='<a href="/a">Boats</a>', y='<a href="/">The Harbour</a>')
    cleaned = clean(f"<p>one</p><p>{text}</p>", BASE)
    assert cleaned.html == "<p>one</p>"
    assert cleaned.dropped == (("feed note", 1),)


@pytest.mark.parametrize(
    ("notes", "left"),
    [
        ('<p><span>Related: </span><a href="/b">Of boats</a></p>', ""),
        ('<p>Les også: <a href="/b">Om båter</a></p><p>Lire aussi : <a href="/c">Des bateaux</a> </p>', ""),
        (
            f'<p>submitted by <a href="https://x.example/u/lund"> /u/lund </a><br><a href="{BASE}">[link]</a></p>',
            "",
        ),
        ('<p>Related: <a href="https://x.example/b">Of boats</a></p>', "Of boats"),
        ('<p>Related: <a href="/b">Of boats</a> by Lund</p>', "by Lund"),
        ('<p>Related: <a href="/b">Of boats</a></p><p>And so on.</p>', "Of boats"),
        ("<p>It was submitted by /u/lund</p>", "/u/lund"),
    ],
)
def test_the_last_lines_that_lead_to_the_site_or_name_who_sent_a_post_go(notes: str, left: str) -> None:
    html = clean(f"<p>one</p>{notes}", BASE, BASE).html
    assert left in html if left else html == "<p>one</p>"


@pytest.mark.parametrize(
    "line",
    ["Read full article", "Read the full story on The Harbour", "Continue reading on Medium »",
     "Continue reading “Boats” →", "Read more at The Harbour"],
)  # fmt: skip
def test_a_link_that_says_where_to_read_on_goes(line: str) -> None:
    cleaned = clean(f'<p>one</p><p><a href="/a">{line}</a></p>', BASE)
    assert cleaned.html == "<p>one</p>"
    assert sum(n for _, n in cleaned.dropped) == 1


@pytest.mark.parametrize(
    "button",
    [
        '<p class="button-wrapper"><a class="primary" href="https://x.example/subscribe?">Subscribe</a></p>',
        '<p class="button-wrapper"><a href="https://x.example/p/boats?utm_content=share&amp;action=share">Share</a></p>',
        '<p class="button-wrapper"><a href="https://x.example/p/boats/comments">Leave a comment</a></p>',
        '<div class="subscription-widget-wrap"><div><p>Thanks for reading!</p><form></form></div></div>',
        (
            '<div class="captioned-button-wrap"><p>Feel free to share it.</p><p class="button-wrapper">'
            '<a href="https://x.example/p/a?action=share">Share</a></p></div>'
        ),
        '<p class="button-wrapper"><a class="button primary" href="%%checkout_url%%"><span>Subscribe</span></a></p>',
        '<p><a class="button" href="%%share_url%%">Share</a></p>',
        '<p><a href="%%half_magic_comments_url%%">Leave a comment</a></p>',
        '<p><a href="%%share_url%%">Share</a> | <a href="%%half_magic_comments_url%%">Comment</a></p>',
        '<ul><li><strong><a href="%%checkout_url%%&amp;next=x">Subscribe</a></strong></li></ul>',
        '<div><a class="button" href="https://x.example/%%checkout_url%%"><img src="/s.png"></a></div>',
    ],
)
def test_substack_s_buttons_go(button: str) -> None:
    cleaned = clean(f"<p>one</p>{button}", BASE)
    assert cleaned.html == "<p>one</p>"
    assert cleaned.dropped == (("feed note", 1),)


@pytest.mark.parametrize(
    ("html", "cleaned"),
    [
        ('<p>Please <a href="%%share_url%%">share it</a>.</p>', "<p>Please share it.</p>"),
        (
            '<p>If you like it: <a class="button" href="%%checkout_url%%">Subscribe</a></p>',
            "<p>If you like it: </p>",
        ),
        (
            '<p><a href="%%share_url%%"><img src="https://x.example/a.png" alt="Boats"></a></p>',
            '<p><img src="https://x.example/a.png" alt="Boats"></p>',
        ),
        (
            '<p><a href="https://x.example/?a=100%%20off">100%% off, says %%share_url%%</a></p>',
            '<p><a href="https://x.example/?a=100%%20off">100%% off, says %%share_url%%</a></p>',
        ),
    ],
)
def test_a_placeholder_of_substack_is_no_address(html: str, cleaned: str) -> None:
    assert clean(html, BASE).html == cleaned


@pytest.mark.parametrize(
    "html",
    [
        "<p>The post office appeared first on Main Street.</p>",
        '<p>The post was long. <a href="https://x.example/a">It</a> appeared last.</p>',
        '<p>Continue reading <a href="https://x.example/a">the report</a> for the details.</p>',
        '<p><a href="https://x.example/subscribe">Subscribe</a></p>',
    ],
)
def test_the_author_s_own_sentences_stay(html: str) -> None:
    cleaned = clean(html)
    assert cleaned.html == html
    assert cleaned.dropped == ()


def test_a_caption_in_blogger_s_table_becomes_a_figure() -> None:
    picture = '<a href="/large.jpg"><img src="/a.jpg" width="320"></a>'
    table = (
        f'before<table class="tr-caption-container" align="center"><tbody><tr><td>{picture}</td></tr>'
        '<tr><td class="tr-caption">The boat</td></tr></tbody></table>after'
    )
    image = '<a href="https://blog.example/large.jpg"><img src="https://blog.example/a.jpg" width="320"></a>'
    figure = f"<figure><p>{image}</p><figcaption>The boat</figcaption></figure>"
    assert clean(table, BASE).html == f"<p>before</p>{figure}<p>after</p>"


def test_a_read_more_line_behind_a_break_goes() -> None:
    assert clean('one<br><a href="/a">Read more</a>', BASE).html == "<p>one</p>"


def test_read_more_within_a_sentence_stays() -> None:
    assert "Read more" in clean('<p>Read more about it <a href="/a">here</a>.</p>', BASE).html


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
    cleaned = clean("<p>one more line</p>" * 150_000)
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
