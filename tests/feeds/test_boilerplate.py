"""Lines and buttons that blogs and their programs add to a post, which an email leaves out."""

import pytest
from hypothesis import given, strategies as st
from lxml import html as lxml_html

from newsletter.feeds.html import boilerplate
from newsletter.feeds.html.clean import clean
from tests.patterns import in_time

BASE = "https://blog.example/2026/02/post.html"


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


def test_a_read_more_line_behind_a_break_goes() -> None:
    assert clean('one<br><a href="/a">Read more</a>', BASE).html == "<p>one</p>"


def test_read_more_within_a_sentence_stays() -> None:
    assert "Read more" in clean('<p>Read more about it <a href="/a">here</a>.</p>', BASE).html


PARAGRAPHS = ("a", "b", "c", "A" * 40, "B" * 40)


@given(st.lists(st.sampled_from(PARAGRAPHS), max_size=30))
def test_a_run_goes_if_it_stands_directly_behind_itself_and_has_a_long_paragraph(texts: list[str]) -> None:
    kept: list[str] = []
    for text in texts:
        kept.append(text)
        for length in range(1, len(kept) // 2 + 1):
            if kept[-length:] == kept[-2 * length : -length] and any(len(each) >= 40 for each in kept[-length:]):
                del kept[-length:]
                break
    root = lxml_html.fragment_fromstring("".join(f"<p>{text}</p>" for text in texts), create_parent="div")
    assert boilerplate.drop_repeated(root) == len(texts) - len(kept)
    assert [paragraph.text for paragraph in root] == kept


@pytest.mark.parametrize(
    "piece", ["<hr>", "<p>a", "<div>a</div>", "<h2>abc</h2>", "x<br><br>", f"<p>{'a b ' * 20}</p>"]
)
def test_a_post_of_many_blocks_takes_linear_time(piece: str) -> None:
    assert in_time(lambda: clean(piece * (200_000 // len(piece)), BASE), 20)
