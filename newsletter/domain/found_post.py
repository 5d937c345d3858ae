"""Posts as sources provide them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Image:
    """An image of a post; sizes in CSS pixels, None if the source gave none."""

    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class FoundPost:
    """A post as a source provided it, with cleaned HTML; `feeds` passes it to the ledger.

    `uid` is the source's own id, opaque (the link if it has none). `published` keeps the source's offset; it is
    `updated` if a source gives only that, and None if it gives neither. `dropped` counts what cleaning removed, by
    kind: "repeated paragraph", "read more", "feed note", "tracker", "share button", "badge", "advertisement", "image
    without address", "feedflare", "line numbers", "drawing" (in SVG), "gallery" (a code in brackets), "hidden",
    "contents" (a table of contents), "player" (replaced with a link), "formula" (replaced with text).
    `summary` is plain text. `via` is the address that the feed gave instead of `url` (FeedBurner's), if any. `partial`
    says that the source has only the beginning. `comments_url` is the page of its comments, if the source names one.
    """

    uid: str
    url: str
    title: str
    html: str = ""
    summary: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    author: str = ""
    categories: tuple[str, ...] = ()
    language: str = ""
    image: Image | None = None
    dropped: tuple[tuple[str, int], ...] = ()
    via: str = ""
    partial: bool = False
    comments_url: str = ""
