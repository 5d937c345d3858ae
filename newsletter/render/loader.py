"""Where templates come from: those beside config.toml first, file by file, then the shipped ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from newsletter.mail import Letterhead, Rendered


class TemplateProblem(ValueError):
    """A template that can't be rendered: one sentence with its file and line."""


def letter(name: str, letterhead: Letterhead, context: Mapping[str, Any], templates: Path | None = None) -> Rendered:
    """A letter to one person (`letters/<name>.mjml` and `.txt`, the latter beginning with a line "Subject: …" and an empty one)."""
    raise NotImplementedError
