"""The headline of a page that is no feed, for a post that an editor adds by its address."""

from dataclasses import dataclass

from lxml import html as lxml_html
from lxml.etree import ParserError

from newsletter.feeds.html.markup import spaced


@dataclass(frozen=True, slots=True)
class PageHeadline:
    """Headline and description that a page gives of itself (Open Graph, else its title); "" if it has none."""

    title: str
    description: str


def page_headline(body: bytes) -> PageHeadline | None:
    """Return a page's headline and description; None if it is no page."""
    try:
        page = lxml_html.document_fromstring(body)
    except (ParserError, ValueError):
        return None
    return PageHeadline(
        _first(page, "//meta[@property='og:title']/@content", "//title/text()", "//h1//text()"),
        _first(page, "//meta[@property='og:description']/@content", "//meta[@name='description']/@content"),
    )


def _first(page: lxml_html.HtmlElement, *paths: str) -> str:
    """Return the first of these XPaths that finds text, on one line."""
    texts = (spaced(str(text)) for path in paths for text in page.xpath(path))
    return next((text.strip()[:500] for text in texts if text.strip()), "")
