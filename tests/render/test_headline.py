"""Headlines for posts that have none."""

import pytest

from newsletter.render.content.headline import LONGEST, headline_of, shortened


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
        ("<p>" + "港" * 100 + "</p>", "港" * 59 + "…", False),
    ],
)
def test_the_first_words_are_a_headline(html: str, headline: str, all_of_it: bool) -> None:
    assert headline_of(html) == (headline, all_of_it)
    assert len(headline) <= LONGEST


def test_text_is_cut_between_words_without_its_last_punctuation_mark() -> None:
    assert shortened("One two, three four", 12) == "One two…"
    assert shortened("One two", 7) == "One two"
