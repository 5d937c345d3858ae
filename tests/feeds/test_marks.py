"""Marks that a style makes, lists in lists, and numbered code."""

import pytest

from newsletter.feeds.html.clean import clean


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ('<p><span style="font-weight:bold">Boat</span></p>', "<p><strong>Boat</strong></p>"),
        ('<p><span style="color:red; font-weight: 700">Boat</span></p>', "<p><strong>Boat</strong></p>"),
        ('<p><font style="font-style:italic">Boat</font></p>', "<p><em>Boat</em></p>"),
        ('<p><span style="text-decoration: underline line-through">Boat</span></p>', "<p><s>Boat</s></p>"),
        (
            '<p>a<span style="font-weight:bold;font-style:italic"> b <i>c</i></span> d</p>',
            "<p>a<em><strong> b <i>c</i></strong></em> d</p>",
        ),
        ('<p><span style="font-weight:normal">Boat</span></p>', "<p>Boat</p>"),
        ('<p><span style="font-weight:400">Boat</span></p>', "<p>Boat</p>"),
    ],
)
def test_text_that_a_style_marks_stays_marked(html: str, wanted: str) -> None:
    cleaned = clean(html).html
    assert cleaned == wanted or cleaned == wanted.replace("<em><strong>", "<strong><em>").replace(
        "</strong></em>", "</em></strong>"
    )
    assert clean(cleaned).html == cleaned


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("<ol><li>1</li><ol><li>a</li></ol><li>2</li></ol>", "<ol><li>1<ol><li>a</li></ol></li><li>2</li></ol>"),
        ("<ul><ul><li>a</li></ul></ul>", "<ul><li><ul><li>a</li></ul></li></ul>"),
        ("<ol><li>1</li><ul><li>a</li></ul></ol>", "<ol><li>1<ul><li>a</li></ul></li></ol>"),
    ],
)
def test_a_list_in_a_list_is_part_of_an_item(html: str, wanted: str) -> None:
    cleaned = clean(html).html
    assert cleaned.replace("<p>", "").replace("</p>", "") == wanted
    assert clean(cleaned).html == cleaned


def test_code_beside_the_numbers_of_its_lines_stands_alone() -> None:
    table = "<table><tr><td><pre>1\n2\n</pre></td><td><pre><code>a = 1\nb = 2\n</code></pre></td></tr></table>"
    cleaned = clean(f"<p>See</p>{table}")
    assert cleaned.html == "<p>See</p><pre><code>a = 1\nb = 2\n</code></pre>"
    assert cleaned.dropped == (("line numbers", 1),)


def test_a_table_of_numbers_stays() -> None:
    table = "<table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
    assert clean(table).html == table


def test_text_behind_a_list_in_a_list_stays() -> None:
    assert "Behind" in clean("<ol><li>1</li><ul><li>a</li></ul>Behind</ol>").html


def test_text_beside_numbered_code_stays() -> None:
    table = "<table><tr><td>1</td><td><pre>a = 1</pre>Behind</td></tr></table>"
    assert "Behind" in clean(table).html


IMAGE = '<img src="https://x.example/a.png">'


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ('<p style="text-align: center">* * *</p><p>On</p>', '<p align="center">* * *</p><p>On</p>'),
        ('<h2 class="has-text-align-center">Part</h2>', '<h2 align="center">Part</h2>'),
        ('<center>A<div style="text-align:left">B</div></center>', '<p align="center">A</p><p>B</p>'),
        (f'<div class="separator" style="text-align: center">{IMAGE}</div>', f'<p align="center">{IMAGE}</p>'),
        (f'<p>{IMAGE.replace("src", "class=aligncenter src")}</p>', f'<p align="center">{IMAGE}</p>'),
        ('<p align="right">A</p><p style="text-align: justify">B</p>', "<p>A</p><p>B</p>"),
        (
            '<table><tr><td align="right">1</td><td style="text-align: center">b</td></tr></table>',
            '<table><tbody><tr><td align="right">1</td><td align="center">b</td></tr></tbody></table>',
        ),
    ],
)  # fmt: skip
def test_what_is_centred_stays_centred(html: str, wanted: str) -> None:
    assert clean(html).html == wanted
    assert clean(wanted).html == wanted
