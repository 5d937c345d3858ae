"""White space as HTML defines it, and characters that no document can have.

No-break and other Unicode spaces are characters, and are kept.
"""

import re

_SPACE = re.compile(r"[ \t\n\r\f\v]+")


def collapse(text: str) -> str:
    """Return the text on one line, with white space collapsed and stripped."""
    if text.isprintable() and "  " not in text:  # as most texts are; the pattern takes ten times as long
        return text.strip(" ")
    return _SPACE.sub(" ", text).strip(" ")


_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def without_controls(text: str) -> str:
    """Return the text without the control characters that HTML and XML forbid."""
    return text if text.isprintable() else _CONTROLS.sub("", text)
