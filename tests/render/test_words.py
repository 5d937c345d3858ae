"""Fixed words in eight languages, English for the rest."""

import pytest

from newsletter.render.words import LANGUAGES, language_of_words, words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(language: str) -> None:
    assert all(words(language).values())
    assert "{title}" in words(language)["reason"]


def test_a_region_does_not_matter() -> None:
    assert words("de-AT")["week"] == "Woche"
    assert words("no")["week"] == words("nb")["week"] == "uke"


def test_others_get_english_words_and_it_is_said() -> None:
    assert words("ar")["week"] == "week"
    assert language_of_words("ar") == "en"
    assert language_of_words("nb-NO") == "nb-NO"
