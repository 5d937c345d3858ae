"""An edition for one recipient, or for the public."""

import re

from lxml import html as lxml_html
from lxml.html import HtmlElement

from newsletter.domain.digest import Letterhead, Rendered
from newsletter.domain.encoded_email import Recipient, Slot
from newsletter.render.placeholders import PATHS, fill, name_for, value_of

MAIL_ONLY = "mail-only"
_COLOUR = re.compile(r";\s*color:[^;]+")


def recipient_html(rendered: Rendered, letterhead: Letterhead, recipient: Recipient) -> str:
    """Return the HTML with this recipient's links and name."""
    return fill(rendered.html, rendered.placeholders, lambda slot: value_of(slot, letterhead, recipient))


def recipient_text(rendered: Rendered, letterhead: Letterhead, recipient: Recipient) -> str:
    """Return the text with this recipient's links and name."""
    return fill(rendered.text, rendered.placeholders, lambda slot: value_of(slot, letterhead, recipient))


def public_html(rendered: Rendered, letterhead: Letterhead) -> str:
    """Return the HTML for the archive, with every post and without personal links.

    Elements with the class "mail-only" are removed; personal links that a publisher's template does not mark lead to
    the newsletter's own page. An article in an email program's window is the main part of a page, whose heading is the
    subject: an inbox shows it above the email, and a browser doesn't.
    """
    page = f"{letterhead.site_url}/n/{letterhead.newsletter}/"

    def value(slot: Slot) -> str:
        return page if slot.value in PATHS else name_for(slot)

    document = lxml_html.document_fromstring(fill(rendered.page or rendered.html, rendered.placeholders, value))
    for element in document.find_class(MAIL_ONLY):
        element.drop_tree()
    for element in document.xpath("/html/body/*[@role='article']"):
        element.set("role", "main")
        element.attrib.pop("aria-roledescription", None)
    _head_with(document, rendered.subject)
    return str(lxml_html.tostring(document, encoding="unicode", doctype="<!DOCTYPE html>"))


def _head_with(document: HtmlElement, subject: str) -> None:
    """Make the subject the first-level heading, below the newsletter's title, which becomes a paragraph; above
    everything if a publisher's template has no such heading. A letter has this heading itself.
    """
    if document.find_class("subject"):
        return
    heading = document.makeelement("h1", {"class": "subject", "dir": "auto"})
    heading.text = subject
    title = next(document.iter("h1"), None)
    if title is None:
        heading.set("style", "max-width:552px;margin:0 auto;padding:24px 24px 0")
        main = next(iter(document.xpath("//*[@role='main']")), document.body)
        main.insert(0, heading)
        return
    on_band = any("band" in element.get("class", "").split() for element in title.iterancestors())
    colour = _COLOUR.search(title.get("style", "")) if on_band else None
    heading.set("style", f"margin:24px 0 0;font-size:32px;line-height:1.2{colour[0] if colour else ''}")
    title.tag = "p"
    masthead = next((table for table in title.iterancestors("table") if table.get("class") == "masthead"), title)
    masthead.addnext(heading)
