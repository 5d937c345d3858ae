"""Rules about what an inbox shows and how heavy the mail is."""

import re
from collections.abc import Iterator

from newsletter.mail import Finding, Form, Value
from newsletter.render.fragment import text_of
from newsletter.render.lint.codes import LARGEST_CSS, NEAR_SIZE, PREHEADER_LENGTH, SUBJECT_LENGTH, finding
from newsletter.render.lint.look import Look
from newsletter.render.subject import preheader as made_preheader

_BRACES = re.compile(r"\{\{|\}\}|\{%|%\}|\{name\b|\*\|[A-Z_]+\|\*|%%[A-Za-z_]+%%")
_LEFT_PLACEHOLDER = re.compile(r"\bx[0-9a-f]{16}-\d+-[a-z-]+")


def subject(look: Look) -> Iterator[Finding]:
    """The subject is there, and short enough to be seen."""
    length = len(look.rendered.subject.strip())
    if not length:
        yield finding("subject-empty", "The subject is empty.", "subject")
    elif length > SUBJECT_LENGTH:
        yield finding("subject-long", f"The subject has {length} characters; {SUBJECT_LENGTH} are seen.", "subject")


def preheader(look: Look) -> Iterator[Finding]:
    """The preheader fills the line beside the subject and no more."""
    length, (low, high) = len(look.rendered.preheader.strip()), PREHEADER_LENGTH
    if length < low:
        yield finding("preheader-short", f"The preheader has {length} characters; write {low} to {high}.", "preheader")
    elif length > high:
        yield finding("preheader-long", f"The preheader has {length} characters; write {low} to {high}.", "preheader")


def weight(look: Look) -> Iterator[Finding]:
    """The HTML is below the limit from which programs clip it."""
    limit = look.maximum_size
    if look.size > limit:
        yield finding(
            "size-over",
            f"The HTML has {look.size:,} bytes, and maximum_size is {limit:,}; shorten it, or leave posts out.",
            "html",
        )
    elif look.size > min(NEAR_SIZE, limit):
        yield finding("size-near", f"The HTML has {look.size:,} bytes; Gmail clips at about 102,000.", "html")


def style_sheets(look: Look) -> Iterator[Finding]:
    """Gmail keeps the style sheets."""
    length = len(look.css.encode())
    if length > LARGEST_CSS:
        yield finding("css-size", f"The style sheets have {length:,} bytes; Gmail keeps {LARGEST_CSS:,}.", "html")
    depth, nested = 0, False
    for mark in re.findall(r"@[a-z-]+[^{};]*\{|\{|\}", look.css):
        if mark == "}":
            depth = max(0, depth - 1)
            continue
        nested = nested or (mark.startswith("@") and depth > 0)
        depth += 1
    if nested:
        yield finding("css-nested", "A style sheet has an @ rule inside an @ rule; Gmail drops all of it.", "html")


def placeholders(look: Look) -> Iterator[Finding]:
    """Every placeholder is known, and each form lets its reader leave."""
    known = dict(look.rendered.placeholders)
    for where, content in (("html", look.rendered.html), ("text", look.rendered.text)):
        for left in sorted(set(_LEFT_PLACEHOLDER.findall(content)) - set(known)):
            yield finding("placeholder", f"{left} stands for nothing.", where)
        form = Form(where)
        there = {s.value for name, s in known.items() if s.form is form and name in content}
        if Value.UNSUBSCRIBE not in there:
            yield finding("unsubscribe-missing", f"The {where} has no unsubscribe link.", where)
        if Value.PREFERENCES not in there:
            yield finding("preferences-missing", f"The {where} has no link to the reader's preferences.", where)


def sender(look: Look) -> Iterator[Finding]:
    """The postal address and the link to the public page are there."""
    address = " ".join(look.digest.letterhead.postal_address.split())
    page = f"{look.digest.letterhead.site_url}/n/{look.digest.name}/"
    for where, words in (("html", look.text), ("text", " ".join(look.rendered.text.split()))):
        if not address or address not in words:
            yield finding("address-missing", f"The {where} does not hold the postal address.", where)
        if page not in (look.rendered.html if where == "html" else look.rendered.text):
            yield finding("browser-missing", f"The {where} has no link to {page}.", where)


def braces(look: Look) -> Iterator[Finding]:
    """No template mark is left in what editors and templates say; posts may hold what they like."""
    titles = [" ".join(post.title.split()) for post in look.digest.posts]
    told = [" ".join(made_preheader(look.digest.posts).split()), *titles]
    theirs = {element for _, block in look.post_blocks() for element in block.iter()}
    theirs |= {link for link in look.links if text_of(link) in titles}
    ours = [e for e in look.body.iter() if e not in theirs and isinstance(e.tag, str)]
    words = [" ".join([e.text or "", *(child.tail or "" for child in e)]) for e in ours]
    for where, texts in (
        ("subject", [look.rendered.subject]),
        ("preheader", [look.rendered.preheader]),
        ("html", words),
    ):
        for text in texts:
            mark = _BRACES.search(_without(told, " ".join(text.split())))
            if mark:
                yield finding("braces", f"{mark[0]!r} was left in: {' '.join(text.split())[:60]}", where)
                break


def _without(theirs: list[str], text: str) -> str:
    """A text without the words of posts that stand in it."""
    for words in theirs:
        text = text.replace(words, "") if _BRACES.search(words) else text
    return text
