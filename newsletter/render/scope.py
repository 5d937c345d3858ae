"""The state of one rendering, and text as every part of it needs it."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from markupsafe import Markup

from newsletter.domain.encoded_email import SlotEncoding, SlotValue
from newsletter.render.content.spaces import collapse, without_controls
from newsletter.render.placeholders import Placeholders

BODY = re.compile(r"b[0-9a-f]{16}x\d+b")
"""The words that stand for bodies in MJML."""
NAME = re.compile(r"(?<!\{)\{name(?:\|([^{}]*))?\}(?!\})")


@dataclass(frozen=True, slots=True)
class Scope:
    """The state of one rendering (HTML or text): placeholders, and bodies that are inserted after MJML."""

    placeholders: Placeholders
    form: SlotEncoding
    bodies: dict[str, str] = field(default_factory=dict)

    def word_for(self, html: str) -> Markup:
        """Return a word for a body until MJML has become HTML."""
        if not html:
            return Markup()
        word = f"b{secrets.token_hex(8)}x{len(self.bodies)}b"
        self.bodies[word] = html
        return Markup(word)  # noqa: S704 - a word of our own


def cleaned(text: str) -> str:
    """Return text on one line, without the control characters that HTML and XML forbid."""
    return without_controls(collapse(text))


def with_name_placeholders(text: str, scope: Scope, plain_text: Callable[[str], str]) -> str:
    """Return an editor's text with a placeholder for each `{name}`, with its fallback as `plain_text`."""

    def placeholder(match: re.Match[str]) -> str:
        return scope.placeholders.place(SlotValue.NAME, scope.form, plain_text(match[1] or ""))

    return NAME.sub(placeholder, text)
