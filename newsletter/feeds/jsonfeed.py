"""JSON Feed 1 and 1.1 (jsonfeed.org/version/1.1), and RSS in JSON as oldSchool writes it."""

import json
from dataclasses import dataclass, field
from typing import Any

from newsletter.feeds.document import absolute
from newsletter.feeds.model import Links, NotAFeed
from newsletter.feeds.post import Raw, text_as_html, title_of
from newsletter.mail import Image

MAXIMUM_ENTRIES = 1_000


@dataclass(frozen=True, slots=True)
class JsonFeed:
    """What a document in JSON says, its entries not yet finished."""

    kind: str
    title: str = ""
    language: str = ""
    entries: tuple[Raw, ...] = ()
    links: Links = field(default_factory=Links)


def load_json(text: str) -> Any:
    """JSON, or NotAFeed: one sentence for whatever is wrong with it, nesting without end included."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as e:
        raise NotAFeed(f"begins like JSON but is none ({str(e)[:80]})") from e


def parse_json(text: str, base_url: str) -> JsonFeed:
    """Read a feed written in JSON. Raises NotAFeed where it is none."""
    data = load_json(text)
    if not isinstance(data, dict):
        raise NotAFeed("is JSON, but no JSON Feed")
    if isinstance(rss := data.get("rss"), dict) and isinstance(channel := rss.get("channel"), dict):
        return _rss_in_json(channel)
    items = data.get("items")
    if not isinstance(items, list) or "jsonfeed.org" not in _text(data, "version"):
        raise NotAFeed("is JSON, but no JSON Feed (it names no jsonfeed.org version, or has no items)")
    authors = _authors(data)
    entries = tuple(_entry(i, base_url, authors) for i in items[:MAXIMUM_ENTRIES] if isinstance(i, dict))
    next_url = _text(data, "next_url")
    links = Links(next=absolute(next_url, base_url) if next_url else "")
    return JsonFeed("jsonfeed", title_of(_text(data, "title"), "text"), _text(data, "language"), entries, links)


def _entry(item: dict[str, Any], base_url: str, authors: str) -> Raw:
    link = _text(item, "url") or _text(item, "external_url")
    html = _text(item, "content_html") or text_as_html(_text(item, "content_text"))
    image = _text(item, "image") or _text(item, "banner_image")
    tags = item.get("tags")
    return Raw(
        uid=_text(item, "id"),
        link=absolute(link, base_url) if link else "",
        title=title_of(_text(item, "title"), "text"),
        html=html,
        summary=text_as_html(_text(item, "summary")),
        published=_text(item, "date_published") or None,
        updated=_text(item, "date_modified") or None,
        author=_authors(item) or authors,
        categories=tuple(t for t in tags if isinstance(t, str)) if isinstance(tags, list) else (),
        image=Image(absolute(image, base_url)) if image else None,
    )


def _text(data: dict[str, Any], key: str) -> str:
    """A value as text; numbers, as some write ids, too ("a reader must coerce", version 1.1, `id`)."""
    value = data.get(key)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _authors(data: dict[str, Any]) -> str:
    """The authors' names; version 1 had one `author`."""
    listed = data.get("authors")
    people = listed if isinstance(listed, list) else [data.get("author")]
    return ", ".join(filter(None, (_text(p, "name") for p in people if isinstance(p, dict))))


def _rss_in_json(channel: dict[str, Any]) -> JsonFeed:
    """RSS 2.0 with its elements as JSON keys."""
    listed = channel.get("item")
    items = listed if isinstance(listed, list) else [listed]
    entries = tuple(_rss_item(i) for i in items[:MAXIMUM_ENTRIES] if isinstance(i, dict))
    return JsonFeed("feed", title_of(_text(channel, "title"), "rss"), _text(channel, "language"), entries)


def _rss_item(item: dict[str, Any]) -> Raw:
    guid = item.get("guid")
    uid = (_text(guid, "#value") or _text(guid, "value")) if isinstance(guid, dict) else _text(item, "guid")
    return Raw(
        uid=uid,
        link=_text(item, "link") or (uid if uid.startswith("http") else ""),
        title=title_of(_text(item, "title"), "rss"),
        html=_text(item, "description"),
        published=_text(item, "pubDate") or None,
        author=_text(item, "author"),
    )
