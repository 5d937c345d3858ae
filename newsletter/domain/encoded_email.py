"""An email encoded once for all recipients, with slots for each recipient's values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from newsletter.config.email_addresses import mailbox_domain


class SlotValue(StrEnum):
    """What differs between recipients: a name, text that depends on the name, or a whole URL, header field or id."""

    TO = "to"
    NAME = "name"
    WITH_NAME = "with-name"
    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    MESSAGE_ID = "message-id"
    TOKEN = "token"  # noqa: S105 - the name of a value, not one


class SlotEncoding(StrEnum):
    """Where a value is inserted, and so how it is escaped; HTML and TEXT are also encoded as their part is."""

    ASCII = "ascii"
    HEADER = "header"
    HTML = "html"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in an email for a recipient's value; `fallback` is inserted if the recipient has none.

    With `SlotValue.WITH_NAME`, `fallback` is text that only recipients with a name see. In a part in base64, `around`
    is the text before and behind the value, which is encoded with it; None in quoted-printable and in header fields.
    """

    value: SlotValue
    form: SlotEncoding
    fallback: str = ""
    around: tuple[str, str] | None = None

    def text_for(self, name: str) -> str:
        """Return the text of a NAME or WITH_NAME slot for a recipient with this name ("" for none)."""
        if self.value is SlotValue.WITH_NAME:
            return self.fallback if name else ""
        return name or self.fallback


Piece = bytes | Slot


@dataclass(frozen=True, slots=True)
class Header:
    """A header field: its name, and its folded value without the final CRLF."""

    name: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class EncodedEmail:
    """An encoded email: header fields in order, then the body with CRLF line ends, in quoted-printable or base64.

    The pieces joined, with each slot replaced by the recipient's encoded value, are the message for DATA without the
    final dot (RFC 5321 4.5.2): no line is over 998 octets or begins with a dot.
    """

    headers: tuple[Header, ...]
    body: tuple[Piece, ...]
    sender: str
    message_id_domain: str


class Recipient(NamedTuple):
    """A recipient and one attempt to deliver to them.

    `number` is the recipient's number in the edition's audience, `attempt` counts from 1, `token` is in the links of
    this recipient's message, `message_id` is the left part of its Message-ID, `return_path` the envelope sender ("" for
    the newsletter's own address).
    """

    number: int
    address: str
    token: str
    message_id: str
    name: str = ""
    attempt: int = 1
    return_path: str = ""

    @property
    def domain(self) -> str:
        """The domain of the address by which limits count; see `mailbox_domain`."""
        return mailbox_domain(self.address.rpartition("@")[2])
