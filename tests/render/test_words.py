"""Fixed text in 50 languages, English for the rest."""

import re

import pytest

from newsletter.render.edition import render
from newsletter.render.words import LANGUAGES, colon, language_of_words, words
from tests.render.samples import digest, letterhead, post

EUROPEAN_UNION = (
    *("bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr"),
    *("hu", "it", "lt", "lv", "mt", "nl", "pl", "pt", "ro", "sk", "sl", "sv"),
)
OTHERS = (
    *("nb", "nn", "is", "uk", "ru", "tr", "ar", "he", "hi", "ja"),
    *("ko", "zh-hans", "zh-hant", "vi", "th", "id", "pt-br"),
    *("ca", "gl", "af", "ms", "fa", "ur", "bn", "mr", "ta"),
)
PLACEHOLDERS = {"reason": ["{title}"], "rest": ["{count}"], "minutes": ["{count}"], "news": ["{count}", "{first}"]}

ENGLISH = [re.sub(r"\{\w+\}", "", text).strip(" ()") for text in words("en").values()]


def test_the_languages_of_the_european_union_and_more() -> None:
    assert sorted(LANGUAGES) == sorted(EUROPEAN_UNION + OTHERS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word_with_its_placeholders(language: str) -> None:
    for key, text in words(language).items():
        assert text.strip() == text != ""
        assert sorted(re.findall(r"\{\w+\}", text)) == PLACEHOLDERS.get(key, [])


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_no_text_is_in_english(language: str) -> None:
    """Short words such as "week" are the same in some languages."""
    english, here = words("en"), words(language)
    assert [key for key in english if here[key] == english[key] and len(english[key]) > 5] == []


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_the_fixed_text_of_an_edition_is_not_in_english(language: str) -> None:
    head = letterhead(language=language, design="magazine", contents="day", share=("email",))
    posts = [post(n, title=str(n), html="<p>1</p>", whole=False, source="", minutes=2, language="") for n in range(7)]
    made = render(digest(posts, letterhead=head, headlines=(post(9, title="9", html="", language=""),)))
    html = made.html.partition("<body")[2]
    for text in (html, made.text):
        assert [each for each in ENGLISH if len(each) > 5 and each in text] == []
        assert not re.search(r"\b(?:January|February|Monday|Friday|Unsubscribe|Read on)\b", text)
    assert 'lang="en"' not in html


@pytest.mark.parametrize(
    ("language", "week"),
    [
        ("de-AT", "Woche"),
        ("no", "uke"),
        ("zh", "周"),
        ("zh-CN", "周"),
        ("zh-TW", "週"),
        ("zh-Hant-HK", "週"),
        ("iw", "שבוע"),
    ],
)
def test_regions_and_scripts(language: str, week: str) -> None:
    assert words(language)["week"] == week


def test_brazil_has_words_of_its_own() -> None:
    assert (words("pt")["share"], words("pt-BR")["share"]) == ("Partilhar", "Compartilhar")


def test_other_languages_get_english_text_marked_as_english() -> None:
    assert words("sw")["week"] == "week"
    assert language_of_words("sw") == "en"
    assert language_of_words("nb-NO") == "nb-NO"
    assert language_of_words("ar") == "ar"


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "Share: Email"), ("fr-CA", "Partager\u00a0: Email"), ("ja", "共有：Email"), ("zh-Hant", "分享：Email")],
)
def test_labels_end_with_the_colon_of_their_language(language: str, expected: str) -> None:
    assert f"{words(language)['share']}{colon(language)}Email" == expected


def test_the_footer_has_the_colon_of_its_language() -> None:
    made = render(digest([post(1)], letterhead=letterhead(language="fr", share=("email",))))
    assert re.search(r"Partager(?:\u00a0|&#160;|&nbsp;): ", made.html)
    assert "Se désabonner\u00a0: " in made.text
