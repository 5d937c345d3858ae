"""Which language a post is in."""

import pytest

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


@pytest.mark.parametrize(("text", "language"), [(NORWEGIAN, "nb"), (ENGLISH, "en")])
def test_plain_prose_is_told(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    "text", ["", "OK.", "2026 100 200 300 " * 20, "https://blog.example/a-long-address-in-english-words " * 5]
)
def test_too_little_is_no_language(text: str) -> None:
    assert detect(text) == ""
