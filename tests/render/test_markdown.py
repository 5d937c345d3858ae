"""Markdown of editors."""

import pytest

from newsletter.render.content.markdown import markdown


def test_headings_begin_at_the_second_level() -> None:
    assert markdown("# A\n\n**b**") == "<h2>A</h2>\n<p><strong>b</strong></p>"


def test_raw_html_is_shown_as_written() -> None:
    assert markdown("<script>x</script>") == "<p>&lt;script&gt;x&lt;/script&gt;</p>"


def test_a_link_that_emails_can_not_contain_becomes_text() -> None:
    assert "href" not in markdown("[x](javascript:alert(1))")


def test_a_link_alone_with_the_word_button_is_a_button() -> None:
    html = markdown("Text\n\n[Read **more**](https://blog.example/){button}\n\nMore")
    assert '<table class="button" role="presentation"><tbody><tr><td><a href="https://blog.example/">' in html
    assert "Read <strong>more</strong></a></td></tr></tbody></table>" in html
    assert "{button}" not in html


@pytest.mark.parametrize(
    "text",
    [
        "Read [more](https://blog.example/){button}",
        "[More](https://blog.example/){button} now",
        "[One](https://blog.example/) [Two](https://blog.example/){button}",
        "![A cup](https://blog.example/cup.png){button}",
        "[More](https://blog.example/){red}",
    ],
)
def test_other_paragraphs_are_no_buttons(text: str) -> None:
    assert "<table" not in markdown(text)


def test_a_button_in_a_list_or_quotation() -> None:
    for text in ("- [More](https://blog.example/){button}\n\n- Text", "> [More](https://blog.example/){button}"):
        assert '<table class="button"' in markdown(text)


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
