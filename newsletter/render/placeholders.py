"""What stands in a rendered mail for a reader's own values: random words that no post can hold.

A placeholder is made of `[A-Za-z0-9-]` only, so that no escaping on the way changes it, and stands for a whole
address or for the reader's name with its fallback.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from html import escape

from newsletter.mail import Form, Letterhead, Reader, Slot, Value

PATHS: Mapping[Value, str] = {Value.UNSUBSCRIBE: "/u/", Value.PREFERENCES: "/p/"}
LONGEST_TOKEN = 120
LONGEST_NAME = 100


class Placeholders:
    """Makes placeholders for one edition and remembers what each stands for."""

    def __init__(self) -> None:
        self._secret = secrets.token_hex(8)
        self._slots: dict[str, Slot] = {}
        self._names: dict[Slot, str] = {}

    def place(self, value: Value, form: Form, fallback: str = "") -> str:
        """The placeholder for a value in a form; the same one for the same value, form and fallback."""
        slot = Slot(value, form, fallback)
        if slot not in self._names:
            name = f"x{self._secret}-{len(self._slots)}-{value}"
            self._names[slot] = name
            self._slots[name] = slot
        return self._names[slot]

    @property
    def names(self) -> tuple[str, ...]:
        """All placeholders made so far."""
        return tuple(self._slots)

    def pairs(self, *texts: str) -> tuple[tuple[str, Slot], ...]:
        """The placeholders that really stand in one of the texts."""
        return tuple((name, slot) for name, slot in self._slots.items() if any(name in t for t in texts))


def pattern(names: Iterable[str]) -> re.Pattern[str]:
    """What finds any of the placeholders (nothing, where there are none)."""
    return re.compile("|".join(re.escape(n) for n in sorted(names, key=len, reverse=True)) or r"(?!)")


def fill(text: str, placeholders: Iterable[tuple[str, Slot]], value: Callable[[Slot], str]) -> str:
    """The text with each placeholder replaced by what `value` gives for its slot, in one pass."""
    table = dict(placeholders)
    return pattern(table).sub(lambda match: value(table[match[0]]), text)


def value_of(slot: Slot, letterhead: Letterhead, reader: Reader) -> str:
    """What stands for a slot in this reader's mail, escaped for HTML where the slot is in HTML."""
    if slot.value in PATHS:
        text = f"{letterhead.site_url}{PATHS[slot.value]}{reader.token}"
    else:
        text = " ".join(reader.name.split()) or slot.fallback
    return escape(text) if slot.form is Form.HTML else text


def longest(letterhead: Letterhead) -> Reader:
    """A reader whose values are as long as they may be: what sizes are measured with."""
    return Reader(number=0, address="", token="x" * LONGEST_TOKEN, message_id="", name="ø" * LONGEST_NAME)
