"""What Gmail, Outlook and Apple Mail are known to drop or break: a table of facts, each with its source."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.domain.digest import Finding
from newsletter.messages import Message, Param, lint as messages
from newsletter.render.lint.codes import finding
from newsletter.render.lint.parsed_email import ParsedEmail


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that doesn't work everywhere: `tag` is an element's name, `css` a pattern of a declaration, `image` one
    of an address. `page` is the one of Can I email about it.
    """

    message: Message
    page: str
    tag: str = ""
    css: str = ""
    image: str = ""

    @property
    def source(self) -> str:
        """The address of the page."""
        return f"https://www.caniemail.com/features/{self.page}/"


GMAIL, OUTLOOK, OUTLOOK_COM = "Gmail", "Outlook", "Outlook.com"
OUTLOOK_WINDOWS, GMAIL_WEB = messages.OUTLOOK_WINDOWS(), messages.GMAIL_WEB()


def _ignored(feature: str, *clients: Param) -> Message:
    return messages.IGNORED(feature=feature, clients=clients)


def _image(form: str, *clients: Param) -> Message:
    return messages.IMAGE_FORMAT(format=form, clients=clients)


FACTS = (
    Fact(_ignored("display: flex", OUTLOOK_WINDOWS), "css-display-flex", css=r"display:\s*(inline-)?flex"),
    Fact(_ignored("display: grid", OUTLOOK_WINDOWS), "css-display-grid", css=r"display:\s*(inline-)?grid"),
    Fact(
        _ignored("position", GMAIL, OUTLOOK_WINDOWS),
        "css-position",
        css=r"position:\s*(absolute|fixed|relative|sticky)",
    ),
    Fact(
        messages.BACKGROUND(clients=(OUTLOOK_WINDOWS,)),
        "css-background-image",
        css=r"background(-image)?:[^;:]*url\(",
    ),
    Fact(_ignored("float", OUTLOOK_WINDOWS), "css-float", css=r"float:\s*(left|right)"),
    Fact(_ignored("object-fit", OUTLOOK_WINDOWS), "css-object-fit", css=r"object-fit:"),
    Fact(_ignored("var()", GMAIL, OUTLOOK), "css-variables", css=r"var\(--|(^|[;{\s])--[a-z]"),
    Fact(_ignored("calc()", OUTLOOK), "css-unit-calc", css=r"calc\("),
    Fact(_ignored("rem", OUTLOOK_WINDOWS), "css-unit-rem", css=r":[^;:]*\d ?rem\b"),
    Fact(_ignored("vw", OUTLOOK_WINDOWS), "css-unit-vw", css=r":[^;:]*\dvw\b"),
    Fact(_ignored("animation", GMAIL, OUTLOOK), "css-animation", css=r"animation(-name)?:|@keyframes"),
    Fact(_ignored("@import", GMAIL, OUTLOOK_COM), "css-at-import", css=r"@import\b"),
    Fact(_ignored("@font-face", GMAIL, OUTLOOK_COM), "css-at-font-face", css=r"@font-face\b"),
    Fact(_ignored("<svg>", GMAIL, OUTLOOK), "html-svg", tag="svg"),
    Fact(_ignored("<video>", GMAIL, OUTLOOK), "html-video", tag="video"),
    Fact(_ignored("<audio>", GMAIL, OUTLOOK), "html-audio", tag="audio"),
    Fact(messages.FORM(clients=(OUTLOOK_WINDOWS,)), "html-form", tag="form"),
    Fact(_ignored("<link>", GMAIL, OUTLOOK_COM), "html-link", tag="link"),
    Fact(_ignored("<object>", GMAIL, OUTLOOK), "html-object", tag="object"),
    Fact(_ignored("<picture>", GMAIL, OUTLOOK), "html-picture", tag="picture"),
    Fact(_image("SVG", GMAIL_WEB), "image-svg", image=r"\.svg(\?|#|$)"),
    Fact(_image("WebP", OUTLOOK_WINDOWS), "image-webp", image=r"\.webp(\?|#|$)"),
    Fact(_image("AVIF", OUTLOOK_WINDOWS), "image-avif", image=r"\.avif(\?|#|$)"),
    Fact(_image("data:", GMAIL), "image-base64", image=r"^data:"),
)


def clients(email: ParsedEmail) -> Iterator[Finding]:
    """Report each fact that applies to the email, once."""
    styles = "\n".join([email.css, *(element.get("style") for element in email.body.iter() if element.get("style"))])
    tags = {element.tag for element in email.document.iter() if isinstance(element.tag, str)}
    sources = [image.get("src") or "" for image in email.body.iter("img")]
    for fact in FACTS:
        hit = (
            fact.tag in tags
            or (fact.css and re.search(fact.css, styles, re.MULTILINE))
            or (fact.image and any(re.search(fact.image, source, re.IGNORECASE) for source in sources))
        )
        if hit:
            yield finding("client", messages.CLIENT(fact=fact.message, source=fact.source), "html")
