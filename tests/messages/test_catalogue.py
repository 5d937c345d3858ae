"""The catalogue: every message in English and Norwegian, and in its document."""

import runpy
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

from django.utils import translation

from newsletter.messages import STAGES, Message, MessageType, Param, render
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


def messages(each: MessageType) -> list[Message]:
    values = {name: sample(name) for name in each.names}
    counts = (1, 2) if each.count else (None,)
    return [each(**(values if count is None else {**values, each.count: count})) for count in counts]


def norwegian() -> Localized:
    return Localized("nb", translation.gettext, translation.ngettext, ZoneInfo("Europe/Oslo"))


def fault(each: MessageType, message: Message) -> str:
    """What is wrong with a message's English or Norwegian, or an empty string."""
    english = str(message)
    with translation.override("nb"):
        translated = render(message, norwegian())
    if not english or not translated:
        return "empty"
    if "{" in english + translated:
        return f"a parameter is left: {english} / {translated}"
    has_words = any(text.strip(" .;:–()") for text, *_ in Formatter().parse(each.english))
    return f"not translated: {english}" if has_words and translated == english else ""


def test_every_message_is_there_in_english_and_norwegian() -> None:
    faults = [(each.code, fault(each, message)) for each in TYPES for message in messages(each)]
    assert len(TYPES) > 800
    assert [each for each in faults if each[1]] == []


def test_both_forms_of_a_plural_differ() -> None:
    plurals = [each for each in TYPES if each.plural]
    assert len(plurals) >= 20
    assert [each.code for each in plurals if len(set(map(str, messages(each)))) != 2] == []
    assert [each.code for each in plurals if each.count not in each.names] == []


def test_every_message_has_one_code_and_one_sentence() -> None:
    assert len({each.code for each in TYPES}) == len(TYPES)


def test_a_time_that_occurs_twice_names_which_of_both_it_is() -> None:
    times = [norwegian().instant(datetime(2026, 10, 25, hour, 30, tzinfo=UTC)) for hour in (0, 1, 2)]
    assert [time.rpartition("kl. ")[2] for time in times] == ["02.30 CEST", "02.30 CET", "03.30"]


def test_the_document_lists_every_message() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "messages.py"))["document"]()
    written = (ROOT / "docs" / "messages.md").read_text("utf-8")
    assert made == written, "run python -m docs.messages"
