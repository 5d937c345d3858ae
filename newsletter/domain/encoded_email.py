"""An email encoded once for all recipients, with slots for each recipient's values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from newsletter.config.email_addresses import mailbox_domain


class SlotValue(StrEnum):
    """What differs between recipients: a value of a field such as the name, text that depends on that value, or a whole
    URL, header field or id.
    """

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

    `field` is the key of the field whose value it is. With `SlotValue.WITH_NAME`, `fallback` is text that only
    recipients with a value see. In a part in base64, `around`
    is the text before and behind the value, which is encoded with it; None in quoted-printable and in header fields.
    """

    value: SlotValue
    form: SlotEncoding
    fallback: str = ""
    around: tuple[str, str] | None = None
    field: str = "name"

    def text_for(self, value: str) -> str:
        """Return the text of a NAME or WITH_NAME slot for a recipient with this value ("" for none)."""
        if self.value is SlotValue.WITH_NAME:
            return self.fallback if value else ""
        return value or self.fallback


Piece = bytes | Slot
NO_VALUES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class SlottedText:
    """Text in pieces, with slots between them. In a header field, it is encoded as a whole for each recipient."""

    pieces: tuple[str | Slot, ...]

    @property
    def has_slots(self) -> bool:
        """Whether the text differs between recipients."""
        return any(isinstance(piece, Slot) for piece in self.pieces)

    def render(self, slot_text: Callable[[Slot], str]) -> str:
        """Return the text with each slot replaced."""
        return "".join(piece if isinstance(piece, str) else slot_text(piece) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Header:
    """A header field: its name, and its folded value without the final CRLF."""

    name: str
    pieces: tuple[Piece | SlottedText, ...]


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

    @property
    def fields(self) -> frozenset[str]:
        """The keys of the fields other than the name whose values it has places for."""
        pieces: list[bytes | str | Slot] = list(self.body)
        for piece in (piece for header in self.headers for piece in header.pieces):
            pieces += piece.pieces if isinstance(piece, SlottedText) else (piece,)
        return frozenset(piece.field for piece in pieces if isinstance(piece, Slot)) - {"name"}


class Recipient(NamedTuple):
    """A recipient and one attempt to deliver to them.

    `number` is the recipient's number in the edition's audience, `attempt` counts from 1, `token` is in the links of
    this recipient's message, `message_id` is the left part of its Message-ID, `return_path` the envelope sender ("" for
    the newsletter's own address). `values` are those of the fields that the email has places for, by their keys.
    """

    number: int
    address: str
    token: str
    message_id: str
    name: str = ""
    attempt: int = 1
    return_path: str = ""
    values: Mapping[str, str] = NO_VALUES

    def value_of(self, field: str) -> str:
        """Return the value of a field by its key, "" for none."""
        return self.name if field == "name" else self.values.get(field, "")

    @property
    def domain(self) -> str:
        """The domain of the address by which limits count; see `mailbox_domain`."""
        return mailbox_domain(self.address.rpartition("@")[2])
