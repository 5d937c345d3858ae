"""Boxes of tasks, drawings and codes of galleries."""

import pytest

from newsletter.feeds.html.clean import clean


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ('<ul><li><input type="checkbox" checked disabled> Done</li></ul>', "<ul><li>☑  Done</li></ul>"),
        ("<ul><li><INPUT disabled type=checkbox>Open</li></ul>", "<ul><li>☐ Open</li></ul>"),
        ('<p>Name <input type="text" checked></p>', "<p>Name </p>"),
    ],
)
def test_boxes_of_tasks_become_characters(html: str, wanted: str) -> None:
    assert clean(html).html == wanted


@pytest.mark.parametrize(
    "html",
    [
        '<p>a</p>[gallery ids="1,2,3"]<p>b</p>',
        '<p>a</p><p> [gallery columns="2" ids="1"] </p><p>b</p>',
        "<p>a</p>[gallery]<p>b</p>",
    ],
)
def test_a_code_of_a_gallery_is_left_out_and_counted(html: str) -> None:
    cleaned = clean(html)
    assert (cleaned.html, dict(cleaned.dropped)) == ("<p>a</p><p>b</p>", {"gallery": 1})


@pytest.mark.parametrize(
    "html", ['<p>Write [gallery ids="1"] there.</p>', "<pre>[gallery]</pre>", "<p>[gallery-like]</p>"]
)
def test_a_code_that_is_shown_stays(html: str) -> None:
    assert clean(html).html == html


def test_drawings_are_counted_but_those_that_say_nothing() -> None:
    html = '<p>a</p><svg viewBox="0 0 1 1"><text>Chart</text></svg><p><svg aria-hidden="true"></svg>b</p>'
    assert dict(clean(html).dropped) == {"drawing": 1}


@pytest.mark.parametrize("label", ["<p><b>Read more:</b></p>", "<p>Les mer:</p>"])
def test_the_label_of_a_list_of_links_stays(label: str) -> None:
    links = '<ul><li><a href="https://a.example/1">One</a></li></ul>'
    cleaned = clean(f"<p>Hello.</p>{label}{links}")
    assert label.replace("<b>", "").replace("</b>", "")[3:-4] in cleaned.text
    assert "read more" not in dict(cleaned.dropped)
    assert dict(clean(f"<p>Hello.</p>{label}").dropped) == {"read more": 1}


@pytest.mark.parametrize(
    ("html", "link"),
    [
        (
            '<p>So:</p><script src="https://gist.github.com/kari/0123456789abcdef.js"></script><p>Run it.</p>',
            '<a href="https://gist.github.com/kari/0123456789abcdef">gist.github.com/kari/0123456789abcdef</a>',
        ),
        (
            "<p>So:</p><script src='//gist.github.com/kari/0123456.js?file=tide.py' defer></script><p>Run it.</p>",
            '<a href="https://gist.github.com/kari/0123456">tide.py</a>',
        ),
        (
            '<p>So:</p><div class="gist-oembed" data-gist="kari/0123456.json?file=tide.py"></div><p>Run it.</p>',
            '<a href="https://gist.github.com/kari/0123456">tide.py</a>',
        ),
    ],
)
def test_a_gist_that_a_script_would_show_becomes_a_link(html: str, link: str) -> None:
    assert clean(html).html == f"<p>So:</p><p>{link}</p><p>Run it.</p>"


def test_other_scripts_leave_nothing() -> None:
    other = '<script src="https://gist.github.com.example/kari/0123456.js"></script>'
    assert clean(f"<p>So:</p>{other}<p>Run it.</p>").html == "<p>So:</p><p>Run it.</p>"
