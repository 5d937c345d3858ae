"""A feed's document, of whatever kind, as posts.

Promises: `parse` gives what is whole or raises `NotAFeed`, nothing else; its time is bounded by the document's size and
`MAXIMUM_ENTRIES`; whatever it left out or mended is in `problems`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from newsletter.feeds.decode import decode
from newsletter.feeds.document import Element, Fields, absolute, base_of, name, parse_xml
from newsletter.feeds.entry import feed_author, is_reply, is_unpublished, read_entry
from newsletter.feeds.jsonfeed import parse_json
from newsletter.feeds.model import Links, NotAFeed, ParsedFeed
from newsletter.feeds.post import Raw, finish, title_of
from newsletter.feeds.repair import repair
from newsletter.mail import FoundPost

MAXIMUM_ENTRIES = 1_000
_GZIP = b"\x1f\x8b\x08"
_ENGINES = {"blogger": ("blogger", "blogspot.com"), "wordpress": ("wordpress",)}


def parse(body: bytes, base_url: str, content_type: str = "") -> ParsedFeed:
    """Read a feed that came from `base_url`.

    Raises NotAFeed for web pages, comments feeds, exports, documents with an attacker's entities, and what is no feed.
    """
    if body.startswith(_GZIP):
        raise NotAFeed("is compressed without saying so (gzip)", remedy="use the address of the feed itself")
    text = decode(body, content_type)
    if not text.strip():
        raise NotAFeed("is empty")
    if text.lstrip()[:1] in ("{", "["):
        feed = parse_json(text, base_url)
        posts, troubles = _finished(_told_apart(feed.entries), base_url)
        return ParsedFeed(feed.kind, feed.title, feed.language, posts, feed.links, problems=troubles)
    text, problems, whole = repair(text)
    if "wordpress.org/export/" in text[:3000]:
        raise NotAFeed("is a WordPress export with its drafts and pages, not a feed", remedy="use the blog's /feed/")
    root = parse_xml(text)
    if root is None:
        raise NotAFeed("is no feed: its XML can't be read at all")
    return _read_feed(root, base_url, problems, whole=whole)


def _read_feed(root: Element, base_url: str, problems: tuple[str, ...], *, whole: bool) -> ParsedFeed:
    atom = name(root) == "feed"
    channel = next((e for e in root.iter() if isinstance(e.tag, str) and name(e) == "channel"), root)
    fields = Fields(channel)
    entries = _entries(root, atom=atom)
    base = base_of(channel, base_url)
    if not atom:
        base = absolute(fields.text("link"), base)
    author = feed_author(channel) if atom else ""
    raws = [read_entry(e, base, atom=atom, feed_author=author) for e in entries[:MAXIMUM_ENTRIES]]
    if len(entries) > MAXIMUM_ENTRIES:
        problems += (f"has {len(entries):,} entries, of which the first {MAXIMUM_ENTRIES:,} were read",)
    title = fields.first("title")
    said = (
        "" if title is None else title_of("".join(title.itertext()), "html" if title.get("type") == "html" else "rss")
    )
    total = fields.text("opensearch:totalResults")
    posts, troubles = _finished(raws if atom else _told_apart(raws), base_url)
    return ParsedFeed(
        kind=_engine(fields),
        title=said,
        language=fields.text("language", "dc:language"),
        posts=posts,
        links=_next_pages(fields, base),
        total=int(total) if total.isdecimal() else None,
        problems=problems + troubles,
        whole=whole,
    )


def _entries(root: Element, *, atom: bool) -> list[Element]:
    """The posts' elements: in the channel, beside it (RSS 1.0), or below the feed."""
    found = [e for e in root.iter() if isinstance(e.tag, str) and name(e) == ("entry" if atom else "item")]
    entries = [e for e in found if not is_unpublished(e)]
    posts = [e for e in entries if not is_reply(e)]
    if entries and not posts:
        raise NotAFeed("is a feed of comments, not of posts", remedy="use the blog's own address")
    return posts


def _engine(fields: Fields) -> str:
    """blogger or wordpress where a feed says that it was made by one, else feed."""
    said = " ".join(f"{e.get('uri') or ''} {e.text or ''}" for e in fields.all("generator")).lower()
    return next((kind for kind, words in _ENGINES.items() if any(w in said for w in words)), "feed")


def _next_pages(fields: Fields, base: str) -> Links:
    found: dict[str, str] = {}
    for link in fields.all("link"):
        if link.get("href"):
            found.setdefault(link.get("rel") or "alternate", absolute(link.get("href") or "", base_of(link, base)))
    return Links(previous=found.get("prev-archive", ""), next=found.get("next", ""))


def _finished(raws: Iterable[Raw], base_url: str) -> tuple[tuple[FoundPost, ...], tuple[str, ...]]:
    """The posts of entries, and what was wrong with them."""
    posts: list[FoundPost] = []
    problems: tuple[str, ...] = ()
    for raw in raws:
        post, troubles = finish(raw, base_url)
        posts.append(post)
        problems += troubles
    undated = sum(1 for p in posts if p.published is None)
    if undated:
        problems += (f"has {undated} of {len(posts)} posts without a date, which no edition takes by itself",)
    return tuple(posts), problems


def _told_apart(raws: Sequence[Raw]) -> Iterator[Raw]:
    """Entries whose ids tell them apart: where several pages share one id, as some feeds have it, their links do.

    In Atom an id that comes twice is one entry, whatever else they say (RFC 4287 4.1.1).
    """
    pages: dict[str, set[str]] = {}
    for raw in raws:
        pages.setdefault(raw.uid.strip(), set()).add(raw.link.strip())
    for raw in raws:
        yield replace(raw, uid="") if raw.link.strip() and len(pages[raw.uid.strip()]) > 1 else raw
