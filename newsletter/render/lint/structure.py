"""Rules about the document: doctype, MSO conditions, language, headings, links and images."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.domain.digest import Finding
from newsletter.messages import lint as messages
from newsletter.render.content.addresses import uri
from newsletter.render.content.fragment import HEADINGS, Element, text_of
from newsletter.render.content.videos import is_video_link
from newsletter.render.lint.codes import finding
from newsletter.render.lint.parsed_email import ParsedEmail

_OPENS = re.compile(r"<!--\[if\b[^\]]*\]>")
_CLOSES = re.compile(r"<!\[endif\]-->")


def doctype(email: ParsedEmail) -> Iterator[Finding]:
    """Check that the HTML begins with the doctype of HTML5."""
    if not email.rendered.html.lstrip().lower().startswith("<!doctype html>"):
        yield finding("doctype", messages.DOCTYPE(), "html")


def mso_balance(email: ParsedEmail) -> Iterator[Finding]:
    """Report MSO conditions that are not opened and closed in turn."""
    html = email.rendered.html
    openings, closings = _OPENS.finditer(html), _CLOSES.finditer(html)
    marks = [(mark.start(), 1) for mark in openings] + [(mark.start(), -1) for mark in closings]
    depth = 0
    for _, step in sorted(marks):
        depth += step
        if depth not in (0, 1):
            break
    if depth:
        yield finding("mso-balance", messages.MSO_BALANCE(), "html")


def language(email: ParsedEmail) -> Iterator[Finding]:
    """Check that the document has a language and a title."""
    if not (email.document.get("lang") or "").strip():
        yield finding("language-missing", messages.LANGUAGE_MISSING(), "html")
    title = email.document.find("head/title")
    if title is None or not text_of(title):
        yield finding("title-missing", messages.TITLE_MISSING(), "html")


def headings(email: ParsedEmail) -> Iterator[Finding]:
    """Report headings unless the first one is the only <h1>, no level is skipped and none is empty."""
    elements = list(email.body.iter(*HEADINGS))
    levels = [int(element.tag[1]) for element in elements]
    if not levels or levels[0] != 1 or levels.count(1) != 1:
        yield finding("heading-first", messages.HEADING_FIRST(), "html")
    for before, after, element in zip(levels, levels[1:], elements[1:], strict=False):
        if after > before + 1:
            yield finding(
                "heading-order",
                messages.HEADING_ORDER(after=str(after), words=text_of(element)[:40], before=str(before)),
                "html",
            )
    for element in elements:
        if not text_of(element) and not any(image.get("alt") for image in element.iter("img")):
            yield finding("heading-empty", messages.HEADING_EMPTY(tag=str(element.tag)), "html")


_OF_THE_DESIGN = frozenset(("cover", "lead", "read-on"))
_SCHEMES = ("http", "https", "mailto", "tel")


def links(email: ParsedEmail) -> Iterator[Finding]:
    """Report links without text, or with an address that email programs don't follow.

    A link that is hidden from screen readers, since the one beside it says where both lead, needs no text.
    """
    placeholders = {name for name, _ in email.rendered.placeholders}
    identifiers = set(email.body.xpath("//@id"))
    for link in email.links:
        href = (link.get("href") or "").strip()
        words = _name(link)
        if not href or (not words and link.get("aria-hidden") != "true"):
            kind = messages.LINK_WITHOUT_WORDS if href else messages.LINK_WITHOUT_ADDRESS
            yield finding("link-empty", kind(words=words or href), "html")
        elif href.startswith("#") and href[1:] not in identifiers:
            yield finding("link-anchor", messages.LINK_ANCHOR(words=words[:40], address=href), "html")
        elif not href.startswith("#") and href not in placeholders and _scheme(href) not in _SCHEMES:
            yield finding("link-scheme", messages.LINK_SCHEME(words=words[:40], address=repr(href[:60])), "html")


def _scheme(href: str) -> str:
    try:
        return urlsplit(href).scheme.lower()
    except ValueError:
        return ""


def _name(link: Element) -> str:
    pictures = " ".join(image.get("alt") or "" for image in link.iter("img"))
    return text_of(link) or pictures.strip() or (link.get("aria-label") or "").strip()


def repeated(email: ParsedEmail) -> Iterator[Finding]:
    """Report posts that link to their own address below the headline, too, except from the design's image and label.

    The other links are their author's, who may have a reason to repeat one.
    """
    addresses = {post.id: uri(post.url) for post in email.digest.posts}
    for post_id, block in email.post_blocks():
        links = [
            link
            for link in block.iter("a")
            if link.get("href") and _OF_THE_DESIGN.isdisjoint((link.get("class") or "").split())
        ]
        # A video may be what the post is.
        count = sum(uri(link.get("href")) == addresses[post_id] for link in links if not is_video_link(link))
        if count > 1:
            yield finding("address-twice", messages.ADDRESS_TWICE(address=addresses[post_id], count=count), post_id)


def pictures(email: ParsedEmail) -> Iterator[Finding]:
    """Report images without an alt attribute, and how many have no width, which Outlook needs."""
    unsized: list[str] = []
    for image in email.body.iter("img"):
        source = (image.get("src") or "")[:80]
        if image.get("alt") is None:
            yield finding("alt-missing", messages.ALT_MISSING(source=source), "html")
        if not image.get("width") and not image.get("height"):
            unsized.append(source)
    if unsized:
        yield finding("image-width", messages.IMAGE_WIDTH(count=len(unsized), source=unsized[0]), "html")


def videos(email: ParsedEmail) -> Iterator[Finding]:
    """Report videos of editors' texts whose page was read in vain: the email has no title and picture of them."""
    for video in email.digest.previews:
        if not (video.title or video.image):
            yield finding("video-unread", messages.VIDEO_UNREAD(address=video.url[:80]), "html")


def not_hosted(email: ParsedEmail) -> Iterator[Finding]:
    """Check that all images that this site should serve are served by it."""
    if missing := email.digest.images_not_hosted:
        yield finding("images-not-hosted", messages.IMAGES_NOT_HOSTED(count=len(missing), problem=missing[0]), "html")
    if left_out := email.digest.images_left_out:
        address = left_out[0][:80]
        yield finding("images-left-out", messages.IMAGES_LEFT_OUT(count=len(left_out), address=address), "html")
