"""The steps from a template to an HTML part: Jinja2 → MJML → HTML → inlined styles → escaped merge tags."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from newsletter.messages import Message, lint as messages
from newsletter.messages.general import ABOUT
from newsletter.render.html.inline import InlineError, StyleError, inline
from newsletter.render.html.loader import TemplateProblem, render_template, source_of
from newsletter.render.html.mjml import MjmlError, check, to_html
from newsletter.render.merge_tags import escape_html

CONTENT_CSS = "content.css"
LAYOUT = "layout.mjml"


def html_part(
    name: str,
    context: Mapping[str, Any],
    templates: Path | None,
    *,
    bodies: Mapping[str, str] | None = None,
    placeholders: tuple[str, ...] = (),
    styles: str = "",
) -> str:
    """Return the HTML of the template; the file `styles` has further styles, for this template only.

    Raises `TemplateProblem` with the file, and the line if it is known.
    """
    source = render_template(name, context, templates)
    css = "\n".join(render_template(file, context, templates) for file in (CONTENT_CSS, styles) if file)
    try:
        return escape_html(inline(to_html(source, bodies or {}), css, placeholders))
    except MjmlError as error:
        raise TemplateProblem(_blame(name, error, templates)) from error
    except StyleError as error:
        files = " or ".join(f"templates/{file}" for file in (CONTENT_CSS, styles) if file)
        raise TemplateProblem(ABOUT(subject=files, message=error.message)) from error
    except InlineError as error:
        raise TemplateProblem(ABOUT(subject=f"templates/{name}", message=error.message)) from error


def _blame(name: str, error: MjmlError, templates: Path | None) -> Message:
    """Return the message about an MJML error, with the line if a template file has the error on its own."""
    for file in (name, LAYOUT):
        try:
            check(source_of(file, templates))
        except MjmlError as file_error:
            return messages.AT_LINE(file=f"templates/{file}", line=file_error.line, problem=file_error.message)
    problem = messages.OF_THE_RESULT(problem=error.message, line=error.line) if error.line else error.message
    return ABOUT(subject=f"templates/{name}", message=problem)
