"""Rules about placeholders such as `{name}` in what editors write."""

import re
from collections.abc import Iterator

from newsletter.domain.digest import Finding
from newsletter.domain.encoded_email import SlotEncoding, SlotValue
from newsletter.messages import lint as messages
from newsletter.render.content.fragment import parse
from newsletter.render.content.markdown import markdown
from newsletter.render.lint.codes import finding
from newsletter.render.lint.parsed_email import ParsedEmail
from newsletter.render.scope import NAME
from newsletter.render.subject import preheader as made_preheader

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
