"""The sample blog, served like a blog on Blogger: a home page that links to the feed, the feed in pages, posts and
images.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape

from newsletter.demo.pictures import picture
from newsletter.demo.sample_posts import SamplePost, published_by
from newsletter.demo.serving import NOT_FOUND, Answer

TITLE = "Østbrevet"
FEED = "/feeds/posts/default"
_ID = "tag:blogger.com,1999:blog-2611"
_USUAL, _MOST = 25, 150


@dataclass(frozen=True, slots=True)
class Blog:
    """The blog as a function from requests to responses; `clock` returns its time, `port` is where it listens."""

    port: int
    clock: Callable[[], datetime]

    @property
    def base(self) -> str:
        """The blog's URL, without a final slash."""
        return f"http://127.0.0.1:{self.port}"

    def __call__(self, path: str, parameters: Mapping[str, str]) -> Answer:
        """Return the response for a path."""
        posts = published_by(self.clock())
        if path == "/":
            return Answer(self._home(posts).encode())
        if path == FEED:
            return Answer(self._feed(posts, parameters).encode(), "application/atom+xml; charset=UTF-8")
        if match := re.fullmatch(r"/pictures/(\d{1,12})\.png", path):
            return Answer(picture(int(match[1])), "image/png")
        post = next((p for p in posts if p.path == path), None)
        return Answer(self._post(post).encode()) if post else NOT_FOUND

    def _home(self, posts: list[SamplePost]) -> str:
        rows = (f'<p>{p.published:%F %H:%M} <a href="{self.base}{p.path}">{escape(p.title)}</a></p>' for p in posts)
        return self._page(TITLE, "\n".join(rows))

    def _post(self, post: SamplePost) -> str:
        return self._page(post.title, f"<p>{post.published:%F %H:%M}</p>\n{post.html(self.base)}")

    def _page(self, title: str, body: str) -> str:
        feed = f'<link rel="alternate" type="application/atom+xml" title="{TITLE} - Atom" href="{self.base}{FEED}" />'
        style = "<style>body{max-width:40rem;margin:2rem auto;font:1.1rem/1.5 Georgia,serif}img{max-width:100%}</style>"
        head = f'<meta charset="utf-8"><title>{escape(title)}</title>{feed}{style}'
        top = f'<p><a href="{self.base}/">{TITLE}</a></p><h1>{escape(title)}</h1>'
        return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{top}\n{body}</body></html>\n'

    def _feed(self, posts: list[SamplePost], parameters: Mapping[str, str]) -> str:
        """Return Atom with OpenSearch counts; `start-index` counts from 1, and the time bounds are [min, max)."""
        matching = [p for p in posts if _between(p.published, parameters)]
        start = max(1, _whole(parameters.get("start-index"), 1))
        count = min(_MOST, _whole(parameters.get("max-results"), _USUAL))
        items = matching[start - 1 : start - 1 + count]
        return "\n".join(self._lines(items, total=len(matching), start=start, count=count))

    def _lines(self, posts: list[SamplePost], *, total: int, start: int, count: int) -> Iterator[str]:
        yield "<?xml version='1.0' encoding='UTF-8'?>"
        yield (
            "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:openSearch='http://a9.com/-/spec/opensearchrss/1.0/'>"
            f"<id>{_ID}</id><title type='text'>{TITLE}</title>"
            f"<updated>{self.clock().isoformat(timespec='seconds')}</updated>"
            f"<link rel='alternate' type='text/html' href='{self.base}/'/>"
            f"<link rel='self' type='application/atom+xml' href='{self.base}{FEED}'/>"
            "<generator version='7.00' uri='http://www.blogger.com'>Blogger</generator>"
            f"<openSearch:totalResults>{total}</openSearch:totalResults>"
            f"<openSearch:startIndex>{start}</openSearch:startIndex>"
            f"<openSearch:itemsPerPage>{count}</openSearch:itemsPerPage>"
        )
        if start + count <= total:
            query = f"start-index={start + count}&amp;max-results={count}"
            yield f"<link rel='next' type='application/atom+xml' href='{self.base}{FEED}?{query}'/>"
        yield from map(self._entry, posts)
        yield "</feed>"

    def _entry(self, post: SamplePost) -> str:
        at = post.published.isoformat(timespec="milliseconds")
        labels = "".join(
            f"<category scheme='http://www.blogger.com/atom/ns#' term='{label}'/>" for label in post.labels
        )
        return (
            f"<entry><id>{_ID}.post-{post.number}</id><published>{at}</published><updated>{at}</updated>{labels}"
            f"<title type='text'>{escape(post.title)}</title>"
            f"<content type='html'>{escape(post.html(self.base))}</content>"
            f"<link rel='alternate' type='text/html' href='{self.base}{post.path}' title='{escape(post.title)}'/>"
            f"<author><name>{TITLE}</name></author></entry>"
        )


def _between(at: datetime, parameters: Mapping[str, str]) -> bool:
    earliest, latest = _time(parameters.get("published-min")), _time(parameters.get("published-max"))
    return (earliest is None or at >= earliest) and (latest is None or at < latest)


def _time(text: str | None) -> datetime | None:
    """Parse a time with an offset; None, which is no bound, if it can't be parsed, as on Blogger."""
    try:
        instant = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return instant if instant.tzinfo else None


def _whole(text: str | None, usual: int) -> int:
    return int(text) if text and text.isdecimal() else usual
