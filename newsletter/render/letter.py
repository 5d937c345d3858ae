"""Letters to one person (a confirmation, a notice to editors), through the same chain as editions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from newsletter.mail import Letterhead, Rendered
from newsletter.render.assemble import html_part
from newsletter.render.dates import direction
from newsletter.render.loader import TemplateProblem, render_template
from newsletter.render.views import newsletter_view
from newsletter.render.words import words

_SUBJECT = "Subject:"


def letter(name: str, letterhead: Letterhead, context: Mapping[str, Any], templates: Path | None = None) -> Rendered:
    """The letter that `letters/<name>.txt` and `letters/<name>.mjml` give.

    The text begins with a line "Subject: …" and an empty line. The MJML usually extends "layout.mjml" and fills its
    block `body`. Both see `newsletter`, `words`, `dir`, `subject` (in MJML) and what `context` holds. Raises
    `TemplateProblem`.
    """
    names = {
        "newsletter": newsletter_view(letterhead),
        "words": words(letterhead.language),
        "dir": direction(letterhead.language),
        **context,
    }
    subject, text = _split(name, render_template(f"letters/{name}.txt", names, templates))
    html = html_part(f"letters/{name}.mjml", {**names, "subject": subject}, templates)
    return Rendered(subject, "", html, text, ())


def _split(name: str, text: str) -> tuple[str, str]:
    first, _, rest = text.lstrip().partition("\n")
    if not first.startswith(_SUBJECT) or not first.removeprefix(_SUBJECT).strip():
        raise TemplateProblem(f'templates/letters/{name}.txt line 1: write "{_SUBJECT} …" and an empty line first.')
    return first.removeprefix(_SUBJECT).strip(), rest.strip() + "\n"
