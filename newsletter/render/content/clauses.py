"""Ends of clauses, where a text is cut that has no end of a sentence nearby."""

import re

MARKS = ",;:،؛、，；："
_STRONG = re.compile(r"[;:؛](?=\s|\Z)|[；：]|(?<!\d)\s(?=[–—·-]\s)|\s(?=[(\[])")
_WEAK = re.compile(r"[,،](?=\s|\Z)|[、，]")
_AT_THE_END = f" \u00a0{MARKS}–—-([\n\t"
FEWEST = 4
"""Words of a sentence that are worth showing without the rest of it."""


def ends_clause(text: str, following: str) -> bool:
    """Return whether a clause ends with a text that another word follows, and no parenthesis is open."""
    is_end = text[-1:] in MARKS or following in ("–", "—", "-") or following[:1] in ("(", "[")
    return bool(text) and is_end and not _is_in_parentheses(text)


def end_of_clause(text: str, shortest: int) -> int:
    """Return where the last clause of a text ends, before the mark behind it, at `shortest` or later; 0 if none does.

    The left side of a colon, a dash or a parenthesis in its last two fifths has precedence over a comma.
    """
    for marks, begin in ((_STRONG, max(shortest, len(text) * 3 // 5)), (_WEAK, shortest), (_STRONG, shortest)):
        ends = [match.start() for match in marks.finditer(text, begin)]
        ends = [end for end in ends if not _is_in_parentheses(text[:end])]
        if ends:
            return ends[-1]
    return 0


def without_marks(text: str) -> str:
    """Return a text without the marks at its end that lead on, such as a comma or a dash."""
    return text.rstrip(_AT_THE_END)


def _is_in_parentheses(text: str) -> bool:
    return any(text.count(opening) > text.count(closing) for opening, closing in ("()", "[]"))
