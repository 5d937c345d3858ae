"""Rules about what an inbox shows, the email's size, and placeholders such as `{name}`."""

import re
from collections.abc import Iterator

from newsletter.domain.digest import Finding
from newsletter.domain.encoded_email import SlotEncoding, SlotValue
from newsletter.messages import lint as messages
from newsletter.render.content.fragment import parse, text_of
from newsletter.render.content.markdown import markdown
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
from newsletter.render.scope import NAME
from newsletter.render.subject import preheader as made_preheader

_BRACES = re.compile(r"\{\{|\}\}|\{%|%\}|\{name\b|\*\|[A-Z_]+\|\*|%%[A-Za-z_]+%%")
_RULED = re.compile(r"^(?:={4,}|-{4,})$", re.MULTILINE)
_NAMED = 40
"""Letters by which the beginning of a headline or a preview text is recognized."""
_LEFT_PLACEHOLDER = re.compile(r"x[0-9a-f]{16}-\d+-[a-z-]+Z?")


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
    """Check that the preview text fills the line beside the subject and is no longer."""
    length, (low, high) = len(email.rendered.preheader.strip()), PREHEADER_LENGTH
    if length < low:
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


def placeholders(email: ParsedEmail) -> Iterator[Finding]:
    """Report unknown placeholders, and missing links to unsubscribe, to preferences and to the page."""
    slots = dict(email.rendered.placeholders)
    for where, content in (("html", email.rendered.html), ("text", email.rendered.text)):
        for placeholder in sorted(set(_LEFT_PLACEHOLDER.findall(content)) - set(slots)):
            yield finding("placeholder", messages.PLACEHOLDER(word=placeholder), where)
        form = SlotEncoding(where)
        values = {slot.value for name, slot in slots.items() if slot.form is form and name in content}
        if SlotValue.UNSUBSCRIBE not in values:
            yield finding("unsubscribe-missing", messages.UNSUBSCRIBE_MISSING(where=where), where)
        if SlotValue.PREFERENCES not in values:
            yield finding("preferences-missing", messages.PREFERENCES_MISSING(where=where), where)


def sender(email: ParsedEmail) -> Iterator[Finding]:
    """Check that the postal address and the link to the public page are there."""
    address = " ".join(email.digest.letterhead.postal_address.split())
    page = email.digest.page_url
    for where, words in (("html", email.text), ("text", " ".join(email.rendered.text.split()))):
        if not address or address not in words:
            yield finding("address-missing", messages.ADDRESS_MISSING(where=where), where)
        if page not in (email.rendered.html if where == "html" else email.rendered.text):
            yield finding("browser-missing", messages.BROWSER_MISSING(where=where, page=page), where)


def braces(email: ParsedEmail) -> Iterator[Finding]:
    """Report template syntax that was left in the text of editors and templates; posts may contain it."""
    titles = [" ".join(post.title.split()) for post in email.digest.posts]
    preview_text = made_preheader(email.digest.posts, email.digest.letterhead.language)
    titles_and_preheader = [" ".join(preview_text.split()), *titles]
    of_posts = {element for _, block in email.post_blocks() for element in block.iter()}
    of_posts |= {link for link in email.links if letters(text_of(link)) in set(map(letters, titles))}
    elements = [element for element in email.body.iter() if element not in of_posts and isinstance(element.tag, str)]
    words = [" ".join([element.text or "", *(child.tail or "" for child in element)]) for element in elements]
    for where, texts in (
        ("subject", [email.rendered.subject]),
        ("preheader", [email.rendered.preheader]),
        ("html", words),
    ):
        for text in texts:
            mark = _BRACES.search(_without(titles_and_preheader, " ".join(text.split())))
            if mark:
                yield finding("braces", messages.BRACES(mark=repr(mark[0]), words=" ".join(text.split())[:60]), where)
                break


def _without(phrases: list[str], text: str) -> str:
    """Return a text without the words of the posts in it."""
    for words in phrases:
        text = text.replace(words, "") if _BRACES.search(words) else text
    return text


_IN_BRACES = re.compile(r"\{[^\W\d_][\w .-]{0,30}(?:\|[^{}]{0,60})?\}|\{\s+name\s*(?:\|[^{}]{0,60})?\}")

_DOUBLED = re.compile(r"\{\{[^{}]*\}\}")


def names(email: ParsedEmail) -> Iterator[Finding]:
    """Report each `{name}` without a fallback for subscribers without a name."""
    for name, slot in email.rendered.placeholders:
        if (
            slot.value is SlotValue.NAME
            and slot.form is SlotEncoding.HTML
            and not slot.fallback
            and name in email.rendered.html
        ):
            yield finding("name-fallback", messages.NAME_FALLBACK(), "html")
            return


def unknown(email: ParsedEmail) -> Iterator[Finding]:
    """Report other words in braces, except in code and in `{{…}}`, which has a rule of its own."""
    digest = email.digest
    preview_text = made_preheader(digest.posts, digest.letterhead.language)
    posts = " ".join([preview_text, *(post.title for post in digest.posts + digest.rest)])
    for where, text in (
        ("subject", digest.subject),
        ("preheader", digest.preheader),
        ("greeting", _prose(markdown(digest.greeting))),
        ("closing", _prose(markdown(digest.closing))),
        *((post.id, _prose(post.html)) for post in digest.posts if post.written and post.html),
        ("blocks", " ".join(f"{block.title} {_prose(markdown(block.text))}" for block in digest.blocks)),
    ):
        for word in dict.fromkeys(_IN_BRACES.findall(NAME.sub("", _DOUBLED.sub("", text)))):
            if where in ("subject", "preheader") and word in posts:
                continue
            yield finding("placeholder-unknown", messages.PLACEHOLDER_UNKNOWN(word=word), where)


def _prose(html: str) -> str:
    """Return HTML as plain text, without code elements."""
    root = parse(html)
    for code in list(root.iter("code", "pre")):
        code.text = ""
    return "".join(root.itertext())
