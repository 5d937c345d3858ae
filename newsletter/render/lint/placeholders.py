"""Rules about placeholders such as `{name}`, and other signs of templates."""

import re
from collections.abc import Iterator

from newsletter.domain.digest import Finding
from newsletter.domain.encoded_email import SlotEncoding, SlotValue
from newsletter.messages import lint as messages
from newsletter.render.content.fragment import parse, text_of
from newsletter.render.content.markdown import markdown
from newsletter.render.lint.codes import finding
from newsletter.render.lint.parsed_email import ParsedEmail, letters
from newsletter.render.personal_text import without_fallback
from newsletter.render.scope import with_fallbacks
from newsletter.render.subject import preheader as made_preheader

_BRACES = re.compile(r"\{\{|\}\}|\{%|%\}|\{name\b|\*\|[A-Z_]+\|\*|%%[A-Za-z_]+%%")
_LEFT_PLACEHOLDER = re.compile(r"x[0-9a-f]{16}-\d+-[a-z-]+Z?")
_IN_BRACES = re.compile(r"\{[^\W\d_][\w .-]{0,30}(?:\|[^{}]{0,60})?\}|\{\s+name\s*(?:\|[^{}]{0,60})?\}")
_DOUBLED = re.compile(r"\{\{[^{}]*\}\}")


def placeholders(email: ParsedEmail) -> Iterator[Finding]:
    """Report unknown placeholders, and missing links to unsubscribe and to preferences."""
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


def names(email: ParsedEmail) -> Iterator[Finding]:
    """Report the first `{name}` or other value without a fallback for subscribers who have none."""
    digest, html = email.digest, email.rendered.html
    fields = digest.letterhead.fields
    in_html = [(name, slot) for name, slot in email.rendered.placeholders if slot.form is SlotEncoding.HTML]
    for where, lacking in (
        ("html", [s.field for name, s in in_html if s.value is SlotValue.NAME and not s.fallback and name in html]),
        ("subject", without_fallback(digest.personal_subject, fields)),
        ("preheader", without_fallback(digest.personal_preheader, fields)),
    ):
        for field in lacking:
            problem = messages.NAME_FALLBACK() if field == "name" else messages.VALUE_FALLBACK(field=field)
            yield finding("name-fallback", problem, where)
            return


def unknown(email: ParsedEmail) -> Iterator[Finding]:
    """Report other words in braces, except in code and in `{{…}}`, which has a rule of its own."""
    digest = email.digest
    fields = digest.letterhead.fields
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
        for word in dict.fromkeys(_IN_BRACES.findall(with_fallbacks(_DOUBLED.sub("", text), fields))):
            if where in ("subject", "preheader") and word in posts:
                continue
            yield finding("placeholder-unknown", messages.PLACEHOLDER_UNKNOWN(word=word), where)


def _prose(html: str) -> str:
    """Return HTML as plain text, without code elements."""
    root = parse(html)
    for code in list(root.iter("code", "pre")):
        code.text = ""
    return "".join(root.itertext())
