"""An edition as one reader, or anybody, sees it."""

from datetime import datetime

from newsletter.mail import Letterhead, Reader, Rendered


def reader_html(rendered: Rendered, letterhead: Letterhead, reader: Reader) -> str:
    """The HTML with this reader's links and name."""
    raise NotImplementedError


def reader_text(rendered: Rendered, letterhead: Letterhead, reader: Reader) -> str:
    """The text with this reader's links and name."""
    raise NotImplementedError


def reader_mail(rendered: Rendered, letterhead: Letterhead, reader: Reader, date: datetime) -> bytes:
    """The whole mail, as an .eml file."""
    raise NotImplementedError


def public_html(rendered: Rendered, letterhead: Letterhead) -> str:
    """The HTML for the archive: nobody's links in it, "unsubscribe" and "preferences" lead to the newsletter's own page."""
    raise NotImplementedError
