"""Lines of an editor, such as a subject, with values of subscribers: `{name|reader}`, and those of the own fields.

Pages and lists have the line as somebody without values reads it; an email has the recipient's own.
"""

from collections.abc import Collection

from newsletter.domain.encoded_email import Recipient, Slot, SlotEncoding, SlottedText, SlotValue
from newsletter.mime.headers import one_line
from newsletter.mime.message_builder import line_for
from newsletter.render.placeholders import Placeholders, close_up, slotted
from newsletter.render.scope import Scope, with_placeholders


def with_slots(text: str, fields: Collection[str]) -> SlottedText:
    """Return a line with a slot for each value, and for text that depends on one."""
    placeholders = Placeholders()
    marked = with_placeholders(one_line(text), Scope(placeholders, SlotEncoding.HEADER, fields), str)
    closed = close_up(marked, SlotEncoding.HEADER, placeholders)
    return slotted(closed, dict(placeholders.pairs(closed)))


def without_values(text: SlottedText) -> str:
    """Return a line as somebody without values reads it."""
    return line_for(text, Recipient(0, "", "", ""))


def for_recipient(text: str, fields: Collection[str], recipient: Recipient) -> str:
    """Return a line with a recipient's values."""
    return line_for(with_slots(text, fields), recipient)


def without_fallback(text: str, fields: Collection[str]) -> list[str]:
    """Return the fields whose value a line has without words for who has none."""
    slots = [piece for piece in with_slots(text, fields).pieces if isinstance(piece, Slot)]
    return [slot.field for slot in slots if slot.value is SlotValue.NAME and not slot.fallback]
