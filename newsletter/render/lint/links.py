"""Rules about links and pictures."""

from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from newsletter.mail import Finding
from newsletter.render.fragment import Element, text_of
from newsletter.render.lint.codes import finding
from newsletter.render.lint.look import Look

_SCHEMES = ("http", "https", "mailto", "tel")


def links(look: Look) -> Iterator[Finding]:
    """Every link has words and an address that mail programs follow."""
    placeholders = {name for name, _ in look.rendered.placeholders}
    for link in look.links:
        href = (link.get("href") or "").strip()
        shown = _name(link)
        if not href or not shown:
            yield finding("link-empty", f"A link has no {'address' if not href else 'words'}: {shown or href}", "html")
        elif href.startswith("#"):
            yield finding("link-anchor", f"“{shown[:40]}” leads into the mail itself ({href}).", "html")
        elif href not in placeholders and _scheme(href) not in _SCHEMES:
            yield finding(
                "link-scheme", f"“{shown[:40]}” leads to {href[:60]!r}, which no mail program follows.", "html"
            )


def _scheme(href: str) -> str:
    try:
        return urlsplit(href).scheme.lower()
    except ValueError:
        return ""


def _name(link: Element) -> str:
    pictures = " ".join(image.get("alt") or "" for image in link.iter("img"))
    return text_of(link) or pictures.strip() or (link.get("aria-label") or "").strip()


def repeated(look: Look) -> Iterator[Finding]:
    """No address stands twice in one post's block."""
    for post_id, block in look.post_blocks():
        counts = Counter(link.get("href") for link in block.iter("a") if link.get("href"))
        for href, count in counts.items():
            if count > 1:
                yield finding("address-twice", f"{href} is linked {count} times in one post.", post_id)


def pictures(look: Look) -> Iterator[Finding]:
    """Every picture has an alternative text, if an empty one, and a width that Outlook obeys."""
    for image in look.body.iter("img"):
        source = (image.get("src") or "")[:80]
        if image.get("alt") is None:
            yield finding("alt-missing", f"The picture {source} has no alt.", "html")
        if not image.get("width") and not image.get("height"):
            yield finding("image-width", f"The picture {source} has no width.", "html")
