"""An edition as one reader, or anybody, sees it."""

from datetime import datetime

from lxml import html as lxml_html

from newsletter.mail import Letterhead, Reader, Rendered, Slot, Value
from newsletter.render.message import flat, mailbox, segments, value_bytes
from newsletter.render.placeholders import PATHS, fill, value_of

MAIL_ONLY = "mail-only"


def reader_html(rendered: Rendered, letterhead: Letterhead, reader: Reader) -> str:
    """The HTML with this reader's links and name."""
    return fill(rendered.html, rendered.placeholders, lambda slot: value_of(slot, letterhead, reader))


def reader_text(rendered: Rendered, letterhead: Letterhead, reader: Reader) -> str:
    """The text with this reader's links and name."""
    return fill(rendered.text, rendered.placeholders, lambda slot: value_of(slot, letterhead, reader))


def reader_mail(
    rendered: Rendered,
    letterhead: Letterhead,
    reader: Reader,
    date: datetime,
    *,
    list_id: str = "",
    feedback_id: str = "",
) -> bytes:
    """The whole mail, as an .eml file: the same pieces that are sent, spliced slowly."""
    mail = segments(rendered, letterhead, date=date, list_id=list_id, feedback_id=feedback_id)
    return b"".join(p if isinstance(p, bytes) else _value(p, reader) for p in flat(mail))


def public_html(rendered: Rendered, letterhead: Letterhead) -> str:
    """The HTML for the archive: nobody's links in it.

    What a template marks with the class "mail-only" is left out; a link that a publisher's template does not mark
    leads to the newsletter's own page. What is an article in a mail program's window is a page's main part.
    """
    page = f"{letterhead.site_url}/n/{letterhead.newsletter}/"

    def value(slot: Slot) -> str:
        return page if slot.value in PATHS else slot.fallback

    document = lxml_html.document_fromstring(fill(rendered.html, rendered.placeholders, value))
    for element in document.find_class(MAIL_ONLY):
        element.drop_tree()
    for element in document.xpath("//*[@role='article' and @aria-roledescription='email']"):
        element.set("role", "main")
        del element.attrib["aria-roledescription"]
    return str(lxml_html.tostring(document, encoding="unicode", doctype="<!DOCTYPE html>"))


def _value(slot: Slot, reader: Reader) -> bytes:
    if slot.value is Value.TO:
        return mailbox(reader.name, reader.address)
    text = {Value.TOKEN: reader.token, Value.MESSAGE_ID: reader.message_id}.get(slot.value, reader.name)
    return value_bytes(slot, text)
