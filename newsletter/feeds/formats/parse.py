"""Parsing of a feed in any format into posts.

Promises: `parse` gives what is whole or raises `NotAFeed`, nothing else; its time is bounded by the document's size and
`MAXIMUM_ENTRIES`; whatever it left out or mended is in `problems`.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from newsletter.feeds.document import Element, Fields, absolute, base_of, count, name, parse_xml
from newsletter.feeds.formats.decode import decode
from newsletter.feeds.formats.entry import author_of, is_unpublished, read_entry
from newsletter.feeds.formats.jsonfeed import MAXIMUM_ENTRIES, parse_json
from newsletter.feeds.formats.repair import repair
from newsletter.feeds.html.markup import text_of
from newsletter.feeds.isolate import apply_to_each
from newsletter.feeds.model import NotAFeed, Page
from newsletter.feeds.post import Raw, finish, title_of, told_apart, with_same_id
from newsletter.messages import Message, sources as messages

_GZIP = b"\x1f\x8b\x08"
_ENGINES = {"blogger": ("blogger", "blogspot.com"), "wordpress": ("wordpress",)}

_LONGEST_SUMMARY = 700
"""Characters of a summary. A longer one is a whole text in the place of a summary."""
_FEWEST_ENTRIES = 3
"""Entries that a feed must have to be judged by them."""
_STRUCTURE = re.compile(r"<(?:ul|ol|pre|blockquote|h[1-6]|table|iframe|video|audio)[\s>]", re.IGNORECASE)
_LINK = re.compile(r"<a\s[^<>]*>", re.IGNORECASE)


def parse(body: bytes, base_url: str, content_type: str = "") -> Page:
    """Read a feed that came from `base_url`.

    Raises NotAFeed for web pages, comments feeds, exports, documents with an attacker's entities, and what is no feed.
    """
    if body.startswith(_GZIP):
        raise NotAFeed(messages.COMPRESSED(), remedy=True)
    text = decode(body, content_type)
    if not text.strip():
        raise NotAFeed(messages.EMPTY())
    is_json = text.lstrip()[:1] in ("{", "[")
    page, entries = parse_json(text, base_url) if is_json else _parse_xml(text, base_url)
    finished, failed = apply_to_each(partial(finish, feed_url=base_url), with_teasers(entries))
    posts = tuple(post for post, _ in finished)
    problems = (*page.problems, *(problem for _, troubles in finished for problem in troubles), *failed)
    if undated := sum(1 for post in posts if post.published is None):
        problems += (messages.UNDATED(count=undated, total=len(posts)),)
    return replace(page, posts=posts, problems=problems, whole=page.whole and not failed)


def _parse_xml(text: str, base_url: str) -> tuple[Page, Sequence[Raw]]:
    """Return a feed as a page without posts, and its entries."""
    text, problems, whole = repair(text)
    if "wordpress.org/export/" in text[:3000]:
        raise NotAFeed(messages.WORDPRESS_EXPORT(), remedy=True)
    root = parse_xml(text)
    if root is None:
        raise NotAFeed(messages.BROKEN_XML())
    return _read_feed(root, base_url, problems, whole=whole)


def _read_feed(
    root: Element, base_url: str, problems: tuple[Message, ...], *, whole: bool
) -> tuple[Page, Sequence[Raw]]:
    atom = name(root) == "feed"
    channel = next((e for e in root.iter() if isinstance(e.tag, str) and name(e) == "channel"), root)
    fields = Fields(channel)
    entries = _entries(root, atom=atom)
    base = base_of(channel, base_url)
    if not atom:
        base = absolute(fields.text("link"), base)
    read = partial(read_entry, url=base, atom=atom, feed_author=author_of(fields) if atom else "")
    raws, unread = apply_to_each(read, entries[:MAXIMUM_ENTRIES])
    problems += unread
    if len(entries) > MAXIMUM_ENTRIES:
        problems += (messages.TOO_MANY_ENTRIES(count=len(entries), most=MAXIMUM_ENTRIES),)
    apart = raws if atom else told_apart(raws)
    if not atom:
        problems += with_same_id(apart)
    title = fields.first("title")
    page = Page(
        _engine(fields),
        "" if title is None else title_of("".join(title.itertext()), "html" if title.get("type") == "html" else "rss"),
        next=_next_page(fields, base),
        total=count(fields.text("opensearch:totalResults")),
        problems=problems,
        whole=whole and not unread,
    )
    return page, apart


def _entries(root: Element, *, atom: bool) -> list[Element]:
    """Return the posts' elements: in the channel, beside it (RSS 1.0), or below the feed."""
    elements = [e for e in root.iter() if isinstance(e.tag, str) and name(e) == ("entry" if atom else "item")]
    entries = [e for e in elements if not is_unpublished(e)]
    posts = [e for e in entries if not Fields(e).all("thr:in-reply-to")]  # comments on others (RFC 4685)
    if entries and not posts:
        raise NotAFeed(messages.COMMENTS(), remedy=True)
    return posts


def _engine(fields: Fields) -> str:
    """blogger or wordpress where a feed says that it was made by one, else feed."""
    generators = " ".join(f"{e.get('uri') or ''} {e.text or ''}" for e in fields.all("generator")).lower()
    return next((kind for kind, words in _ENGINES.items() if any(w in generators for w in words)), "feed")


def _next_page(fields: Fields, base: str) -> str:
    """Return where a feed goes on: the archive before it, or the next page (RFC 5005)."""
    links: dict[str, str] = {}
    for link in fields.all("link"):
        if link.get("href"):
            links.setdefault(link.get("rel") or "alternate", absolute(link.get("href") or "", base_of(link, base)))
    return links.get("prev-archive") or links.get("next", "")


def with_teasers(entries: Sequence[Raw]) -> tuple[Raw, ...]:
    """Return the entries, those marked as partial that have a summary and no text.

    In Atom and JSON Feed a short summary says so. RSS has one element for summaries and for whole texts, so that all
    entries of a feed must have nothing but a short description, without links, lists or media, below a headline.
    """
    summaries = [entry for entry in entries if not entry.html.strip() and entry.summary.strip()]
    all_alike = len(summaries) == len(entries) >= _FEWEST_ENTRIES and all(map(_is_like_a_teaser, entries))
    return tuple(
        replace(entry, partial=(entry.partial or all_alike) and _has_only_a_summary(entry)) for entry in entries
    )


def _has_only_a_summary(entry: Raw) -> bool:
    return not entry.html.strip() and 0 < len(text_of(entry.summary)) <= _LONGEST_SUMMARY


def _is_like_a_teaser(entry: Raw) -> bool:
    markup = entry.summary
    plain = not (_STRUCTURE.search(markup) or _LINK.search(markup) or entry.enclosures)
    return plain and bool(entry.title.strip()) and len(text_of(markup)) <= _LONGEST_SUMMARY
