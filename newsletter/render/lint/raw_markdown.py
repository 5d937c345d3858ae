"""The rule about Markdown that was left as text: typed where it isn't read, or of a kind that isn't known."""

import re
from collections.abc import Iterator

from newsletter.domain.digest import Finding
from newsletter.messages import lint as messages
from newsletter.render.content.fragment import parse
from newsletter.render.content.markdown import markdown
from newsletter.render.content.written_notes import with_notes
from newsletter.render.lint.codes import finding
from newsletter.render.lint.parsed_email import ParsedEmail

_LONGEST = 60
"""Characters of a line that are quoted."""
_LINES = {"br", "p", "li", "td", "th", "h2", "h3", "h4", "blockquote", "div", "figcaption"}
_MARKDOWN = re.compile(
    r"!?\[[^\[\]]{1,200}\]\((?:https?:|mailto:|www\.|[/#])[^()\s]{1,500}\)"  # a link or an image
    r"|\[\^[^\[\]\s]{1,40}\]"  # a footnote whose note is missing
    r"|^\[[^\[\]]{1,200}\]: ?https?://\S+"  # the address of a link, on a line of its own
    r"|^\|[^|]+\|(?:[^|]*\|)+$"  # a row of a table
    r"|^#{1,6} \S.{0,60}"
    r"|\*\*[^\s*](?:[^*]{0,200}[^\s*])?\*\*"
    r"|^(?:```|:::).{0,40}"
)


def raw_markdown(email: ParsedEmail) -> Iterator[Finding]:
    """Report the first Markdown in each text of editors that subscribers would see with its signs; code may have it."""
    digest = email.digest
    for where, html in (
        ("greeting", markdown(digest.greeting)),
        ("closing", markdown(digest.closing)),
        *((post.id, post.html) for post in digest.posts if post.written and post.html),
        *(("blocks", markdown(block.text)) for block in digest.blocks),
    ):
        match = next(filter(None, map(_MARKDOWN.search, _lines(with_notes(html)))), None)
        if match:
            words = match[0] if len(match[0]) <= _LONGEST else f"{match[0][:_LONGEST]}…"
            yield finding("raw-markdown", messages.RAW_MARKDOWN(words=words), where)


def _lines(html: str) -> list[str]:
    """Return the lines of text that HTML shows, without code."""
    root = parse(html)
    for code in list(root.iter("code", "pre")):
        code.text = ""
    for element in root.iter(*_LINES):
        element.tail = "\n" + (element.tail or "")
    return [line.strip() for line in "".join(root.itertext()).split("\n")]
