"""Bodies of posts prepared for an email."""

import re
from unittest import mock

import pytest

from newsletter.render.content import content
from newsletter.render.content.content import prepare, prepare_words
from newsletter.render.content.fragment import text_of
from newsletter.render.content.images import fitted, sized
from newsletter.render.content.text import plain


def body(html: str, *, level: int = 3, whole: bool = True) -> str:
    return prepare(html, url="https://blog.example/p", title="The title", level=level, whole=whole)


def test_headings_go_below_the_headline_and_skip_no_level() -> None:
    assert body("<h1>A</h1><h4>B</h4><h1>C</h1><h6>D</h6>") == "<h4>A</h4><h5>B</h5><h4>C</h4><h5>D</h5>"


def test_a_wide_image_gets_the_columns_width_and_keeps_its_proportions() -> None:
    assert body('<p><img src="https://x.example/a.jpg" width="1104" height="600" srcset="b 2x"></p>') == (
        '<p><img src="https://x.example/a.jpg" alt="The title" width="552" height="300" '
        'style="display:block; width:100%; max-width:552px" class="picture" aria-hidden="true"></p>'
    )


def test_a_small_picture_keeps_its_size() -> None:
    assert 'width="100" height="50"' in body('<p>Text <img src="a" alt="x" width="100px" height="50"></p>')


def test_a_picture_beside_the_words_of_a_table_keeps_its_width() -> None:
    cell = '<table><tr><td><img src="a" alt="x" width="300" height="50"></td><td>Words</td></tr></table>'
    assert "style" not in body(cell)


def test_an_inline_image_of_unknown_size_is_not_enlarged() -> None:
    assert body('<p>Text <img src="a" alt="x"></p>') == '<p>Text <img src="a" alt="x"></p>'


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("port-300x200.jpg", 'width="300" height="200"'),
        ("port-1104x600.JPG?ssl=1", 'width="552" height="300"'),
        ("port-200.jpg", ""),
    ],
)
def test_a_picture_has_the_size_that_its_name_says(name: str, size: str) -> None:
    assert size in body(f'<p>Text <img src="https://x.example/{name}" alt="x"></p>')
    assert ("width" in body(f'<p>Text <img src="https://x.example/{name}" alt="x"></p>')) is bool(size)


def test_an_emoji_image_becomes_the_character() -> None:
    emoji = '<img src="https://s.w.org/images/core/emoji/15.0.3/72x72/1f600.png" alt="😀" class="wp-smiley">'
    assert body(f"<p>Hello {emoji} there <b>{emoji}</b></p>") == "<p>Hello 😀 there <b>😀</b></p>"


def test_a_linked_image_without_a_description_gets_the_title_of_the_post() -> None:
    assert 'alt="The title"' in body('<a href="https://x.example/big"><img src="a.jpg"></a>')
    assert 'alt="The title"' in body('<a href="https://x.example/big"><img src="a.jpg" alt=" "></a>')
    named_after_its_file = '<p><img src="DSC_1.jpg" alt="DSC_1"></p>'
    assert 'alt="The title"' in body(f'{named_after_its_file}<a href="https://x.example/big"><img src="a.jpg"></a>')


def test_a_link_that_shows_an_image_larger_is_hidden_from_screen_readers_if_the_image_has_no_description() -> None:
    link = '<a href="https://x.example/big.jpg?w=9"><img src="a.jpg" alt="{}"></a>'
    assert '?w=9" tabindex="-1" aria-hidden="true"><img src="a.jpg" alt="The title"' in body(link.format(""))
    assert '?w=9"><img src="a.jpg" alt="A boat"' in body(link.format("A boat"))
    assert plain(body(link.format(""))) == "<https://x.example/big.jpg?w=9>"


def test_the_first_picture_without_a_description_has_the_title_where_images_are_off() -> None:
    pictures = "".join(f'<p><img src="https://blog.example/{name}" width="800" height="600"></p>' for name in "ab")
    html = body(f'<p>Rain. <img src="https://blog.example/s" width="90" height="60" alt=""></p>{pictures}')
    small, first, second = re.findall("<img [^>]*>", html)
    assert 'alt="The title"' in first
    assert 'aria-hidden="true"' in first
    assert 'class="picture"' in first
    assert "display:block" in first
    assert "display:block" not in second
    assert 'alt=""' in second
    assert 'class="picture"' in second
    assert "aria-hidden" not in second
    assert 'alt=""' in small
    assert "class" not in small
    assert "The title" not in plain(html)


def test_a_picture_with_a_description_keeps_it_and_the_next_one_gets_none() -> None:
    first = '<p><img src="https://blog.example/a" width="800" height="600" alt="Two boats"></p>'
    html = body(first + first.replace("Two boats", ""))
    assert re.findall('alt="([^"]*)"', html) == ["Two boats", ""]


def test_a_link_without_an_address_around_an_image_is_removed() -> None:
    assert body('<p>Words <a href="https://x.example/big.jpg"><img alt="x"></a></p>') == "<p>Words </p>"


@pytest.mark.parametrize("href", ["#note", "", "https://blog.example/p"])
def test_links_within_the_page_become_text(href: str) -> None:
    assert body(f'<p>See <a href="{href}">the <b>note</b></a>.</p>') == "<p>See the <b>note</b>.</p>"


def test_other_links_stay() -> None:
    html = '<p><a href="https://x.example/?a=1&amp;b=2">x</a></p>'
    assert body(html) == html


@pytest.mark.parametrize("value", ["…", "reversed", ""])
def test_a_list_that_counts_down_says_so_validly(value: str) -> None:
    assert body(f'<ol reversed="{value}"><li>a</li></ol>') == '<ol reversed=""><li>a</li></ol>'


def test_empty_paragraphs_are_dropped() -> None:
    assert body("<p>A</p><p> </p><div><p></p></div>") == "<p>A</p>"


def test_a_shortened_post_is_marked_inside_its_last_block() -> None:
    html = "<p>A</p><ul><li>B <b>c.</b></li></ul>"
    assert body("<p>A</p>loose", whole=False) == "<p>A</p>loose\u00a0[…]"
    assert body(html, whole=False) == "<p>A</p><ul><li>B <b>c.\u00a0[…]</b></li></ul>"


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://1.bp.blogspot.com/-a/b/c/s72-c/cat.jpg", "https://1.bp.blogspot.com/-a/b/c/s800/cat.jpg"),
        ("https://1.bp.blogspot.com/-a/b/c/w640-h426/cat.jpg", "https://1.bp.blogspot.com/-a/b/c/s800/cat.jpg"),
        (
            "https://blogger.googleusercontent.com/img/b/R29/a=s72-c",
            "https://blogger.googleusercontent.com/img/b/R29/a=s800",
        ),
        (
            "https://i0.wp.com/x.example/cat.jpg?resize=150%2C150&ssl=1",
            "https://i0.wp.com/x.example/cat.jpg?ssl=1&w=800",
        ),
        ("https://x.example/s72-c/cat.jpg", "https://x.example/s72-c/cat.jpg"),
        ("https://[broken/s72/cat.jpg", "https://[broken/s72/cat.jpg"),
    ],
)
def test_a_sensible_size_from_hosts_that_make_sizes(url: str, wanted: str) -> None:
    assert sized(url) == wanted


def test_fitted() -> None:
    assert [fitted(None, 10, 552), fitted(300, None, 552), fitted(1104, 101, 552)] == [
        (552, None),
        (300, None),
        (552, 50),
    ]


@pytest.mark.parametrize(
    ("rows", "scopes"),
    [
        ("<tr><th>Year</th><th>Tonnes</th></tr><tr><td>2026</td><td>12</td></tr>", ["col", "col"]),
        ("<tr><th>Year</th><td>2026</td></tr><tr><th>Tonnes</th><td>12</td></tr>", ["row", "row"]),
        ("<tr><td></td><th>Tonnes</th></tr><tr><th>2026</th><td>12</td></tr>", ["col", "row"]),
        ('<tr><th scope="colgroup">Both</th></tr>', ["colgroup"]),
    ],
)
def test_header_cells_have_a_scope(rows: str, scopes: list[str]) -> None:
    assert re.findall('scope="([a-z]+)"', body(f"<table>{rows}</table>")) == scopes


def test_each_table_scrolls_in_one_box() -> None:
    inner = "<table><tr><td>in</td></tr></table>"
    html = body(f"<p>A</p><table><tr><td>{inner}</td></tr></table>after")
    assert html == f'<p>A</p><div class="wide" tabindex="0"><table><tr><td>{inner}</td></tr></table></div>after'


def test_code_runs_from_left_to_right() -> None:
    html = body('<pre dir="rtl"><code>print(1)</code></pre><p>Run <code>make</code>.</p>')
    assert html == '<pre dir="ltr"><code>print(1)</code></pre><p>Run <code dir="ltr">make</code>.</p>'


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ('<p align="center">* * *</p>', '<p style="text-align:center">* * *</p>'),
        (
            '<figure align="center"><img src="https://x.example/a.png" alt="" width="200"></figure>',
            (
                '<figure style="text-align:center"><img src="https://x.example/a.png" alt="" width="200" '
                'style="margin:0 auto"></figure>'
            ),
        ),
    ],
)
def test_what_is_centred_has_a_style(html: str, wanted: str) -> None:
    assert body(html) == wanted


def test_a_picture_as_wide_as_the_column_is_not_centred() -> None:
    assert "text-align" not in body('<p align="center"><img src="https://x.example/a.png" alt="" width="900"></p>')


def test_header_cells_cost_as_much_as_the_row_has_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    text = mock.Mock(wraps=text_of)
    monkeypatch.setattr(content, "text_of", text)

    def count(cells: int) -> int:
        text.reset_mock()
        body("<table><tr>" + "<th>x</th><td></td>" * cells)
        return text.call_count

    assert 0 < count(40) <= 2 * count(20)


@pytest.mark.parametrize("sign", ["★", "#", "∞"])
def test_the_sign_of_a_permanent_link_is_left_out(sign: str) -> None:
    html = f'<p>Beans travel.</p><p>\u00a0<a href="https://blog.example/p">{sign}</a></p>'
    shown = prepare(html, url="https://blog.example/p", title="The title", level=3, whole=True)
    assert shown == "<p>Beans travel.</p>"


def test_the_author_of_a_quotation_is_small() -> None:
    html = "<blockquote><p>We won.</p><p>— Ida</p></blockquote><blockquote><p>— We won.</p></blockquote>"
    shown = prepare(html, url="https://blog.example/p", title="The title", level=3, whole=True)
    assert shown == html.replace("<p>— Ida", '<p class="meta">— Ida')
    assert '<p class="meta">— Ida' in prepare_words(html, site="https://blog.example")
