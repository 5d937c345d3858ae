"""What Gmail, Outlook and Apple Mail are known to drop or break: a table of facts, each with its source."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.mail import Finding
from newsletter.render.lint.codes import finding
from newsletter.render.lint.look import Look

_CAN_I_EMAIL = "https://www.caniemail.com/features/"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that breaks: `tag` is an element's name, `css` a pattern of a declaration, `image` one of an
    address."""

    sentence: str
    source: str
    tag: str = ""
    css: str = ""
    image: str = ""


FACTS = (
    Fact(
        "Outlook on Windows ignores display: flex.",
        f"{_CAN_I_EMAIL}css-display-flex/",
        css=r"display:\s*(inline-)?flex",
    ),
    Fact(
        "Outlook on Windows ignores display: grid.",
        f"{_CAN_I_EMAIL}css-display-grid/",
        css=r"display:\s*(inline-)?grid",
    ),
    Fact(
        "Gmail and Outlook on Windows drop position.",
        f"{_CAN_I_EMAIL}css-position/",
        css=r"position:\s*(absolute|fixed|relative|sticky)",
    ),
    Fact(
        "Outlook on Windows shows no CSS background image; nothing may depend on it.",
        f"{_CAN_I_EMAIL}css-background-image/",
        css=r"background(-image)?:[^;]*url\(",
    ),
    Fact("Outlook on Windows ignores float.", f"{_CAN_I_EMAIL}css-float/", css=r"float:\s*(left|right)"),
    Fact("Outlook on Windows ignores object-fit.", f"{_CAN_I_EMAIL}css-object-fit/", css=r"object-fit:"),
    Fact("Gmail and Outlook drop CSS variables.", f"{_CAN_I_EMAIL}css-variables/", css=r"var\(--|(^|[;{\s])--[a-z]"),
    Fact("Outlook ignores calc().", f"{_CAN_I_EMAIL}css-unit-calc/", css=r"calc\("),
    Fact("Outlook on Windows ignores rem.", f"{_CAN_I_EMAIL}css-unit-rem/", css=r":[^;]*\d rem\b|:[^;]*\drem\b"),
    Fact("Outlook on Windows ignores vw.", f"{_CAN_I_EMAIL}css-unit-vw/", css=r":[^;]*\dvw\b"),
    Fact(
        "Gmail and Outlook play no CSS animation.",
        f"{_CAN_I_EMAIL}css-animation/",
        css=r"animation(-name)?:|@keyframes",
    ),
    Fact("Gmail and Outlook.com drop @import.", f"{_CAN_I_EMAIL}css-at-import/", css=r"@import\b"),
    Fact("Gmail and Outlook.com load no fonts of their own.", f"{_CAN_I_EMAIL}css-at-font-face/", css=r"@font-face\b"),
    Fact("Gmail and Outlook show no inline SVG.", f"{_CAN_I_EMAIL}html-svg/", tag="svg"),
    Fact("Gmail and Outlook play no video.", f"{_CAN_I_EMAIL}html-video/", tag="video"),
    Fact("Gmail and Outlook play no audio.", f"{_CAN_I_EMAIL}html-audio/", tag="audio"),
    Fact("Outlook on Windows shows no form; link to a page with one.", f"{_CAN_I_EMAIL}html-form/", tag="form"),
    Fact("Gmail and Outlook.com load no linked style sheet.", f"{_CAN_I_EMAIL}html-link/", tag="link"),
    Fact("Gmail and Outlook drop <object>.", f"{_CAN_I_EMAIL}html-object/", tag="object"),
    Fact("Gmail and Outlook drop <picture>.", f"{_CAN_I_EMAIL}html-picture/", tag="picture"),
    Fact("Gmail's webmail shows no SVG picture.", f"{_CAN_I_EMAIL}image-svg/", image=r"\.svg(\?|#|$)"),
    Fact("Outlook on Windows shows no WebP picture.", f"{_CAN_I_EMAIL}image-webp/", image=r"\.webp(\?|#|$)"),
    Fact("Outlook on Windows shows no AVIF picture.", f"{_CAN_I_EMAIL}image-avif/", image=r"\.avif(\?|#|$)"),
    Fact("Gmail shows no picture from a data: address.", f"{_CAN_I_EMAIL}image-base64/", image=r"^data:"),
)


def clients(look: Look) -> Iterator[Finding]:
    """Each fact that the mail runs into, once."""
    styles = "\n".join([look.css, *(e.get("style") for e in look.body.iter() if e.get("style"))])
    tags = {element.tag for element in look.document.iter() if isinstance(element.tag, str)}
    sources = [image.get("src") or "" for image in look.body.iter("img")]
    for fact in FACTS:
        hit = (
            fact.tag in tags
            or (fact.css and re.search(fact.css, styles, re.MULTILINE))
            or (fact.image and any(re.search(fact.image, source, re.IGNORECASE) for source in sources))
        )
        if hit:
            yield finding("client", f"{fact.sentence} ({fact.source})", "html")
