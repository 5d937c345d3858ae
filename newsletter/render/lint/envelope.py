"""Rules about what an inbox shows, and about the email's size."""

import re
from collections.abc import Iterator

from newsletter.domain.digest import Finding
from newsletter.messages import lint as messages
from newsletter.render.lint.codes import (
    CLIPPED_SIZE,
    LARGEST_CSS,
    NEAR_SIZE,
    PREHEADER_LENGTH,
    SUBJECT_LENGTH,
    SUBJECT_ON_PHONES,
    SUMMARIZED,
    finding,
)
from newsletter.render.lint.parsed_email import ParsedEmail, letters

_RULED = re.compile(r"^(?:={4,}|-{4,})$", re.MULTILINE)
_NAMED = 40
"""Letters by which the beginning of a headline or a preview text is recognized."""


def subject(email: ParsedEmail) -> Iterator[Finding]:
    """Check that there is a subject, and that it is short enough to be seen."""
    line = email.rendered.subject.strip()
    length = len(line)
    if not length:
        yield finding("subject-empty", messages.SUBJECT_EMPTY(), "subject")
    elif length > SUBJECT_LENGTH:
        yield finding("subject-long", messages.SUBJECT_LONG(length=length, most=SUBJECT_LENGTH), "subject")
    title = email.digest.letterhead.title
    of_a_post = any(title.casefold() in post.title.casefold() for post in email.digest.posts[:1])
    if length > SUBJECT_ON_PHONES and not of_a_post and title.casefold() in line[:SUBJECT_ON_PHONES].casefold():
        yield finding("subject-phone", messages.SUBJECT_PHONE(most=SUBJECT_ON_PHONES, title=title), "subject")


def preheader(email: ParsedEmail) -> Iterator[Finding]:
    """Check that the preview text fills the line beside the subject and is no longer; an empty email needs none yet."""
    length, (low, high) = len(email.rendered.preheader.strip()), PREHEADER_LENGTH
    if length < low and not email.digest.is_empty:
        yield finding("preheader-short", messages.PREHEADER_LENGTH(length=length, low=low, high=high), "preheader")
    elif length > high:
        yield finding("preheader-long", messages.PREHEADER_LENGTH(length=length, low=low, high=high), "preheader")


def first_words(email: ParsedEmail) -> Iterator[Finding]:
    """Check that both parts begin with news: a preview text, a headline of a post, or an introduction.

    In the HTML it must stand before the first image but the logo. Lines below headings in the text don't count.
    """
    if not email.digest.posts or email.digest.greeting.strip():
        return
    beginnings = {"html": email.text_before_images, "text": _RULED.sub("", email.rendered.text)}
    headlines = [letters(post.title)[:_NAMED] for post in email.digest.posts]
    for where, text in beginnings.items():
        beginning = letters(" ".join(text.split())[:SUMMARIZED])
        preview = letters(email.rendered.preheader)[:_NAMED] if where == "html" else ""
        if not any(news and news in beginning for news in (preview, *headlines)):
            yield finding("news-late", messages.NEWS_LATE(most=SUMMARIZED, where=where), where)


def weight(email: ParsedEmail) -> Iterator[Finding]:
    """Check that the HTML is below the size at which programs clip it.

    One whose posts were shortened uses all the room that they may take, which is no news below that size.
    """
    limit = email.maximum_size
    if email.size > limit:
        yield finding(
            "size-over",
            messages.SIZE_OVER(size=email.size, limit=limit),
            "html",
        )
    elif email.size > min(NEAR_SIZE, limit) and not (email.rendered.shortened and limit <= CLIPPED_SIZE):
        yield finding("size-near", messages.SIZE_NEAR(size=email.size), "html")


def style_sheets(email: ParsedEmail) -> Iterator[Finding]:
    """Report style sheets that Gmail would drop."""
    length = len(email.css.encode())
    if length > LARGEST_CSS:
        yield finding("css-size", messages.CSS_SIZE(size=length, most=LARGEST_CSS), "html")
    depth, nested = 0, False
    for mark in re.findall(r"@[a-z-]+[^{};]*\{|\{|\}", email.css):
        if mark == "}":
            depth = max(0, depth - 1)
            continue
        nested = nested or (mark.startswith("@") and depth > 0)
        depth += 1
    if nested:
        yield finding("css-nested", messages.CSS_NESTED(), "html")


def sender(email: ParsedEmail) -> Iterator[Finding]:
    """Check that the postal address and the link to the public page are there."""
    address = " ".join(email.digest.letterhead.postal_address.split())
    page = email.digest.page_url
    for where, words in (("html", email.text), ("text", " ".join(email.rendered.text.split()))):
        if not address or address not in words:
            yield finding("address-missing", messages.ADDRESS_MISSING(where=where), where)
        if page not in (email.rendered.html if where == "html" else email.rendered.text):
            yield finding("browser-missing", messages.BROWSER_MISSING(where=where, page=page), where)
