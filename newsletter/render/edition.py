"""An edition as HTML and text, made once for all readers."""

from pathlib import Path

from newsletter.mail import Digest, Rendered


def render(
    digest: Digest, templates: Path | None = None, *, maximum_size: int = 100_000, excerpt_words: int = 80
) -> Rendered:
    """The edition with placeholders for what is a reader's own; `templates` is the folder beside config.toml.

    Above `maximum_size` bytes of HTML the longest bodies become excerpts of `excerpt_words` until it fits.
    Raises `loader.TemplateProblem` with one sentence naming template and line.
    """
    raise NotImplementedError
