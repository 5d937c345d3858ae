"""An approved email split up for a provider's API: subject, headers, text and HTML, with slots for a recipient's
values.

An API gets the same content as SMTP would send. A recipient's values are escaped for their place, and invalid ones are
found before anything is sent. Merge tags of any provider are escaped in all of it (render/merge_tags.py), and the names
of variables for a recipient's values are random: no post can refer to them.
"""

import email
import email.policy
import html
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from email.message import EmailMessage
from functools import lru_cache

from newsletter.domain.encoded_email import EncodedEmail, Piece, Recipient, Slot, SlotEncoding, SlottedText, SlotValue
from newsletter.mime.base64_parts import encode_value
from newsletter.mime.headers import clean_name, encoded_words
from newsletter.mime.message_builder import MessageBuilder
from newsletter.render.merge_tags import escape_html, escape_text
from newsletter.render.placeholders import slotted

API_FIELDS = {"from", "to", "subject", "reply-to", "date", "mime-version"}
"""Header fields for which an API has parameters, or which it writes itself; also `Content-…`."""

SlotText = Callable[[Slot], str]
"""Returns the text for a slot."""


@dataclass(frozen=True, slots=True)
class ApiMessage:
    """A message in parts; `variables` has a name for each of its slots, in order."""

    sender: str
    reply_to: str
    subject: SlottedText
    headers: tuple[tuple[str, SlottedText], ...]
    text: SlottedText
    html: SlottedText
    variables: Mapping[Slot, str]
    builder: MessageBuilder

    def check(self, recipient: Recipient) -> bytes:
        """Return the recipient's whole message. Raises InvalidRecipientValue."""
        return b"".join(self.builder.build(recipient).pieces)


def value(slot: Slot, recipient: Recipient) -> str:
    """Return a recipient's value for decoded text: escaped in HTML, plain elsewhere."""
    words = {
        SlotValue.TO: recipient.address,
        SlotValue.NAME: slot.text_for(clean_name(recipient.value_of(slot.field))),
        SlotValue.WITH_NAME: slot.text_for(clean_name(recipient.value_of(slot.field))),
        SlotValue.TOKEN: recipient.token,
        SlotValue.MESSAGE_ID: recipient.message_id,
    }[slot.value]
    if slot.value not in (SlotValue.NAME, SlotValue.WITH_NAME):
        return html.escape(words) if slot.form is SlotEncoding.HTML else words
    return escape_html(html.escape(words)) if slot.form is SlotEncoding.HTML else escape_text(words)


@lru_cache(maxsize=8)
def api_message(mail: EncodedEmail) -> ApiMessage:
    """Split a message up; the result is cached."""
    slots: dict[Slot, str] = {}
    message = _parsed(mail, slots)
    places = {mark: slot for slot, mark in slots.items()}
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    prefix = f"v{secrets.token_hex(8)}x"
    variable_slots = [slot for slot in slots if slot.value is not SlotValue.TO]
    fields = [(n, str(v)) for n, v in message.items() if n.lower() not in API_FIELDS and n[:8].lower() != "content-"]
    return ApiMessage(
        sender=str(message["From"]),
        reply_to=str(message["Reply-To"] or ""),
        subject=slotted(escape_text(str(message["Subject"] or "")), places),
        headers=tuple((name, slotted(escape_text(text), places)) for name, text in fields),
        text=slotted(escape_text(plain.get_content()) if plain else "", places),
        html=slotted(escape_html(rich.get_content()) if rich else "", places),
        variables={slot: f"{prefix}{number}" for number, slot in enumerate(variable_slots)},
        builder=MessageBuilder(mail),
    )


def _parsed(mail: EncodedEmail, slots: dict[Slot, str]) -> EmailMessage:
    """Return the parsed message with a marker in place of each slot."""
    seed = secrets.token_hex(6)

    def octets(pieces: Iterable[Piece | SlottedText]) -> bytes:
        return b"".join(piece if isinstance(piece, bytes) else marked(piece) for piece in pieces)

    def marked(slot: Slot | SlottedText) -> bytes:
        if isinstance(slot, SlottedText):
            return encoded_words(slot.render(lambda inner: marked(inner).decode()))
        mark = slots.setdefault(replace(slot, around=None), f"m{seed}x{len(slots)}m").encode()
        return mark if slot.around is None else encode_value(slot, mark)

    # To is left out: the API has a parameter for it, and a marker is not an address.
    fields = [f"{h.name}: ".encode() + octets(h.pieces) for h in mail.headers if h.name.lower() != "to"]
    raw = b"\r\n".join([*fields, b"", octets(mail.body)])
    return email.message_from_bytes(raw, policy=email.policy.default)
