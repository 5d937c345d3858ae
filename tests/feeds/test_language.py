"""Which language a post is in."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest

from newsletter.feeds import language
from newsletter.feeds.language import detect

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
        def classify(self, text: str) -> tuple[str, float]:
            return "en", 1.0

    @cache
    def load() -> Model:
        time.sleep(0.05)  # long enough for all of them to ask while the first loads
        loaded.append(1)
        return Model()

    monkeypatch.setattr(language, "_detector", load)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(detect, [ENGLISH] * 8)) == {"en"}
    assert loaded == [1]
