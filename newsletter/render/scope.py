"""The state of one rendering, and text as every part of it needs it."""

import re
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from markupsafe import Markup

from newsletter.domain.encoded_email import SlotEncoding, SlotValue
from newsletter.render.content.spaces import collapse, without_controls
from newsletter.render.placeholders import Placeholders

BODY = re.compile(r"b[0-9a-f]{16}x\d+b")
"""The words that stand for bodies in MJML."""
_VALUE = re.compile(r"(?<!\{)\{([a-z][a-z0-9-]{0,39})(?:\|([^{}]*))?\}(?!\})")


@dataclass(frozen=True, slots=True)
class Scope:
    """The state of one rendering (HTML or text): placeholders, the keys of the site's own fields, and bodies that are
    inserted after MJML.
    """

    placeholders: Placeholders
    form: SlotEncoding
    fields: Collection[str] = ()
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


def with_values(text: str, fields: Collection[str], value: Callable[[str, str], str]) -> str:
    """Return an editor's text with each `{name|fallback}`, and that of the other fields, replaced.

    `value` is called with the field's key and the fallback. Other words in braces stay.
    """

    def replaced(match: re.Match[str]) -> str:
        field = match[1]
        return value(field, match[2] or "") if field == "name" or field in fields else match[0]

    return _VALUE.sub(replaced, text)


def with_fallbacks(text: str, fields: Collection[str]) -> str:
    """Return an editor's text as somebody without values reads it."""
    return with_values(text, fields, lambda _, fallback: fallback)


def with_placeholders(text: str, scope: Scope, plain_text: Callable[[str], str]) -> str:
    """Return an editor's text with a placeholder for each value, with its fallback as `plain_text`."""

    def placeholder(field: str, fallback: str) -> str:
        return scope.placeholders.place(SlotValue.NAME, scope.form, plain_text(fallback), field)

    return with_values(text, scope.fields, placeholder)
