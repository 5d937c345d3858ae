"""Closes up the text around a name for readers without one: "Hei {name}!" becomes "Hei!", not "Hei !".

Text that only makes sense beside a name (the space before it, a comma, brackets around it) goes into slots of
`SlotValue.WITH_NAME`, which are empty for a subscriber without a name.
"""

import re
from collections.abc import Callable

from newsletter.domain.encoded_email import SlotEncoding, SlotValue
from newsletter.render.placeholders import Placeholders, pattern

_INLINE = r"(?:a|b|code|del|em|font|i|s|span|strong|u)"
_BLOCK = r"<(?:blockquote|br|div|h\d|li|p|td)\b[^<>]*>"
_SPACE = {SlotEncoding.HTML: r"\s", SlotEncoding.TEXT: r"[^\S\n]"}
_AFTER_TEXT = "(?:" + "|".join([r"(?<=[^\s>])", *(rf"(?<=</{t}>)" for t in ("a", "b", "em", "i", "s", "strong"))]) + ")"
_PUNCTUATION = r"[.,;:!?…)\]”»]"

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


def close_up(text: str, form: SlotEncoding, placeholders: Placeholders) -> str:
    """Return an HTML or text part in which text that depends on a name without a fallback is in slots."""
    names = [name for name, slot in placeholders.pairs(text) if slot.value is SlotValue.NAME and not slot.fallback]
    if not names:
        return text

    def with_name(literal: str) -> str:
        return placeholders.place(SlotValue.WITH_NAME, form, literal) if literal else ""

    for find, replace in _rules(pattern(names).pattern, _SPACE[form], with_name):
        text = find.sub(replace, text)
    return text


def _rules(name: str, space: str, with_name: Callable[[str], str]) -> list[Rule]:
    """Return the rules in order. After one has applied, a slot is next to the name, and no other rule applies."""
    tagged = rf"(?P<name>(?:<{_INLINE}\b[^<>]*>)*(?:{name})(?:</{_INLINE}>)*)"

    def enclosed(m: re.Match[str]) -> str:
        return f"{with_name(m['before'])}{m['name']}{with_name(m['after'])}"

    def before(m: re.Match[str]) -> str:
        return f"{with_name(m['before'])}{m['name']}"

    def after(m: re.Match[str]) -> str:
        return f"{m['start']}{m['name']}{with_name(m['after'])}"

    return [
        (re.compile(rf"(?P<before>{space}?[(\[“«]){tagged}(?P<after>[)\]”»])"), enclosed),
        # "Hei, {name}!" loses its comma where more punctuation or nothing follows; "Hei, {name} og" keeps it.
        (re.compile(rf"(?P<before>{_AFTER_TEXT}[,;:]?{space}+){tagged}(?={space}*(?:{_PUNCTUATION}|<|\n|$))"), before),
        (re.compile(rf"(?P<before>{_AFTER_TEXT}{space}+){tagged}"), before),
        # "{name}, welcome" at the beginning of a line or paragraph.
        (re.compile(rf"(?P<start>(?:^|{_BLOCK}|\n){space}*){tagged}(?P<after>[,;:]?{space}+)"), after),
    ]
