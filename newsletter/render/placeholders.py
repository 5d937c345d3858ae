"""Placeholders for recipients' values in a rendered email: random words that no post can contain.

A placeholder consists of `[A-Za-z0-9-]`, so that no escaping changes it, and is replaced with a whole address, or the
recipient's name or its fallback.

Text that only makes sense beside a name (the space before it, a comma, brackets around it) goes into slots of
`SlotValue.WITH_NAME`, which are empty for a subscriber without a name: "Hei {name}!" becomes "Hei!", not "Hei !".
"""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from html import escape

from newsletter.domain.digest import Letterhead
from newsletter.domain.encoded_email import Recipient, Slot, SlotEncoding, SlottedText, SlotValue

PATHS: Mapping[SlotValue, str] = {SlotValue.UNSUBSCRIBE: "/u/", SlotValue.PREFERENCES: "/p/"}
LONGEST_TOKEN = 120
LONGEST_NAME = 100

_INLINE = r"(?:a|b|code|del|em|font|i|s|span|strong|u)"
_BLOCK = r"<(?:blockquote|br|div|h\d|li|p|td)\b[^<>]*>"
_SPACE = {SlotEncoding.HTML: r"\s", SlotEncoding.TEXT: r"[^\S\n]", SlotEncoding.HEADER: " "}
_AFTER_TEXT = "(?:" + "|".join([r"(?<=[^\s>])", *(rf"(?<=</{t}>)" for t in ("a", "b", "em", "i", "s", "strong"))]) + ")"
_PUNCTUATION = r"[.,;:!?…)\]”»]"


class Placeholders:
    """Makes the placeholders of one edition, and remembers their slots."""

    def __init__(self) -> None:
        self._secret = secrets.token_hex(8)
        self._names: dict[Slot, str] = {}

    def place(self, value: SlotValue, form: SlotEncoding, fallback: str = "", field: str = "name") -> str:
        """Return the placeholder for a value; the same one for the same value, form, fallback and field."""
        slot = Slot(value, form, fallback, field=field)
        return self._names.setdefault(slot, f"x{self._secret}-{len(self._names)}-{value}Z")

    @property
    def names(self) -> tuple[str, ...]:
        """All placeholders made so far."""
        return tuple(self._names.values())

    def pairs(self, *texts: str) -> tuple[tuple[str, Slot], ...]:
        """Return the placeholders that are used in one of the texts, with their slots."""
        return tuple((name, slot) for slot, name in self._names.items() if any(name in text for text in texts))


def pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that matches any of the placeholders (nothing if there are none)."""
    return re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))) or r"(?!)")


def slotted(text: str, placeholders: Mapping[str, Slot]) -> SlottedText:
    """Return the text in pieces, with the slot of each placeholder in its place."""
    pieces = re.split(f"({pattern(placeholders).pattern})", text)
    return SlottedText(tuple(placeholders.get(piece, piece) for piece in pieces if piece))


def fill(text: str, placeholders: Iterable[tuple[str, Slot]], value: Callable[[Slot], str]) -> str:
    """Return the text with each placeholder replaced by the `value` of its slot, in one pass."""
    table = dict(placeholders)
    return pattern(table).sub(lambda match: value(table[match[0]]), text)


def value_of(slot: Slot, letterhead: Letterhead, recipient: Recipient) -> str:
    """Return this recipient's value for a slot, escaped in HTML."""
    if slot.value in PATHS:
        address = f"{letterhead.site_url}{PATHS[slot.value]}{recipient.token}"
        return escape(address) if slot.form is SlotEncoding.HTML else address
    return name_for(slot, recipient.value_of(slot.field))


def name_for(slot: Slot, value: str = "") -> str:
    """Return a field's value, or what an editor wrote for recipients without one, escaped in HTML."""
    text = slot.text_for(" ".join(value.split()))
    return escape(text) if slot.form is SlotEncoding.HTML else text


def longest(letterhead: Letterhead) -> Recipient:
    """Return a recipient with the longest possible values, with which sizes are measured."""
    values = dict.fromkeys(letterhead.fields, "ø" * LONGEST_NAME)
    return Recipient(0, "", "x" * LONGEST_TOKEN, "", "ø" * LONGEST_NAME, values=values)


def close_up(text: str, form: SlotEncoding, placeholders: Placeholders) -> str:
    """Return a part or a line in which text that depends on a value without a fallback is in slots."""
    without_fallback: dict[str, list[str]] = {}
    for name, slot in placeholders.pairs(text):
        if slot.value is SlotValue.NAME and not slot.fallback:
            without_fallback.setdefault(slot.field, []).append(name)
    for field, names in without_fallback.items():
        text = _close_up(text, form, placeholders, field, names)
    return text


def _close_up(text: str, form: SlotEncoding, placeholders: Placeholders, field: str, names: Iterable[str]) -> str:
    def with_value(literal: str) -> str:
        return placeholders.place(SlotValue.WITH_NAME, form, literal, field) if literal else ""

    def in_slots(match: re.Match[str]) -> str:
        return f"{match['start']}{with_value(match['before'])}{match['name']}{with_value(match['after'])}"

    for beside_name in _beside_name(pattern(names).pattern, _SPACE[form]):
        text = beside_name.sub(in_slots, text)
    return text


def _beside_name(name: str, space: str) -> list[re.Pattern[str]]:
    """Return patterns of a name with the text that depends on it, in order.

    After one has matched, a slot is next to the name, and no other one matches.
    """
    tagged = rf"(?P<name>(?:<{_INLINE}\b[^<>]*>)*(?:{name})(?:</{_INLINE}>)*)"
    return [
        re.compile(rf"(?P<start>)(?P<before>{space}?[(\[“«]){tagged}(?P<after>[)\]”»])"),
        # "Hei, {name}!" loses its comma where more punctuation or nothing follows; "Hei, {name} og" keeps it.
        re.compile(
            rf"(?P<start>)(?P<before>{_AFTER_TEXT}[,;:]?{space}+){tagged}(?P<after>)(?={space}*(?:{_PUNCTUATION}|<|\n|$))"
        ),
        re.compile(rf"(?P<start>)(?P<before>{_AFTER_TEXT}{space}+){tagged}(?P<after>)"),
        # "{name}, welcome" at the beginning of a line or paragraph.
        re.compile(rf"(?P<start>(?:^|{_BLOCK}|\n){space}*)(?P<before>){tagged}(?P<after>[,;:]?{space}+)"),
    ]
