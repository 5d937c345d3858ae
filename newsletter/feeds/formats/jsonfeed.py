"""JSON Feed 1 and 1.1 (jsonfeed.org/version/1.1), and RSS in JSON as oldSchool writes it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from newsletter.domain.found_post import Image
from newsletter.feeds.document import absolute
from newsletter.feeds.enclosures import Enclosure, read_duration
from newsletter.feeds.isolate import apply_to_each
from newsletter.feeds.model import NotAFeed, Page
from newsletter.feeds.post import Raw, text_as_html, title_of, told_apart, with_same_id
from newsletter.messages import sources as messages

MAXIMUM_ENTRIES = 1_000


def load_json(text: str) -> Any:
    """JSON, or NotAFeed: one sentence for whatever is wrong with it, nesting without end included."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as e:
        raise NotAFeed(messages.BROKEN_JSON(cause=str(e)[:80])) from e


def parse_json(text: str, base_url: str) -> tuple[Page, Sequence[Raw]]:
    """Return a feed in JSON as a page without posts, and its entries. Raises NotAFeed if it is something else."""
    data = load_json(text)
    if not isinstance(data, dict):
        raise NotAFeed(messages.NOT_JSON_FEED())
    if isinstance(rss := data.get("rss"), dict) and isinstance(channel := rss.get("channel"), dict):
        return _rss_in_json(channel)
    items = data.get("items")
    if not isinstance(items, list) or "jsonfeed.org" not in _text(data, "version"):
        raise NotAFeed(messages.NO_JSON_VERSION())
    next_url = _text(data, "next_url")
    page = Page(
        "jsonfeed", title_of(_text(data, "title"), "text"), next=absolute(next_url, base_url) if next_url else ""
    )
    return _with_entries(page, items, partial(_entry, base_url=base_url, authors=_authors(data)))


def _with_entries(page: Page, items: list[Any], read: Callable[[dict[str, Any]], Raw]) -> tuple[Page, Sequence[Raw]]:
    entries, problems = apply_to_each(read, [item for item in items[:MAXIMUM_ENTRIES] if isinstance(item, dict)])
    apart = told_apart(entries)
    return replace(page, problems=(*problems, *with_same_id(apart)), whole=not problems), apart


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
        enclosures=tuple(_enclosures(item, base_url)),
        partial=not html,
    )


def _enclosures(item: dict[str, Any], base_url: str) -> list[Enclosure]:
    attachments = item.get("attachments")
    return [
        Enclosure(
            absolute(_text(attachment, "url"), base_url),
            _text(attachment, "mime_type"),
            title_of(_text(attachment, "title"), "text"),
            read_duration(_text(attachment, "duration_in_seconds")),
        )
        for attachment in (attachments if isinstance(attachments, list) else [])
        if isinstance(attachment, dict) and _text(attachment, "url")
    ]


def _text(data: dict[str, Any], key: str) -> str:
    """Return a value as text; numbers, as some write ids, too ("a reader must coerce", version 1.1, `id`)."""
    return _coerced(data.get(key))


def _coerced(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _authors(data: dict[str, Any]) -> str:
    """Return the authors' names; version 1 had one `author`."""
    authors = data.get("authors")
    people = authors if isinstance(authors, list) else [data.get("author")]
    return ", ".join(filter(None, (_text(p, "name") for p in people if isinstance(p, dict))))


def _rss_in_json(channel: dict[str, Any]) -> tuple[Page, Sequence[Raw]]:
    """RSS 2.0 with its elements as JSON keys."""
    page = Page(title=title_of(_text(channel, "title"), "rss"))
    return _with_entries(page, _all(channel, "item"), _rss_item)


def _rss_item(item: dict[str, Any]) -> Raw:
    uid = _value(item.get("guid"))
    return Raw(
        uid=uid,
        link=_text(item, "link") or (uid if uid.startswith("http") else ""),
        title=title_of(_text(item, "title"), "rss"),
        html=_text(item, "content:encoded") or _text(item, "description"),
        published=_text(item, "pubDate") or None,
        author=_text(item, "author"),
        comments=_text(item, "comments"),
        categories=tuple(filter(None, map(_value, _all(item, "category")))),
        enclosures=tuple(_rss_enclosures(item)),
    )


def _rss_enclosures(item: dict[str, Any]) -> list[Enclosure]:
    """Return the files of an item; iTunes gives one duration, which is the first file's."""
    files = [e for e in _all(item, "enclosure") if isinstance(e, dict) and _text(e, "url")]
    durations = [read_duration(_text(item, "itunes:duration"))] + [0] * len(files)
    return [
        Enclosure(_text(e, "url"), _text(e, "type"), seconds=seconds)
        for e, seconds in zip(files, durations, strict=False)
    ]


def _all(item: dict[str, Any], key: str) -> list[Any]:
    """Return the values of an element that may stand once or several times."""
    value = item.get(key)
    return value if isinstance(value, list) else [value]


def _value(value: Any) -> str:
    """Return the text of an element, which with attributes is an object."""
    if isinstance(value, dict):
        return _text(value, "#value") or _text(value, "value")
    return _coerced(value)
