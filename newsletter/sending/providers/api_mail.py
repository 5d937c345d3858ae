"""A message for an API as Django and Anymail have it."""

from collections.abc import Mapping
from email.headerregistry import Address

from anymail.message import AnymailMessage

from newsletter.domain.segments import Reader
from newsletter.mime.headers import clean_name
from newsletter.render.merge_tags import escape_text
from newsletter.sending.providers.payload import ApiMessage, SlotText, value
from newsletter.sending.providers.tracking import TRACKING


def message(mail: ApiMessage, to: list[str], slot_text: SlotText, headers: Mapping[str, str]) -> AnymailMessage:
    """Return a message to these mailboxes, with its slots filled and these header fields."""
    reply_to = [mail.reply_to] if mail.reply_to else None
    subject, text = mail.subject.render(slot_text), mail.text.render(slot_text)
    found = AnymailMessage(subject, text, mail.sender, to, reply_to=reply_to, headers=dict(headers))
    if mail.html.pieces:
        found.attach_alternative(mail.html.render(slot_text), "text/html")
    return found


def mailbox(reader: Reader) -> str:
    """Return the reader's address, with the name before it if there is one to show."""
    name = shown_name(reader)
    return str(Address(name, addr_spec=reader.address)) if name else reader.address


def shown_name(reader: Reader) -> str:
    """Return the name to show before the address; "" if not every provider could read the two together."""
    return escape_text(clean_name(reader.name)) if reader.address.isascii() else ""


def own_text(reader: Reader) -> SlotText:
    """Return a function that gives the reader's value for a slot."""
    return lambda slot: value(slot, reader)


def switch_off(message: AnymailMessage, provider: str) -> AnymailMessage:
    """Let a message for a call say that neither opens nor clicks are tracked, as far as the provider's API allows."""
    tracking = TRACKING[provider]
    if tracking.options:
        message.track_opens = message.track_clicks = False
    message.extra_headers |= tracking.call_headers
    return message
