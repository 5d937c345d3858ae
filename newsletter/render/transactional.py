"""Emails to one person (a confirmation, a notice to editors), rendered in the same steps as editions."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from typing import Any

from newsletter.domain.digest import Letterhead, Rendered
from newsletter.domain.encoded_email import Slot, SlotEncoding, SlotValue
from newsletter.messages import lint as messages
from newsletter.render.dates import direction
from newsletter.render.html.assemble import html_part
from newsletter.render.html.loader import TemplateProblem, render_template
from newsletter.render.template_context import newsletter_view
from newsletter.render.words import colon, words

_SUBJECT = "Subject:"


def render_email(
    name: str, letterhead: Letterhead, context: Mapping[str, Any], templates: Path | None = None
) -> Rendered:
    """Render `letters/<name>.txt` and `letters/<name>.mjml`.

    The text begins with a line "Subject: …" and an empty line. The MJML usually extends "layout.mjml" and fills its
    block `body`. Both see `newsletter`, `words`, `dir`, `subject` (in MJML) and the names in `context`. Raises
    `TemplateProblem`.
    """
    names = {
        "newsletter": newsletter_view(letterhead),
        "words": words(letterhead.language),
        "dir": direction(letterhead.language),
        "colon": colon(letterhead.language),
        **context,
    }
    subject, text = _split(name, render_template(f"letters/{name}.txt", names, templates))
    html = html_part(f"letters/{name}.mjml", {**names, "subject": subject}, templates)
    return Rendered(subject, "", html, text, ())


def render_shared_email(
    name: str, letterhead: Letterhead, context: Mapping[str, Any], token: str, templates: Path | None = None
) -> Rendered | None:
    """Return an email with a placeholder for the token in its links, for all readers whose emails differ only there.

    None if the template does more with the token than insert it: each email must then be rendered. Raises
    `TemplateProblem`.
    """
    placeholder = token_hex(len(token))[: len(token)]
    shared = render_email(name, letterhead, _replaced(context, token, placeholder), templates)
    whole = render_email(name, letterhead, context, templates)
    filled = [text.replace(placeholder, token) for text in (shared.html, shared.text)]
    if placeholder in shared.subject or [whole.subject, whole.html, whole.text] != [shared.subject, *filled]:
        return None
    return replace(shared, placeholders=((placeholder, Slot(SlotValue.TOKEN, SlotEncoding.ASCII)),))


def _replaced(value: Any, old: str, new: str) -> Any:
    """Return the value with all its texts changed."""
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, Mapping):
        return {key: _replaced(inner, old, new) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(inner, old, new) for inner in value]
    return value


def _split(name: str, text: str) -> tuple[str, str]:
    first, _, rest = text.lstrip().partition("\n")
    if not first.startswith(_SUBJECT) or not first.removeprefix(_SUBJECT).strip():
        file = f"templates/letters/{name}.txt"
        raise TemplateProblem(messages.AT_LINE(file=file, line=1, problem=messages.LETTER_SUBJECT()))
    return first.removeprefix(_SUBJECT).strip(), rest.strip() + "\n"
