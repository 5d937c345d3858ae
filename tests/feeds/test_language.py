"""Which language a post is in."""

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from newsletter.feeds import language
from newsletter.feeds.language import detect

ROOT = Path(__file__).parents[2]
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")
NORWEGIAN = (
    "Det snødde hele natten, og da vi våknet var veien borte. Vi satte på kaffe, fant frem skiene og ringte til "
    "naboen, som allerede hadde vært ute en tur med hunden. Hun sa at bussen nok ikke kom før utpå dagen, og at "
    "skolen var stengt."
)
ENGLISH = (
    "It snowed all night, and when we woke up the road was gone. We put the kettle on, found our skis and called the "
    "neighbour, who had already been out with her dog."
)


@pytest.mark.parametrize(("text", "tag"), [(NORWEGIAN, "nb"), (ENGLISH, "en")])
def test_plain_prose_is_told(text: str, tag: str) -> None:
    assert detect(text) == tag


@pytest.mark.parametrize(
    "text", ["", "OK.", "2026 100 200 300 " * 20, "https://blog.example/a-long-address-in-english-words " * 5]
)
def test_too_little_is_no_language(text: str) -> None:
    assert detect(text) == ""


def test_the_model_is_loaded_once_however_many_threads_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[int] = []

    class Model:
        def predict(self, text: str, k: int) -> tuple[tuple[str], tuple[float]]:
            return ("__label__en",), (1.0,)

    @cache
    def load() -> Model:
        time.sleep(0.05)  # long enough for all of them to ask while the first loads
        loaded.append(1)
        return Model()

    monkeypatch.setattr(language, "_model", load)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(detect, [ENGLISH] * 8)) == {"en"}
    assert loaded == [1]


def site_texts(language: str, size: int) -> list[str]:
    """The texts of the public pages in a language, joined until each has about `size` characters."""
    with (ROOT / f"subscribers/locale/{language}/LC_MESSAGES/django.po").open("rb") as file:
        entries = [each for each in read_po(file) if each.id and each.string]
    joined, current = [], ""
    for entry in entries:
        translated = entry.string if isinstance(entry.string, str) else next(iter(entry.string or ()), "")
        current += " " + PLACEHOLDER.sub("", translated)
        if len(current) > size:
            joined.append(current)
            current = ""
    return joined


@pytest.mark.parametrize("language", ["nb", "nn", "da", "sv", "de", "es", "fr"])
def test_short_texts_of_the_public_pages_are_recognized(language: str) -> None:
    found = Counter(detect(text) for text in site_texts(language, 300))
    assert found[language] >= 0.9 * found.total()
    assert not set(found) - {language, ""}


def test_a_text_that_could_be_danish_or_norwegian_is_uncertain() -> None:
    assert detect("Adresse: Torggata 1, Oslo. Telefon, adresse, telefon, adresse, telefon, adresse, telefon.") == ""


def test_capitals_and_line_breaks_make_no_difference() -> None:
    assert detect(ENGLISH.replace(". ", ".\n\n").upper()) == "en"


def test_half_characters_are_ignored() -> None:
    assert detect(ENGLISH + " \ud83d \udc00") == "en"
