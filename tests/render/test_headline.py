"""Headlines for posts that have none."""

import pytest

from newsletter.render.content.headline import LONGEST, LONGEST_WHOLE, headline_of, is_torn, shortened, without_headline


@pytest.mark.parametrize(
    ("html", "headline", "all_of_it"),
    [
        ("<p>Tea at four.</p>", "Tea at four.", True),
        ("<p>Tea at four.</p><p>And cake.</p>", "Tea at four.", False),
        ('<p>See <a href="https://x.example/y">this page</a>.</p>', "See this page.", False),
        ('<p><img src="a.png" alt="A boat"></p>', "A boat", False),
        ('<p><img src="a.png" alt="A boat">Off we go</p>', "Off we go", False),
        ('<p><img src="a.png" alt=""></p>', "", False),
        ("<blockquote><p>Said somebody</p></blockquote>", "Said somebody", True),
        ("", "", True),
        ("<p>" + "word " * 30 + "</p>", "word " * 10 + "word…", False),
        ("<p>" + "word " * 20 + "</p>", ("word " * 20).strip(), True),
        ("<p>" + "word " * 20 + "</p><p>More.</p>", "word " * 10 + "word…", False),
        ('<p><img src="a.png" alt="DSC_4550"><img src="b.png" alt="A boat"></p>', "A boat", False),
        ("<p>" + "港" * 100 + "</p>", "港" * 29 + "…", False),
        (f"<p>See Dr. Lund. Then “tea.” {'Word ' * 30}</p>", "See Dr. Lund. Then “tea.”", False),
        (f"<p>So. And {'word ' * 30}</p>", "So. And " + "word " * 9 + "word…", False),
        ("<p>小船清晨离港。" + "港" * 100 + "</p>", "小船清晨离港。", False),
    ],
)
def test_the_first_words_are_a_headline(html: str, headline: str, all_of_it: bool) -> None:
    assert headline_of(html) == (headline, all_of_it)
    assert len(headline) <= (LONGEST_WHOLE if all_of_it else LONGEST)


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p>The mule walks to\n the port, and back.</p><p>It rains.</p>", "<p>…and back.</p><p>It rains.</p>"),
        ("<p>The mule walks to the port <b>slowly</b>.</p>", "<p>…<b>slowly</b>.</p>"),
        (
            '<p>The <a href="/mule">mule</a> walks to <b>the <a href="/port">port</a></b>, and <i>back</i>.</p>',
            '<p>…and <i>back</i>. (<a href="/mule">mule</a>, <a href="/port">port</a>)</p>',
        ),
        ('<p>The mule walks to <a href="/port">the port of Bergen</a>.</p>', '<p>…<a href="/port">of Bergen</a>.</p>'),
        ("<p>The mule walks to the port</p><p>It rains.</p>", ""),
        ("<h2>The mule walks to the port, and back.</h2>", ""),
        ("<p>Another mule.</p>", ""),
        ("", ""),
    ],
)
def test_a_text_goes_on_where_the_headline_that_was_made_of_it_ends(html: str, left: str) -> None:
    assert without_headline(html, "The mule walks to the port…") == (left or html)


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p>See the port.</p><p>It rains.</p>", "<p>It rains.</p>"),
        (
            '<p>See <a href="/port">the\nport</a>.</p><p>It rains.</p>',
            '<p><a href="/port">the\nport</a></p><p>It rains.</p>',
        ),
        ('<p><a href="/port">See the port.</a></p>', ""),
        ('<p><img src="a.png" alt="">See the port.</p>', '<p><img src="a.png" alt=""></p>'),
        ("<p>See the port.</p>", ""),
        ("<p>See the port. It <b>rains</b>.</p>", "<p>It <b>rains</b>.</p>"),
        ("<p>See the port.org.</p>", ""),
        ("<h1>See the <i>port</i>.</h1><p>It rains.</p>", "<p>It rains.</p>"),
        ("<h2>See the port. It rains.</h2><p>It rains.</p>", ""),
        ('<h2><a href="/port">See the port.</a></h2><p>It rains.</p>', ""),
        (
            '<p><a href="/a.mp3">Port</a></p><p>See the port. It rains.</p>',
            '<p><a href="/a.mp3">Port</a></p><p>It rains.</p>',
        ),
    ],
)
def test_a_first_paragraph_that_is_the_headline_is_not_repeated(html: str, left: str) -> None:
    assert without_headline(html, "See the port.") == (left or html)


def test_text_is_cut_between_words_without_its_last_punctuation_mark() -> None:
    assert shortened("One two, three four", 12) == "One two…"
    assert shortened("One two", 7) == "One two"


def test_a_title_is_cut_in_a_word_where_the_last_space_is_far_before() -> None:
    assert shortened("Python 3.14の" + "港" * 80) == "Python 3.14の" + "港" * 23 + "…"
    assert shortened("A " + "boat" * 40) == "A " + ("boat" * 40)[:57] + "…"


@pytest.mark.parametrize("whole", ["👨\u200d👩\u200d👧\u200d👦", "ค่า", "ใด", "क्षि", "e\u0301", "👍🏽"])
def test_a_cut_leaves_letters_and_emoji_whole(whole: str) -> None:
    for before in range(1, 8):
        assert shortened("x" * before + whole * 30, 20).removesuffix("…").removeprefix("x" * before) in (
            whole * count for count in range(20)
        )


def test_a_shortened_text_ends_with_no_word_that_leads_on() -> None:
    text = "This week’s Core Intuition is out with a discussion about the harbours"
    assert shortened(text) == "This week’s Core Intuition is out with a discussion…"


@pytest.mark.parametrize(
    ("html", "headline", "torn"),
    [
        ("<p>The mule walks to the port and rests.</p>", "The mule walks to the…", True),
        ('<p>See <a href="https://a.example/">the port</a>. It is far.</p>', "See the port.", True),
        ("<p>See the port. It is far.</p>", "See the port.", False),
        ('<p><a href="https://a.example/">The port</a></p>', "The port", False),
        ("<p>It is far.</p>", "The mule walks to the…", False),
        ("<p>It is far.</p>", "", False),
    ],
)
def test_a_headline_is_torn_from_a_text_that_goes_on_or_keeps_its_links(html: str, headline: str, torn: bool) -> None:
    assert is_torn(html, headline) == torn
