"""Blocks as Markdown files: kind, title and the rest as front matter, and the text below.

---
kind: event
title: A talk about tea
when: Thursday at 18, the library
url: https://example.org/tea
button: Sign up
after: 12
---

Bring your own cup.
"""

from newsletter.editions.problems import Impossible
from newsletter.feeds.formats.frontmatter import FrontMatterProblem, split
from newsletter.messages import editions as messages
from newsletter.messages.general import ABOUT

KEYS = ("kind", "title", "when", "url", "button", "after", "id")


def read(name: str, text: str) -> dict[str, str]:
    """Return what `blocks.save` takes, from the text of a file. Raises Impossible, which names the file."""
    try:
        blocks = split(text)
    except FrontMatterProblem as problem:
        raise Impossible(ABOUT(subject=name, message=problem.message)) from problem
    if blocks is None:
        raise Impossible(messages.BLOCK_FILE_WITHOUT_KEYS(file=name))
    keys, body = blocks
    unknown = next((key for key in keys if key not in KEYS), None)
    if unknown is not None:
        raise Impossible(messages.BLOCK_FILE_KEY(file=name, key=unknown, known=KEYS))
    return {key: "" if value is None else str(value) for key, value in keys.items()} | {"text": body.strip()}
