"""White space as HTML counts it: no-break and other Unicode spaces are characters that people chose, and stay."""

import re

_SPACE = re.compile(r"[ \t\n\r\f\v]+")


def collapse(text: str) -> str:
    """The text on one line, runs of white space made one space, none at its ends."""
    return _SPACE.sub(" ", text).strip(" ")
