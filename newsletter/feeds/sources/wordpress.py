"""WordPress: its REST interface where it answers, else its feed page by page (`?paged=2`, 404 past the last)."""

import html as entities
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from newsletter.domain.found_post import Image
from newsletter.feeds.document import count, split_address
from newsletter.feeds.fetcher import Fetcher, Response
from newsletter.feeds.formats.decode import decode
from newsletter.feeds.formats.jsonfeed import load_json
from newsletter.feeds.html.markup import text_of
from newsletter.feeds.isolate import apply_to_each
from newsletter.feeds.model import EVERYTHING, NotAFeed, Page, SourceProblem
from newsletter.feeds.post import Raw, finish
from newsletter.feeds.sources.paging import feed_page
from newsletter.messages import sources as messages

API_RELATION = "https://api.w.org/"
_NEWEST, _MOST = 20, 100
# `after` is compared with the site's local time, which may be a day off whatever `since` is written in.
_MARGIN = timedelta(days=1)
_MAIN_FEEDS = ("", "feed", "feed/atom", "feed/rss", "feed/rss2", "feed/rdf")


def is_main_listing(api: str, url: str) -> bool:
    """Return whether an address is the site's home page or its feed of all posts, and not one of a category or
    author.
    """
    site = site_of(api)
    rest = _bare(url).removeprefix(_bare(site)).strip("/")
    if not split_address(api).netloc:
        return False
    selects = any(name not in ("feed", "paged") for name, _ in parse_qsl(urlsplit(url).query))
    return _bare(url).startswith(_bare(site)) and rest in _MAIN_FEEDS and not selects


def site_of(api: str) -> str:
    """Return the home page of the site whose REST root this is."""
    parts = split_address(api)
    return urlunsplit(parts._replace(path=parts.path.partition("wp-json")[0], query="", fragment=""))


def _bare(url: str) -> str:
    parts = split_address(url)
    return f"{(parts.hostname or '').removeprefix('www.')}:{parts.port or ''}{parts.path.rstrip('/')}/"


def posts_url(api: str, since: datetime | None) -> str:
    """Return the address of the newest posts, or with `since` of the first hundred of those after it."""
    query = {"per_page": str(_MOST if since else _NEWEST), "page": "1", "orderby": "date", "order": "desc",
             "_embed": "author,wp:term,wp:featuredmedia"}  # fmt: skip
    if since:
        query["after"] = (since.astimezone(UTC) - _MARGIN).strftime("%Y-%m-%dT%H:%M:%S")
    # A root may be a parameter itself: https://blog.example/?rest_route=/
    separator = "&" if "?" in api else "?"
    return f"{api.rstrip('/')}/wp/v2/posts{separator}{urlencode(query)}"


def rest_page(response: Response, url: str, since: datetime | None) -> Page:
    """Return the posts of an answer, and the next page by its X-WP-TotalPages. Raises NotAFeed where it lists no
    posts.
    """
    rows = load_json(decode(response.body, response.content_type))
    if not isinstance(rows, list):
        raise NotAFeed(messages.NO_REST_POSTS())
    posts = [row for row in rows if isinstance(row, dict)]
    finished, failed = apply_to_each(lambda row: finish(_raw(row), response.url), posts)
    problems = tuple(p for _, troubles in finished for p in troubles) + failed
    number = int(dict(parse_qsl(urlsplit(url).query)).get("page", "1"))
    total = count(response.headers.get("X-WP-TotalPages", ""))
    more = bool(rows) and (total is None or number < total)
    ends_at = None if more else (since or EVERYTHING)
    return Page(
        "wordpress",
        posts=tuple(post for post, _ in finished),
        next=_numbered(url, "page", number + 1) if more else "",
        ends_at=ends_at,
        problems=problems,
        whole=not failed,
    )


def load_rest_page(fetcher: Fetcher, url: str, since: datetime | None) -> Page:
    """Fetch a further page of the REST API."""
    response = fetcher.get(url)
    return fetcher.read(response, rest_page, response, url, since)


def load_feed_page(fetcher: Fetcher, url: str) -> Page:
    """Fetch a further page of the feed; a 404 is the end of the listing."""
    try:
        page = feed_page(fetcher, fetcher.get(url))
    except SourceProblem as e:
        if e.status != 404:
            raise
        return Page(ends_at=EVERYTHING)
    return replace(page, next=next_feed_page(url))


def next_feed_page(url: str) -> str:
    """Return the address of the page after this one."""
    number = count(dict(parse_qsl(urlsplit(url).query)).get("paged", "1"))
    return _numbered(url, "paged", 2 if number is None else number + 1)


def _numbered(url: str, name: str, number: int) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True)) | {name: str(number)}
    return urlunsplit(parts._replace(query=urlencode(query)))


def _raw(row: dict[str, Any]) -> Raw:
    """Return a post as REST gives it (wp/v2, schema `post`)."""
    embedded = _table(row.get("_embedded"))
    terms = [t for group in _list(embedded.get("wp:term")) for t in _list(group)]
    pictures = [_text(_table(m), "source_url") for m in _list(embedded.get("wp:featuredmedia"))]
    return Raw(
        # The id that the feed gives for the same post, so that nothing is new when a site switches REST off.
        uid=entities.unescape(_rendered(row, "guid")) or _text(row, "link"),
        link=_text(row, "link"),
        comments=f"{_text(row, 'link')}#comments" if row.get("comment_status") == "open" else "",
        title=text_of(_rendered(row, "title")),
        html=_rendered(row, "content"),
        summary=_rendered(row, "excerpt"),
        published=_with_offset(_text(row, "date"), _text(row, "date_gmt")),
        updated=_with_offset(_text(row, "modified"), _text(row, "modified_gmt")),
        author=", ".join(filter(None, (_text(_table(a), "name") for a in _list(embedded.get("author"))))),
        categories=tuple(_text(_table(t), "name") for t in terms),
        image=next((Image(url) for url in pictures if url), None),
    )


def _with_offset(local: str, utc: str) -> str | None:
    """Return the instant with the offset of the site, which REST gives only as two times of day."""
    try:
        local_time, utc_time = datetime.fromisoformat(local or utc), datetime.fromisoformat(utc or local)
        offset = local_time.replace(tzinfo=None) - utc_time.replace(tzinfo=None)
        sign, minutes = ("-" if offset < timedelta() else "+"), round(abs(offset).total_seconds() / 60)
    except ValueError:
        return utc or local or None
    if minutes >= 24 * 60:
        return f"{utc}+00:00"
    return f"{local_time.replace(tzinfo=None).isoformat()}{sign}{minutes // 60:02}:{minutes % 60:02}"


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""


def _rendered(row: dict[str, Any], key: str) -> str:
    return _text(_table(row.get(key)), "rendered")


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
