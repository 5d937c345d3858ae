"""MIME: a rendered mail encoded once, with slots for what is a reader's own."""

from datetime import datetime

from newsletter.mail import Letterhead, Rendered, Segments


def segments(
    rendered: Rendered, letterhead: Letterhead, *, date: datetime, list_id: str = "", feedback_id: str = ""
) -> Segments:
    """The mail in pieces. `list_id` defaults to `<newsletter>.<site's host>`; `feedback_id` "" leaves the header out.

    Body slots are `Slot(TOKEN, ASCII)` behind the literal address, and `Slot(NAME, HTML | TEXT)`; header slots are TO (HEADER),
    MESSAGE_ID (ASCII, the left part) and TOKEN (ASCII). In `letterhead.mailto_unsubscribe` "{token}" stands for the token.
    """
    raise NotImplementedError


def letter_message(
    letter: Rendered, letterhead: Letterhead, *, to: str, name: str = "", date: datetime, message_id: str
) -> bytes:
    """A letter to one person as MIME bytes with CRLF, dot-safe as `Segments` are; `message_id` is the left part."""
    raise NotImplementedError
