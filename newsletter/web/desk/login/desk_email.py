"""Emails to people who log in at the desk: one sentence or two and a link, in the language of the page."""

from dataclasses import dataclass, replace
from secrets import token_hex

from django.utils import timezone

from newsletter.config import Config, Newsletter
from newsletter.editions.rendering import letterhead
from newsletter.letters.transport import Outgoing, outgoing
from newsletter.render.letter import letter
from newsletter.render.message import encoded_letter
from newsletter.web.desk.formatting import language
from newsletter.web.desk.permissions import desk_language


@dataclass(frozen=True, slots=True)
class DeskEmail:
    """The texts of an email. `kind` begins its Message-ID, and `button` is the text of the link."""

    kind: str
    subject: str
    preheader: str
    paragraphs: tuple[str, ...]
    button: str
    link: str
    note: str


def compose(configuration: Config, newsletter: Newsletter, address: str, texts: DeskEmail) -> Outgoing:
    """Return the message to an address, in a newsletter's design and from its sender."""
    spoken = desk_language(language())
    head = replace(letterhead(configuration, newsletter), language=spoken)
    context = {
        "subject": texts.subject,
        "preheader": texts.preheader,
        "heading": texts.subject,
        "paragraphs": list(texts.paragraphs),
        "button": texts.button,
        "link": texts.link,
        "note": texts.note,
        "language": spoken,
    }
    worded = letter("notice", head, context, configuration.folder / "templates")
    email = encoded_letter(worded, head, date=timezone.now())
    return outgoing(email, address, f"{texts.kind}.{token_hex(8)}")
