"""Reading an `item` or `entry` of Atom, RSS or RDF."""

import re
from dataclasses import replace
from email.utils import parseaddr

from newsletter.domain.found_post import Image
from newsletter.feeds.document import (
    Element,
    Fields,
    absolute,
    base_of,
    count,
    inner_markup,
    inner_text,
    name,
)
from newsletter.feeds.enclosures import Enclosure, read_duration
from newsletter.feeds.html.markup import one_line
from newsletter.feeds.post import Raw, loose_html, text_as_html, title_of

PUBLISHED = ("published", "pubDate", "issued", "dc:date", "date", "dcterms:issued", "dcterms:created", "created")
UPDATED = ("updated", "modified", "dcterms:modified")
_THUMBNAIL_SIZE = re.compile(r"/s\d{2,3}(?:-[a-z0-9-]+)?/(?=[^/]+\Z)|=s\d{2,3}(?:-[a-z0-9-]+)?\Z")
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_LONGEST_ALT = 300
_ENGINE_SCHEMES = ("schemas.google.com/g/2005#kind", "schemas.google.com/blogger/2008/kind")
_NOBODY = ("unknown", "noreply@blogger.com")
# Of these types content is Base64 (RFC 4287 4.1.3.3).
_BINARY = re.compile(r"(?:application|audio|font|image|video)/(?!.*(?:xml|html|json))", re.IGNORECASE)


def read_entry(entry: Element, url: str, *, atom: bool, feed_author: str = "") -> Raw:
    """Return what an entry says; `url` is where relative addresses count from unless it says otherwise."""
    fields = Fields(entry)
    base = base_of(entry, url)
    content, summary = _body(fields, atom=atom)
    link, via = _links(fields, base, atom=atom)
    return Raw(
        uid=fields.text("id", "guid") or (entry.get(_RDF_ABOUT) or ""),
        link=link or _link_elsewhere(fields, entry, url, atom=atom),
        via=via,
        title=_title(fields, atom=atom),
        html=content,
        summary=summary,
        published=fields.text(*PUBLISHED) or None,
        updated=fields.text(*UPDATED) or None,
        author=author_of(fields) or feed_author,
        categories=tuple(_categories(fields)),
        image=_image(fields, base),
        base=_content_base(fields, entry, url),
        enclosures=tuple(_enclosures(fields, base)),
        partial=atom,
        comments=_comments(fields, base),
    )


def _kind(element: Element, *, atom: bool) -> str:
    """text, html or xhtml for an Atom text construct (RFC 4287 3.1; Atom 0.3 writes media types), else rss."""
    if not atom:
        return "rss"
    declared = (element.get("type") or element.get("mode") or "text").lower()
    return next((kind for kind in ("xhtml", "html") if kind in declared), "text")


def _title(fields: Fields, *, atom: bool) -> str:
    element = fields.first("title", "dc:title")
    if element is None:
        return title_of(fields.text("media:title"), "text")
    kind = _kind(element, atom=atom)
    return title_of(inner_text(element), "text" if kind == "xhtml" else kind)


def _body(fields: Fields, *, atom: bool) -> tuple[str, str]:
    """Return the whole text and the summary, both as HTML; the text is "" if there is only a summary."""
    whole = fields.first("content:encoded", "content", "xhtml:body", "body")
    short = fields.first("summary", "description", "dc:description", "itunes:summary")
    html = "" if whole is None else _as_html(whole, atom=atom)
    summary = "" if short is None else _as_html(short, atom=atom)
    if not html and not summary:
        html = text_as_html(_media_description(fields))
    return html, summary


def _as_html(element: Element, *, atom: bool) -> str:
    if len(element):
        return inner_markup(element)
    if atom and _BINARY.match(element.get("type") or ""):
        return ""
    text = inner_text(element)
    plain = atom and name(element) in ("content", "summary") and _kind(element, atom=True) == "text"
    return text_as_html(text) if plain else loose_html(text)


def _media_description(fields: Fields) -> str:
    """Return the text that belongs to a video (Media RSS), where an entry has no other."""
    for holder in fields.all("media:group", "media:content"):
        if text := Fields(holder).text("media:description"):
            return text
    return fields.text("media:description")


def _links(fields: Fields, base: str, *, atom: bool) -> tuple[str, str]:
    """Return the post's own address, and the one that the feed gives in its stead (FeedBurner's)."""
    if atom:
        pages = [
            e for e in fields.all("link") if (e.get("href") or "").strip() and e.get("rel", "alternate") == "alternate"
        ]
        pages.sort(key=lambda e: "html" not in (e.get("type") or "html"))
        page_url = absolute(pages[0].get("href") or "", base_of(pages[0], base)) if pages else ""
    else:
        texts = [inner_text(e) for e in fields.all("link")]
        hrefs = [e.get("href") or "" for e in fields.all("link") if e.get("rel", "alternate") == "alternate"]
        page_url = next(filter(None, (*texts, *hrefs)), "")
        page_url = absolute(page_url, base) if page_url else ""
    original = fields.text("feedburner:origLink")
    return (original, page_url) if original else (page_url, "")


def _link_elsewhere(fields: Fields, entry: Element, url: str, *, atom: bool) -> str:
    """Return an address for an entry without a link: its permanent id, or the address that its content names."""
    guid = fields.first("guid")
    if guid is not None:
        permanent = (guid.get("isPermaLink") or "true").lower() != "false"
        return inner_text(guid) if permanent and inner_text(guid).startswith("http") else ""
    if base := _content_base(fields, entry, url):
        return base
    uid = fields.text("id")
    return uid if atom and uid.startswith(("http://", "https://")) else ""


def _content_base(fields: Fields, entry: Element, url: str) -> str:
    """Return the base address that an entry sets for its own content; "" if it sets none."""
    content = fields.first("content", "summary")
    if content is None or not base_of(content, url, above=entry.getparent()):
        return ""
    return base_of(content, url)


def author_of(fields: Fields) -> str:
    """Return the authors of an entry, or those that a feed names once for all entries (RFC 4287 4.2.1)."""
    for kind in ("author", "dc:creator", "itunes:author"):
        texts = [Fields(e).text("name") if len(e) else inner_text(e) for e in fields.all(kind)]
        names = [_without_address(text) for text in texts if text.lower() not in _NOBODY]
        if any(names):
            return ", ".join(dict.fromkeys(filter(None, names)))
    return ""


def _without_address(text: str) -> str:
    """Return the name in `mail@host (Name)` and `Name <mail@host>` (RSS 2.0); "" for an address alone."""
    if "@" not in text:
        return text
    name = parseaddr(text)[0]
    return "" if "@" in name else name


def _categories(fields: Fields) -> list[str]:
    categories = []
    for element in fields.all("category", "dc:subject"):
        scheme = element.get("scheme") or element.get("domain") or ""
        if not any(s in scheme for s in _ENGINE_SCHEMES):
            categories.append(element.get("label") or element.get("term") or inner_text(element))
    return categories


def _image(fields: Fields, base: str) -> Image | None:
    """Return a picture that stands beside the text: Media RSS, an enclosure, or iTunes."""
    holders = [fields, *(Fields(g) for g in fields.all("media:group"))]
    for holder in holders:
        for element in holder.all("media:content", "media:thumbnail", "enclosure", "itunes:image"):
            kind = element.get("medium") or element.get("type") or ""
            url = element.get("url") or element.get("href") or ""
            is_image = kind.startswith("image") or name(element) in ("media:thumbnail", "itunes:image")
            if url and is_image and (picture := _picture(absolute(url, base), element)):
                return picture
    return None


def _enclosures(fields: Fields, base: str) -> list[Enclosure]:
    """Return the files of RSS's `enclosure` and Atom's `link`; iTunes gives one duration, which is the first file's."""
    links = [e for e in fields.all("link") if e.get("rel") == "enclosure"]
    enclosures = [
        Enclosure(absolute(url, base), element.get("type") or "", one_line(element.get("title") or ""))
        for element in (*fields.all("enclosure"), *links)
        if (url := (element.get("url") or element.get("href") or "").strip())
    ]
    if enclosures:
        enclosures[0] = replace(enclosures[0], seconds=read_duration(fields.text("itunes:duration")))
    return enclosures


def _picture(url: str, element: Element) -> Image | None:
    """Return Blogger's thumbnail in a larger size; None for small ones of others, and portraits of authors."""
    if not url.startswith(("http://", "https://")) or "gravatar.com/avatar/" in url:
        return None
    if any(host in url for host in ("blogspot.com/", "googleusercontent.com/")):
        larger = _THUMBNAIL_SIZE.sub(lambda m: "/s1600/" if m[0].startswith("/") else "=s1600", url)
        if larger != url:
            return Image(larger)
    width, height = (count(element.get(side) or "") for side in ("width", "height"))
    description = one_line(Fields(element).text("media:description"))
    alt = description if len(description) <= _LONGEST_ALT and "<" not in description else ""
    return None if (width or 100) < 100 else Image(url, alt, width, height)


def _comments(fields: Fields, base: str) -> str:
    """Return the page of an entry's comments: RSS's `comments`, or a link to replies (RFC 4685) that is not a feed."""
    pages = [e for e in fields.all("link") if e.get("rel") == "replies" and "html" in (e.get("type") or "html")]
    address = fields.text("comments") or next(((e.get("href") or "").strip() for e in pages), "")
    return absolute(address, base) if address else ""


def is_unpublished(entry: Element) -> bool:
    """Return whether an entry is a draft, or one of the settings, templates and pages that exports hold."""
    control = Fields(entry).first("app:control")
    if control is not None and Fields(control).text("app:draft").lower() == "yes":
        return True
    kinds = [e.get("term") or "" for e in Fields(entry).all("category") if "#kind" in (e.get("scheme") or "")]
    return any(kinds) and not any(kind.endswith("#post") for kind in kinds)
