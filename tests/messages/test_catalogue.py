"""The catalogue: every message in English and Norwegian, and in its document."""

import runpy
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from newsletter.messages import STAGES, MessageType, Param, render
from newsletter.messages.general import TEXT
from newsletter.messages.localized import Localized

ROOT = Path(__file__).parents[2]
TYPES = [value for stage in STAGES for value in vars(stage).values() if isinstance(value, MessageType)]
AT = datetime(2026, 2, 6, 12, tzinfo=UTC)


def sample(name: str) -> Param:
    """A value for a parameter of this name."""
    if name in ("at", "since", "until") or name.endswith("_at"):
        return AT
    if name in ("message", "cause", "problem", "first", "second"):
        return TEXT(words="a reason")
    return ("one", "two") if name.endswith("_list") else name.upper()


def messages(each: MessageType) -> list[object]:
    values = {name: sample(name) for name in each.names}
    counts = (1, 2) if each.count else (None,)
    return [each(**(values if count is None else {**values, each.count: count})) for count in counts]


def norwegian() -> Localized:
    return Localized("nb", translation.gettext, translation.ngettext, ZoneInfo("Europe/Oslo"))


@pytest.mark.parametrize("each", TYPES, ids=lambda each: each.code)
def test_a_message_is_there_in_english_and_norwegian(each: MessageType) -> None:
    for message in messages(each):
        english = str(message)
        with translation.override("nb"):
            translated = render(message, norwegian())
        assert english
        assert translated
        assert "{" not in english + translated
        if any(text.strip(" .;:–()") for text, *_ in Formatter().parse(each.english)):
            assert translated != english


@pytest.mark.parametrize("each", [each for each in TYPES if each.plural], ids=lambda each: each.code)
def test_both_forms_of_a_plural_differ(each: MessageType) -> None:
    one, several = messages(each)
    assert str(one) != str(several)
    assert each.count in each.names


def test_every_message_has_one_code_and_one_sentence() -> None:
    assert len({each.code for each in TYPES}) == len(TYPES)


def test_the_document_lists_every_message() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "messages.py"))["document"]()
    written = (ROOT / "docs" / "messages.md").read_text("utf-8")
    assert made == written, "run python -m docs.messages"
