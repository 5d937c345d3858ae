"""What Substack's feeds say only in `data-attrs`, the JSON from which its own pages make players, posts and galleries.

Names of its fields are those that its feeds have. What is missing or of another type counts as empty.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lxml.builder import E

from newsletter.feeds.html import parts
from newsletter.feeds.html.markup import HtmlElement, classes, replace
from newsletter.feeds.html.parts import quoted_post

_UPLOADED_AUDIO = "https://api.substack.com/api/v1/audio/upload/{}/src"
_UPLOADED_VIDEO = "/api/v1/video/upload/{}/src?type=mp4"
"""Below the address of the publication."""
_LONGEST_LINE = 300
_DID = re.compile(r"did:[a-z]+:[\w.:%-]+", re.ASCII)
_TIME_OF_DAY = re.compile(r"(?<=\d{4}-\d\d-\d\d)T.*", re.DOTALL)


def expand(root: HtmlElement, page: str = "") -> None:
    """Put what elements describe in their place; those that describe nothing that is known stay.

    `page` is the post's own address, where readers vote in its polls.
    """
    for element in [e for e in root.iter("div", "span", "iframe") if e.get("data-attrs")]:
        make = next((_KINDS[name] for name in classes(element) if name in _KINDS), None)
        described = _described(element.get("data-attrs"), page) if make else None
        blocks = list(make(described)) if make and described is not None else []
        if blocks:
            replace(element, *blocks)
    for note in [e for e in root.iter("div") if "footnote" in classes(e)]:
        _join_number(note)


def _join_number(note: HtmlElement) -> None:
    """Put the number of a footnote on the line of its first paragraph."""
    number = note.find("a")
    paragraph = next(note.iter("p"), None)
    if number is not None and paragraph is not None:
        number.tail = None
        paragraph.insert(0, number)
        number.tail, paragraph.text = f" {paragraph.text or ''}", None


class _Described:
    """The fields of an element's JSON, as text, and the address of its post."""

    def __init__(self, fields: Mapping[str, Any], page: str = "") -> None:
        self._fields, self.page = fields, page

    def text(self, *names: str) -> str:
        """Return the first of these fields that is not empty."""
        values = (self._fields.get(name) for name in names)
        return next((v.strip() for v in values if isinstance(v, str) and v.strip()), "")

    def number(self, name: str) -> float:
        """Return a field that is a number, else 0."""
        value = self._fields.get(name)
        return float(value) if isinstance(value, int | float) else 0.0

    def texts(self, name: str) -> list[str]:
        """Return the texts of a field that is a list."""
        value = self._fields.get(name)
        return [text for text in value if isinstance(text, str) and text] if isinstance(value, list) else []

    def inner(self, name: str) -> "_Described":
        """Return a field that has fields of its own."""
        value = self._fields.get(name)
        return _Described(value if isinstance(value, dict) else {})

    def each(self, name: str) -> "list[_Described]":
        """Return the entries of a field that is a list."""
        value = self._fields.get(name)
        return [_Described(entry) for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _described(text: str, page: str) -> _Described | None:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _Described(fields, page) if isinstance(fields, dict) else None


def _text(text: str) -> Iterable[HtmlElement]:
    if text:
        yield E.span(text)


def _tweet(of: _Described) -> Iterable[HtmlElement]:
    text, name, handle = of.text("full_text"), of.text("name"), of.text("username")
    author = " ".join(filter(None, (name, f"(@{handle})" if handle else "")))
    if text or author:
        quote = quoted_post(text, author, of.text("url"), _day(of.text("date")))
        _add_pictures(quote, [photo.text("img_url") for photo in of.each("photos") if photo.text("img_url")])
        quoted = of.inner("quoted_tweet")
        if quoted.text("full_text"):
            author = " ".join(filter(None, (quoted.text("name"), f"(@{quoted.text('username')})")))
            quote.insert(len(quote) - 1, quoted_post(quoted.text("full_text"), author, ""))
        yield quote


def _day(date: str) -> str:
    """Return a date without the time of day behind it."""
    return _TIME_OF_DAY.sub("", date)


def _add_pictures(quote: HtmlElement, addresses: Iterable[str]) -> None:
    """Put pictures above the last line of a quoted post, which names its author."""
    for address in addresses:
        quote.insert(len(quote) - 1, E.p(E.img(src=address, alt="")))


def _bluesky(of: _Described) -> Iterable[HtmlElement]:
    text, name, handle = of.text("text"), of.text("authorName"), of.text("authorHandle")
    author = " ".join(filter(None, (name, f"(@{handle})" if handle else "")))
    identifier = of.text("postId")
    if (text or author) and identifier.isalnum() and _DID.fullmatch(of.text("authorDid")):
        address = f"https://bsky.app/profile/{of.text('authorDid')}/post/{identifier}"
        quote = quoted_post(text, author, address, _day(of.text("createdAt")))
        _add_pictures(quote, of.texts("imageUrls"))
        yield quote


def _note(of: _Described) -> Iterable[HtmlElement]:
    comment = of.inner("comment")
    if comment.text("body"):
        yield quoted_post(comment.text("body"), comment.text("name"), of.text("url"), _day(comment.text("date")))


def _card(of: _Described, address: str, service: str, *, title: str = "", picture: str = "") -> list[HtmlElement]:
    title = title or of.text("title", "caption", "label")
    lines = (of.text("subtitle", "podcastTitle", "podcastByline", "author", "author_name"), service)
    return [parts.card(address, title or service, lines if title else (), picture)] if address else []


def _post(of: _Described) -> list[HtmlElement]:
    lines = (of.text("truncated_body_text", "caption")[:_LONGEST_LINE], of.text("publication_name"))
    address, title = of.text("url", "canonical_url"), of.text("title")
    picture = of.text("cover_image", "publication_logo_url")
    return [parts.card(address, title, lines, picture)] if address and title else []


def _publication(of: _Described) -> list[HtmlElement]:
    lines = (of.text("hero_text")[:_LONGEST_LINE], of.text("author_name"))
    address, title = of.text("base_url"), of.text("name")
    return [parts.card(address, title, lines, of.text("logo_url"))] if address and title else []


def _tiktok(of: _Described) -> Iterable[HtmlElement]:
    if address := of.text("url"):
        yield E.video(src=address, title=of.text("title") or "TikTok")


def _chart(of: _Described) -> Iterable[HtmlElement]:
    """Yield the picture of a chart, which leads to it and has its title, above its description."""
    address, picture = of.text("url"), of.text("thumbnail_url_full", "thumbnail_url")
    if address and picture:
        link = E.a(E.img(src=picture, alt=of.text("title")), href=address)
        yield E.figure(link, *_caption(of.text("description")))


def _caption(text: str) -> list[HtmlElement]:
    return [E.figcaption(text)] if text else []


def _instagram(of: _Described) -> list[HtmlElement]:
    identifier = of.text("instagram_id")
    address = (
        f"https://www.instagram.com/p/{identifier}/" if identifier.replace("-", "").replace("_", "").isalnum() else ""
    )
    return _card(of, address, "Instagram", picture=of.text("thumbnail_url"))


def _gallery(of: _Described) -> Iterable[HtmlElement]:
    gallery = of.inner("gallery")
    figures = [E.figure(E.img(src=image.text("src"), alt="")) for image in gallery.each("images") if image.text("src")]
    if figures:
        yield E.div({"class": "image-gallery"}, *figures, *_caption(gallery.text("caption")))


def _formula(of: _Described) -> Iterable[HtmlElement]:
    if formula := of.text("persistentExpression"):
        yield E.p(E.code(formula))


def _audio(of: _Described) -> list[HtmlElement]:
    identifier = of.text("mediaUploadId")
    minutes = max(1, round(of.number("duration") / 60))
    address = _UPLOADED_AUDIO.format(identifier) if identifier.replace("-", "").isalnum() else ""
    title = of.text("label", "title") or "Audio"
    return [parts.card(address, title, (f"{minutes} min",) if of.number("duration") else ())] if address else []


def _video(of: _Described) -> Iterable[HtmlElement]:
    identifier = of.text("mediaUploadId")
    if identifier.replace("-", "").isalnum():
        title = of.text("label", "title") or "Video"
        yield E.video(src=_UPLOADED_VIDEO.format(identifier), title=title)


def _poll(of: _Described) -> list[HtmlElement]:
    """Return a card of a poll, of which feeds have only the number. Its fragment tells the link from that of the post,
    which is left out where the post is shown.
    """
    page = of.page.partition("#")[0]
    return _card(of, f"{page}#poll-{of.number('id'):.0f}", "Substack", title="Poll") if page else []


_KINDS: Mapping[str, Callable[[_Described], Iterable[HtmlElement]]] = {
    "tweet": _tweet,
    "twitter-embed": _tweet,
    "comment": _note,
    "mention-wrap": lambda of: _text(of.text("name")),
    "cashtag-wrap": lambda of: _text(of.text("symbol")),
    "latex-rendered": _formula,
    "image-gallery-embed": _gallery,
    "native-audio-embed": _audio,
    "native-video-embed": _video,
    "poll-embed": _poll,
    "bluesky-wrap": _bluesky,
    "instagram": _instagram,
    "instagram-embed-wrap": _instagram,
    "tiktok-wrap": _tiktok,
    "datawrapper-wrap": _chart,
    "embedded-publication-wrap": _publication,
    "embedded-post-wrap": _post,
    "digest-post-embed": _post,
    "spotify-wrap": lambda of: _card(of, of.text("url"), "Spotify", picture=of.text("image")),
    "apple-podcast": lambda of: _card(of, of.text("targetUrl", "url"), "Apple Podcasts", picture=of.text("imageUrl")),
    "bandcamp-wrap": lambda of: _card(of, of.text("url"), "Bandcamp", picture=of.text("thumbnail_url")),
    "soundcloud-wrap": lambda of: _card(of, of.text("targetUrl"), "SoundCloud", picture=of.text("thumbnail_url")),
}
