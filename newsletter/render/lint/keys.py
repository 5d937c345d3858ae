"""Recognizes a post in a rendered email by its address and headline, however they are written."""

import re

from newsletter.domain.digest import DigestPost
from newsletter.render.content.addresses import uri
from newsletter.render.content.fragment import Element, text_of

Key = tuple[str, str]
_INVISIBLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff￾￿]+")


def post_key(post: DigestPost) -> Key:
    """Return the key of a post."""
    return uri(post.url), letters(post.title)


def link_key(link: Element) -> Key:
    """Return the key of a link, which equals a post's if it leads there and has its title."""
    return uri(link.get("href") or ""), letters(text_of(link))


def letters(text: str) -> str:
    """Return a text without white space and control characters, which rendering changes."""
    return _INVISIBLE.sub("", text)
