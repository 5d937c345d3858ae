"""Recognizes the same post by its link, or by its title and text, and whether it was edited.

Promises: keys are stable from release to release, since the ledger keeps them.
"""

import hashlib
import re
import unicodedata
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from newsletter.domain.found_post import FoundPost
from newsletter.feeds.html.markup import text_of

MADE_UP = "urn:sha256:"
"""What the id of a post begins with whose source gives it neither id nor link."""

_TRACKING = re.compile(
    r"utm_\w+|at_(?:medium|campaign|custom\d)|fbclid|gclid|dclid|yclid|msclkid|gbraid|wbraid|mc_[ce]id|igshid|_hs(?:enc|mi)"
    r"|wt_mc|xtor|cmpid|cmp|ns_\w+|rss|feed_?id",
    re.IGNORECASE,
)
_TRACKING_PAIR = re.compile(r"(?:source|from|ref|via)=(?:rss|feed|atom)\b.*|m=[01]", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_ENOUGH = 40
LONG = 200
"""Texts of as many characters are not written twice."""


def link_key(url: str) -> str:
    """Return a post's address without the parts that do not identify it: scheme, `www.`, tracking, trailing slash,
    escaping.

    A fragment stays, as blogs of many short posts a page tell them apart by it, unless it tracks ("#xtor=RSS-3").
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url.strip()
    host = (parts.hostname or "").removeprefix("www.")
    if port and port != _PORTS.get(parts.scheme):
        host += f":{port}"
    pairs = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not (_TRACKING.fullmatch(name) or _TRACKING_PAIR.fullmatch(f"{name}={value}"))
    )
    fragment = "" if "=" in parts.fragment else parts.fragment
    key = host + escaped_once(parts.path).rstrip("/")
    return (
        key + (f"?{urlencode(pairs, errors='surrogateescape')}" if pairs else "") + (f"#{fragment}" if fragment else "")
    )


def escaped_once(path: str) -> str:
    """Return a path in which only what must be escaped is escaped, however it was written."""
    return quote(unquote(path, errors="surrogateescape"), safe="/:@!$&'()*+,;=~", errors="surrogateescape")


def text_key(title: str, html: str) -> str:
    """Return a key of "the same title and text", whatever engine wrote it: letters and digits alone count, case does
    not.

    "" if the text is too short (under 40 letters) to tell two posts of one title apart.
    """
    text = letters(text_of(html))
    return _digest(letters(title), text) if len(text) >= _ENOUGH else ""


def content_hash(post: FoundPost) -> str:
    """Return a key that changes when a reader would see a different post: title, address, text, image, author,
    categories.
    """
    image = post.image.url if post.image else ""
    return _digest(post.title, post.url, post.html, post.summary, image, post.author, *post.categories)


def made_up_id(*parts: str) -> str:
    """Return the id of a post whose source gives it neither id nor link."""
    return MADE_UP + _digest(*parts)


def are_similar(first: str, second: str) -> bool:
    """Return whether one of two texts is an edited version, or the beginning, of the other.

    Short ones must be the same, since series of posts have much in common.
    """
    shorter, longer = sorted((letters(first), letters(second)), key=len)
    if shorter == longer or (len(shorter) >= _ENOUGH and longer.startswith(shorter)):
        return bool(shorter)
    if min(len(first), len(second)) < LONG:
        return False
    fewer, more = sorted((_triples(first), _triples(second)), key=len)
    return len(fewer & more) * 2 >= len(fewer)


def _triples(text: str) -> set[tuple[str, ...]]:
    """Return each three words that follow each other."""
    words = [letters(word) for word in text.split()]
    return set(zip(words, words[1:], words[2:], strict=False))


def letters(text: str) -> str:
    """Return what two texts have in common that differ in punctuation, case and spaces only."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _digest(*parts: str) -> str:
    # A length before each part keeps ("ab", "c") and ("a", "bc") apart.
    joined = "".join(f"{len(p)}:{p}" for p in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()
