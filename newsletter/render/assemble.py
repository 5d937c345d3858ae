"""The chain that every HTML part goes through: Jinja2 → MJML → HTML → styles inlined."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from newsletter.render.inline import InlineError, StyleError, inline
from newsletter.render.loader import TemplateProblem, render_template, source_of
from newsletter.render.mjml import MjmlError, check, to_html

CONTENT_CSS = "content.css"
LAYOUT = "layout.mjml"


def html_part(
    name: str,
    context: Mapping[str, Any],
    templates: Path | None,
    *,
    bodies: Mapping[str, str] | None = None,
    placeholders: tuple[str, ...] = (),
) -> str:
    """The HTML that the template gives; `TemplateProblem` names the file, and the line where it is known."""
    source = render_template(name, context, templates)
    css = render_template(CONTENT_CSS, context, templates)
    try:
        return inline(to_html(source, bodies or {}), css, placeholders)
    except MjmlError as error:
        raise TemplateProblem(_blame(name, error, templates)) from error
    except StyleError as error:
        raise TemplateProblem(f"templates/{CONTENT_CSS}: {error}.") from error
    except InlineError as error:
        raise TemplateProblem(f"templates/{name}: {error}.") from error


def _blame(name: str, error: MjmlError, templates: Path | None) -> str:
    """The sentence about an MJML error, with the line of the template where a file shows it by itself."""
    for file in (name, LAYOUT):
        try:
            check(source_of(file, templates))
        except MjmlError as found:
            return f"templates/{file} line {found.line}: {found}."
    where = f" (line {error.line} of the MJML that it gives)" if error.line else ""
    return f"templates/{name}: {error}{where}."
