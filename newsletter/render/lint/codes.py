"""Every code that lint knows: how bad it is, and what it is about. docs/templates.md lists them from here."""

from dataclasses import dataclass

from newsletter.mail import Finding, Level

# Bytes of HTML from which Gmail clips (about 102 KB), less what its own wrapping costs; and of <style> that it keeps.
NEAR_SIZE = 90_000
LARGEST_CSS = 16_384
SUBJECT_LENGTH = 78
PREHEADER_LENGTH = (40, 140)


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of finding: its level, why it matters, and where that can be read."""

    level: Level
    why: str
    source: str = ""


_BUGS = "https://github.com/hteumeuleu/email-bugs/issues/"
_E, _W = Level.ERROR, Level.WARNING

CODES: dict[str, Code] = {
    "subject-empty": Code(_E, "A mail without a subject looks like junk."),
    "subject-long": Code(_W, f"Most inboxes cut a subject before its {SUBJECT_LENGTH}th character."),
    "preheader-short": Code(_W, "Inboxes fill a short preheader with whatever comes next in the mail."),
    "preheader-long": Code(_W, "No inbox shows more than about 140 characters of a preheader."),
    "size-over": Code(_E, "Gmail clips the mail, and the unsubscribe link with it.", f"{_BUGS}41"),
    "size-near": Code(_W, "A little more, and Gmail clips the mail.", f"{_BUGS}41"),
    "css-size": Code(_E, "Gmail drops style sheets beyond 16 KB.", f"{_BUGS}90"),
    "css-nested": Code(_E, "Gmail drops a style sheet with an @ rule inside an @ rule.", f"{_BUGS}21"),
    "doctype": Code(_E, "Without <!DOCTYPE html> mail programs lay out as browsers did in 1999."),
    "mso-balance": Code(_E, "An MSO condition that does not end hides the rest of the mail in Outlook."),
    "placeholder": Code(_E, "A reader would see a random word instead of their own link or name."),
    "braces": Code(_E, "Template marks were left in what readers see."),
    "unsubscribe-missing": Code(_E, "Every mail must let its reader leave."),
    "preferences-missing": Code(_W, "Readers who may choose stay longer than those who can only leave."),
    "address-missing": Code(_E, "The law of many countries wants the sender's postal address in the mail."),
    "browser-missing": Code(_W, "Without a link to the public page a mail that looks broken can't be read."),
    "nothing-in-it": Code(_W, "A mail without posts and without an editor's words has nothing to say."),
    "post-missing": Code(_E, "A post of the edition can't be found in the mail."),
    "post-repeated": Code(_E, "A post stands in the mail more than once."),
    "language-missing": Code(_E, "Screen readers choose their voice by the document's language."),
    "title-missing": Code(_E, "Screen readers and the browser's tab name the mail by its title."),
    "heading-first": Code(_W, "A mail has one heading of the first level, and it comes first."),
    "heading-order": Code(_W, "Readers who go from heading to heading get lost where a level is skipped."),
    "heading-empty": Code(_W, "A heading without words is announced as nothing."),
    "alt-missing": Code(_E, "Where images are off, or not seen, an image without alt is a file name or a hole."),
    "image-width": Code(_W, "Outlook shows an image without a width attribute in its full size."),
    "link-empty": Code(_E, "A link without words, or to nowhere, can't be followed."),
    "link-scheme": Code(_E, "Mail programs follow http, https, mailto and tel, and nothing else."),
    "link-anchor": Code(_W, "Links inside a mail do nothing in Gmail's and other phone apps."),
    "address-twice": Code(_W, "The same address twice in one post makes readers wonder what the other is."),
    "contrast-light": Code(_W, "Text below a contrast of 4.5 to 1 is hard to read (WCAG 2.2, 1.4.3)."),
    "contrast-dark": Code(_W, "In dark mode text falls below a contrast of 4.5 to 1 (WCAG 2.2, 1.4.3)."),
    "client": Code(_W, "Something that Gmail, Outlook or Apple Mail is known to drop or to break."),
}


def finding(code: str, message: str, where: str = "") -> Finding:
    """A finding of a known code, with the code's level."""
    return Finding(code, CODES[code].level, message, where)
