"""An edition for one reader, or for the public."""

from lxml import html as lxml_html

from newsletter.domain.digest import Letterhead, Rendered
from newsletter.domain.segments import Reader, Slot
from newsletter.render.placeholders import PATHS, fill, value_of

MAIL_ONLY = "mail-only"


def reader_html(rendered: Rendered, letterhead: Letterhead, reader: Reader) -> str:
    """Return the HTML with this reader's links and name."""
    return fill(rendered.html, rendered.placeholders, lambda slot: value_of(slot, letterhead, reader))


def reader_text(rendered: Rendered, letterhead: Letterhead, reader: Reader) -> str:
    """Return the text with this reader's links and name."""
    return fill(rendered.text, rendered.placeholders, lambda slot: value_of(slot, letterhead, reader))


def public_html(rendered: Rendered, letterhead: Letterhead) -> str:
    """Return the HTML for the archive, with every post and without personal links.

    Elements with the class "mail-only" are removed; personal links that a publisher's template does not mark lead to
    the newsletter's own page. An article in an email program's window is the main part of a page.
    """
    page = f"{letterhead.site_url}/n/{letterhead.newsletter}/"

    def value(slot: Slot) -> str:
        return page if slot.value in PATHS else slot.text_for("")

    document = lxml_html.document_fromstring(fill(rendered.page or rendered.html, rendered.placeholders, value))
    for element in document.find_class(MAIL_ONLY):
        element.drop_tree()
    for element in document.xpath("/html/body/*[@role='article']"):
        element.set("role", "main")
        element.attrib.pop("aria-roledescription", None)
    return str(lxml_html.tostring(document, encoding="unicode", doctype="<!DOCTYPE html>"))
