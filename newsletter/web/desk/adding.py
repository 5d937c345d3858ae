"""Putting a post into a draft that no source brought: by its address, or written by hand."""

from lxml import html as lxml_html
from lxml.etree import ParserError

from newsletter.config import Config
from newsletter.feeds.fetch import Fetcher
from newsletter.feeds.markup import spaced
from newsletter.feeds.model import SourceProblem
from newsletter.jobs import editing
from newsletter.jobs.problems import JobProblem
from newsletter.models import Edition, Post

LONGEST_LINK = 2_000


class NotFound(JobProblem):
    """The address gives no page to take a headline from."""


def add(configuration: Config, edition: Edition, by: str, *, url: str, title: str, text: str) -> Edition:
    """A post of the ledger by its address, else a page by its own headline, else what was written.

    Raises JobProblem where the address can't be read and no headline was written either.
    """
    if url and "://" not in url:
        url = f"https://{url}"
    if url and (len(url) > LONGEST_LINK or not url.startswith(("http://", "https://"))):
        raise JobProblem(f"'{url[:80]}' is no web address; write such as https://example.org/article")
    known = Post.objects.filter(newsletter=edition.newsletter, url=url).first() if url else None
    if known is not None and not (title or text):
        return editing.include(edition, by, None, known.pk)
    if url and not title:
        title, summary = _of_page(configuration, url)
        text = text or summary
    return editing.add_post(edition, by, None, title=title, url=url, text=text)


def _of_page(configuration: Config, url: str) -> tuple[str, str]:
    """Headline and description that a page gives of itself (Open Graph, else its title)."""
    try:
        with Fetcher(configuration.collect, configuration.site.url) as fetcher:
            body = fetcher.get(url).body
        page = lxml_html.document_fromstring(body)
    except SourceProblem as problem:
        raise NotFound(f"{problem}; write its headline yourself") from problem
    except (ParserError, ValueError) as problem:
        raise NotFound(f"{url} is no web page; write its headline yourself") from problem
    title = _first(page, "//meta[@property='og:title']/@content", "//title/text()", "//h1//text()")
    if not title:
        raise NotFound(f"{url} gives no headline; write it yourself")
    return title, _first(page, "//meta[@property='og:description']/@content", "//meta[@name='description']/@content")


def _first(page: lxml_html.HtmlElement, *paths: str) -> str:
    """The first of these XPaths that finds text, on one line."""
    found = (spaced(str(text)) for path in paths for text in page.xpath(path))
    return next((text.strip()[:500] for text in found if text.strip()), "")
