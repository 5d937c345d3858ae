"""Markdown of editors."""

import pytest

from newsletter.render.content.markdown import markdown
from tests.patterns import in_time


def test_headings_begin_at_the_second_level() -> None:
    assert markdown("# A\n\n**b**") == "<h2>A</h2>\n<p><strong>b</strong></p>"


def test_raw_html_is_shown_as_written() -> None:
    assert markdown("<script>x</script>") == "<p>&lt;script&gt;x&lt;/script&gt;</p>"


def test_a_link_that_emails_can_not_contain_becomes_text() -> None:
    assert "href" not in markdown("[x](javascript:alert(1))")


def test_a_link_alone_with_the_word_button_is_a_button() -> None:
    html = markdown("Text\n\n[Read **more**](https://blog.example/){button}\n\nMore")
    assert '<p class="button"><a href="https://blog.example/">Read <strong>more</strong></a></p>' in html
    assert "{button}" not in html


@pytest.mark.parametrize(
    "text",
    [
        "Read [more](https://blog.example/){button}",
        "[More](https://blog.example/){button} now",
        "[One](https://blog.example/) [Two](https://blog.example/){button}",
        "![A cup](https://blog.example/cup.png){button}",
        "[More](https://blog.example/){red}",
        r"[More](https://blog.example/)\{button}",
    ],
)
def test_other_paragraphs_are_no_buttons(text: str) -> None:
    assert "class=" not in markdown(text)


def test_a_button_in_a_list_or_quotation() -> None:
    for text in ("- [More](https://blog.example/){button}\n\n- Text", "> [More](https://blog.example/){button}"):
        assert '<p class="button">' in markdown(text)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("See https://a.example/b_c_d.", '<p>See <a href="https://a.example/b_c_d">https://a.example/b_c_d</a>.</p>'),
        ("(https://a.example/)", '<p>(<a href="https://a.example/">https://a.example/</a>)</p>'),
        ("[A](https://a.example/)", '<p><a href="https://a.example/">A</a></p>'),
        ("[https://a.example/](https://b.example/)", '<p><a href="https://b.example/">https://a.example/</a></p>'),
        ("`https://a.example/`", "<p><code>https://a.example/</code></p>"),
        ("<https://a.example/>", '<p><a href="https://a.example/">https://a.example/</a></p>'),
        ("**https://a.example/**", '<p><strong><a href="https://a.example/">https://a.example/</a></strong></p>'),
    ],
)
def test_bare_addresses_are_links(text: str, html: str) -> None:
    assert markdown(text) == html


IMAGE = '![A cup](/images/cup.png "Its handle broke"){width=50%}'
FIGURE = (
    '<figure><img src="/images/cup.png" alt="A cup" data-width="50"><figcaption>Its handle broke</figcaption></figure>'
)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (IMAGE, FIGURE),
        ("![](/a.png)", '<figure><img src="/a.png" alt=""></figure>'),
        (
            f"[{IMAGE}](https://a.example/)",
            FIGURE.replace("<img", '<a href="https://a.example/"><img').replace("><fig", "></a><fig"),
        ),
        (f"- {IMAGE}", f"<ul>\n<li>\n{FIGURE}\n</li>\n</ul>"),
        (f"{IMAGE}\n{IMAGE}", f'<div class="row">\n{FIGURE}\n{FIGURE}\n</div>'),
        ("\n".join([IMAGE] * 3), f'<div class="row">\n{FIGURE}\n{FIGURE}\n{FIGURE}\n</div>'),
        ("\n".join([IMAGE] * 4), "\n".join([FIGURE] * 4)),
    ],
)
def test_a_paragraph_of_images_is_figures(text: str, html: str) -> None:
    assert markdown(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "![A](/a.png){width=33%}",
            '<p><img src="/a.png" alt="A">{width=33%}</p>',
        ),
        ("![A](/a.png){width=50%} b", '<p><img src="/a.png" alt="A">{width=50%} b</p>'),
        (r"![A](/a.png)\{width=50%}", '<p><img src="/a.png" alt="A">{width=50%}</p>'),
        ("![A](/a.png) b", '<p><img src="/a.png" alt="A"> b</p>'),
        ("b [![A](/a.png)](/b)", '<p>b <a href="/b"><img src="/a.png" alt="A"></a></p>'),
        ("![A](javascript:alert(1)){width=50%}", "<p>![A](javascript:alert(1)){width=50%}</p>"),
    ],
)
def test_an_image_in_a_text_stays_in_it(text: str, html: str) -> None:
    assert markdown(text) == html


@pytest.mark.parametrize("tint", ["note", "tip", "warning", "sponsor"])
def test_a_block_with_a_tint(tint: str) -> None:
    html = f'<div class="callout" data-tint="{tint}">\n<h2>A</h2>\n<ul>\n<li>b</li>\n</ul>\n</div>'
    assert markdown(f"::: {tint}\n## A\n\n- b\n:::") == html
    assert markdown(f"c\n:::{tint}\n## A\n\n- b\n:::\nd") == f"<p>c</p>\n{html}\n<p>d</p>"


def test_a_block_with_a_tint_contains_lines_of_fewer_colons() -> None:
    html = markdown(":::: tip\n```\n:::\n```\n::::")
    assert html == '<div class="callout" data-tint="tip">\n<pre><code>:::\n</code></pre>\n</div>'


@pytest.mark.parametrize(
    "text",
    [
        "::: note\nnever closed",
        "::: danger\nunknown\n:::",
        "::: note with words\nb\n:::",
        "> ::: note\n> b\n> :::",
        "- ::: note\n  b\n  :::",
        "    ::: note\n    b\n    :::",
        ":::: note\nb\n:::",
        "\\::: note\nb\n:::",
    ],
)
def test_other_lines_of_colons_are_text(text: str) -> None:
    assert "<div" not in markdown(text)
    assert ":::" in markdown(text)


def test_a_block_in_a_block_is_text() -> None:
    html = markdown("::: tip\n::: note\nb\n:::\n:::")
    assert html == '<div class="callout" data-tint="tip">\n<p>::: note\nb</p>\n</div>\n<p>:::</p>'


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/watch?v=a_b&t=1",
        "https://youtu.be/a",
        "https://vimeo.com/123",
        "https://a.example/episode%201.mp3",
        "https://youtu.be/_abcdefghi_",
        "https://a.example/*a*~~b~~.mp3",
    ],
)
def test_the_address_of_a_video_alone_is_a_card(url: str) -> None:
    address = url.replace("&", "&amp;")
    html = f'<p class="embed" data-url="{address}"><a href="{address}">{address}</a></p>'
    assert markdown(url) == markdown(f"<{url}>") == html
    assert "embed" not in markdown(f"See {url}")
    assert "embed" not in markdown(f"[A](<{url}>)")


def test_the_address_of_another_page_alone_is_a_link() -> None:
    assert markdown("https://a.example/b") == '<p><a href="https://a.example/b">https://a.example/b</a></p>'


def test_columns_of_tables_are_aligned() -> None:
    html = markdown("| a | b |\n| :-: | --- |\n| 1 | 2 |")
    assert '<th align="center">a</th>' in html
    assert "<td>2</td>" in html


@pytest.mark.parametrize(
    "piece",
    [
        "::: note\n",
        "::::::::: tip\n:::: tip\n::: tip\n",
        "![a](b)",
        "[![a](b){width=25%}](c)\n",
        "https://youtu.be/a\n\n",
    ],
)
def test_directives_take_linear_time(piece: str) -> None:
    assert in_time(lambda: markdown(piece * (200_000 // len(piece))), 20)
