"""The line that stands for a post where an edition is brief."""

import pytest

from newsletter.render.edition import render
from tests.render.samples import digest, letterhead, post
from tests.render.trees import TEXT, WIDE, rendered, texts


def test_a_brief_edition_has_a_headline_and_a_line_for_each_post() -> None:
    html = f"<h2>Part one</h2><p>{WIDE}</p><p>The <a href='https://a.example'>mule</a> walks. " + "It is slow. " * 20
    tree = rendered([post(0, html=html + "</p>")], design="brief", meta=())
    (line,) = texts(tree, "line")
    assert line.startswith("The mule walks. It is slow.")
    assert line.endswith("slow.")
    assert len(line) <= 160
    assert list(tree.iter("img")) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"{'One two. ' * 10}{'Long ' * 60}", ("One two. " * 10).strip()),
        (f"Short. {'long ' * 40}end. And more. {'x ' * 99}", f"Short. {'long ' * 40}end."),
        ("long " * 99, "long " * 30 + "long…"),
        (f"Short. {'long ' * 20}end, and {'long ' * 99}", f"Short. {'long ' * 20}end…"),
        (f"Short. {'long ' * 20}end: one, {'long ' * 99}", f"Short. {'long ' * 20}end…"),
        (f"Short. {'long ' * 20}(one, {'long ' * 99})", f"Short. {'long ' * 19}long…"),
        (f"{'long ' * 20}end.Next one {'long ' * 99}", f"{'long ' * 20}end."),
        (f"Short. {'x' * 130}. A long {'x' * 300}", f"Short. {'x' * 130}."),
    ],
)
def test_the_line_of_a_brief_post_ends_with_a_sentence_if_one_ends_near(text: str, wanted: str) -> None:
    assert texts(rendered([post(0, html=f"<p>{text}</p>")], design="brief", meta=()), "line") == [wanted]


def test_the_line_of_a_post_that_begins_with_a_quotation_and_a_list_has_no_marks() -> None:
    html = (
        "<blockquote><p>It leaks.</p></blockquote><ul><li>Eleven want a hall</li><li><p>Seven want flats</p></li></ul>"
    )
    assert texts(rendered([post(0, html=html)], design="brief", meta=()), "line") == [
        "It leaks. Eleven want a hall · Seven want flats"
    ]


def test_the_line_of_a_post_has_no_marks_of_footnotes_and_dots_between_lists() -> None:
    html = '<ul><li>One</li></ul><h2>More</h2><ol><li>Two<sup><a href="#fn1">1</a></sup> <a href="#r1">↩</a></li></ol>'
    assert texts(rendered([post(0, html=html)], design="brief", meta=()), "line") == ["One · Two"]


SHUT = "The port stays shut " * 3
VOICE = "We are led up the quay by the voice of " * 2 + "Dr. Lund. It rains."


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        (f"<p>{SHUT * 2}until May</p>{TEXT * 3}", f"{SHUT * 2}until May"),
        (f"<p>A short beginning</p><p>{SHUT}</p>{TEXT * 3}", f"A short beginning · {SHUT}"),
        (f"<p>{VOICE} {'Rain ' * 20}</p>", VOICE),
        ('<p><a href="https://blog.example/talk">Comments</a></p>', "Comments"),
    ],
)
def test_the_line_of_a_post_joins_no_paragraphs_and_ends_at_no_abbreviation(html: str, wanted: str) -> None:
    tree = rendered([post(0, html=html)], design="brief", meta=())
    assert texts(tree, "line") == [wanted.strip()]


def test_the_line_of_a_post_announces_nothing_that_is_left_out() -> None:
    html = f"<p>Rev. Lund and Gov. Hay say it {'often ' * 9} these days:</p><blockquote>{TEXT * 5}</blockquote>"
    (line,) = texts(rendered([post(0, html=html)], design="brief", meta=()), "line")
    assert line.endswith("often these days…")


@pytest.mark.parametrize(
    ("duration", "label"), [("<br>1 h 2 min", "▶\u00a01\u00a0t\u00a02\u00a0min"), ("", "▶\u00a0Lytt")]
)
def test_a_recording_has_a_link_behind_the_line(duration: str, label: str) -> None:
    address = "https://blog.example/40.mp3"
    episode = post(0, html=f'<p><a href="{address}">Salt</a>{duration}</p>{TEXT * 9}')
    tree = rendered([episode], design="brief")
    (link,) = [link for link in tree.iter("a") if link.get("href") == address]
    assert link.text == label
    head = letterhead(design="brief")
    assert f"\n{label}: {address}\n" in render(digest([episode], letterhead=head)).text


@pytest.mark.parametrize(
    ("html", "line", "text"),
    [
        (
            '<p><a href="https://forum.example/1">Comments</a></p>',
            "Comments",
            "Comments: https://forum.example/1",
        ),
        (
            '<p><a href="https://youtu.be/x1">▶ Boats</a></p><p>Of boats</p>',
            "Of boats · ▶ Se videoen",
            "▶ Se videoen: https://youtu.be/x1",
        ),
        ("<p>Of boats</p>", "Of boats", "Of boats"),
        ("<p>Of boats.</p>", "Of boats.", "Of boats."),
        (
            '<p><a href="https://blog.example/b.mp3">Salt</a>, and tea</p><p>Of boats.</p>',
            "Of boats. ▶ Lytt",
            "Of boats.",
        ),
    ],
)
def test_what_stands_behind_the_line_of_a_post_is_set_apart(html: str, line: str, text: str) -> None:
    posts = [post(0, html=html)]
    (shown,) = texts(rendered(posts, design="brief"), "line")
    assert " ".join(shown.split()) == line
    assert texts(rendered(posts, design="brief"), "meta") == ["6. februar"]
    written = render(digest(posts, letterhead=letterhead(design="brief"))).text
    assert text in written.replace("\u00a0", " ").split("\n")


def test_the_line_of_a_post_goes_on_where_its_title_ends() -> None:
    notes = [
        post(0, title="The mule walks to…", html=TEXT),
        post(1, title="It takes a week.", html="<p>It takes a week.</p>"),
    ]
    assert texts(rendered(notes, design="brief", meta=()), "line") == ["…the port. It takes a week."]
