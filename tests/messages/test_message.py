"""Messages: what they hold, how they are stored, and how they are rendered."""

import json
import pickle
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from newsletter.messages import English, Message, MessageType, Problem, from_json, from_text, render
from newsletter.messages.general import ABOUT, TEXT, size_of
from newsletter.messages.localized import Localized

POSTS = MessageType("test.posts", "{name} has {count} post", "{name} has {count} posts", count="count")
TIME = MessageType("test.time", "it was due at {at}")
LIST = MessageType("test.list", "these failed: {names}")
NOON = datetime(2026, 2, 6, 12, tzinfo=UTC)


def norwegian(sentence: str) -> str:
    return {"it was due at {at}": "den skulle gått {at}", "these failed: {names}": "disse feilet: {names}"}[sentence]


def plural(singular: str, several: str, count: float) -> str:
    return "{name} har ett innlegg" if count == 1 else "{name} har {count} innlegg"


NORWEGIAN = Localized("nb", norwegian, plural, ZoneInfo("Europe/Oslo"))


def test_a_message_is_its_english_sentence() -> None:
    assert str(POSTS(name="kinaforum", count=2)) == "kinaforum has 2 posts"


def test_one_is_singular() -> None:
    assert str(POSTS(name="kinaforum", count=1)) == "kinaforum has 1 post"


def test_a_translation_has_its_own_plural_and_numbers() -> None:
    assert render(POSTS(name="kinaforum", count=1), NORWEGIAN) == "kinaforum har ett innlegg"
    assert render(POSTS(name="kinaforum", count=1200), NORWEGIAN) == "kinaforum har 1\xa0200 innlegg"


def test_an_instant_is_shown_in_the_readers_zone() -> None:
    assert str(TIME(at=NOON)) == "it was due at 2026-02-06 12:00 UTC"
    assert render(TIME(at=NOON), English(ZoneInfo("Europe/Oslo"))) == "it was due at 2026-02-06 13:00"
    assert render(TIME(at=NOON), NORWEGIAN) == "den skulle gått 6. feb. 2026 kl. 13.00"


def test_a_list_is_joined_as_the_language_does() -> None:
    assert str(LIST(names=("a", "b", "c"))) == "these failed: a, b, c"
    assert render(LIST(names=("a", "b", "c")), NORWEGIAN) == "disse feilet: a, b og c"


def test_a_message_in_a_message_is_rendered_too() -> None:
    assert str(ABOUT(subject="check", message=TIME(at=NOON))) == "check: it was due at 2026-02-06 12:00 UTC"


def test_braces_in_a_value_are_left_alone() -> None:
    assert str(TEXT(words="{name} {0}")) == "{name} {0}"


def test_a_message_survives_json() -> None:
    message = ABOUT(subject="check", message=LIST(names=(POSTS(name="daily", count=3), TIME(at=NOON), "a", 1.5)))
    assert from_json(json.loads(json.dumps(message.to_json()))) == message
    with_nul = ABOUT(subject="a\0b", message=TEXT(words="c\0d"))
    assert str(from_json(with_nul.to_json())) == str(from_text(with_nul.to_text())) == "ab: cd"
    assert TEXT(words="c\0d").to_text() == "cd", "PostgreSQL takes no NUL"


def test_messages_are_equal_and_hashable_by_what_they_say() -> None:
    assert len({TEXT(words="a"), TEXT(words="a"), TEXT(words="b")}) == 2


def test_parameters_are_those_of_the_sentence() -> None:
    with pytest.raises(TypeError, match="takes \\['at'\\]"):
        TIME(when=NOON)


def test_a_code_is_used_once() -> None:
    with pytest.raises(ValueError, match=r"two messages with the code text"):
        MessageType("text", "something else")


def test_an_unknown_code_is_shown_as_it_is() -> None:
    assert render(Message("from.a-newer-version")) == "from.a-newer-version"


def test_a_problem_says_its_message_also_from_another_process() -> None:
    problem = pickle.loads(pickle.dumps(Problem(POSTS(name="daily", count=3))))
    assert str(problem) == "daily has 3 posts"
    assert problem.message.param("count") == 3


def test_a_type_recognises_its_messages() -> None:
    assert TEXT.matches(TEXT(words="a"))
    assert not TEXT.matches(None)
    assert not TEXT.matches(TIME(at=NOON))


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (0, "0 MB"), (999_999_999, "999 MB"), (1_000_000_000, "1.0 GB"), (123_456_789_012, "123.5 GB"),
        (2_340_000_000_000, "2,340.0 GB"),
    ],
)  # fmt: skip
def test_disk_space_is_in_gigabytes_from_a_thousand_megabytes_on(octets: int, said: str) -> None:
    assert str(size_of(octets)) == said


def test_disk_space_has_the_decimal_sign_of_the_language() -> None:
    assert render(size_of(12_300_000_000), Localized("nb", str, plural)) == "12,3 GB"
