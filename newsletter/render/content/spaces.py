"""White space as HTML defines it: no-break and other Unicode spaces are characters, and are kept."""

import re

_SPACE = re.compile(r"[ \t\n\r\f\v]+")


def collapse(text: str) -> str:
    """Return the text on one line, with white space collapsed and stripped."""
    return _SPACE.sub(" ", text).strip(" ")
