"""Feeds of a newsletter's editions and of their posts, as Atom (RFC 4287) and as JSON Feed 1.1."""

import json
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, set_response_etag
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import require_safe

from newsletter.config import Newsletter
from newsletter.domain.digest import DigestPost
from newsletter.editions.public_editions import in_archive
from newsletter.editions.rendering import digest_of
from newsletter.editions.selection.post_topics import topics_of
from newsletter.models import Post
from newsletter.render.content.addresses import uri
from newsletter.render.scope import with_fallbacks
from newsletter.web.archive import queries
from newsletter.web.archive.views import cacheable
from subscribers.requests import config_of, newsletter_of

EDITIONS, POSTS = 25, 50


FeedItem: TypeAlias = dict[str, Any]
"""An entry of a feed, as Django takes it: with HTML, or a plain `description` only. `unique_id` never changes."""


@require_safe
def feed(request: HttpRequest, name: str, file: str) -> HttpResponseBase:
    """Return the newest editions, or the newest posts of editions, as a feed; `file` is its path below the archive."""
    newsletter, of_posts = newsletter_of(request, name), file.startswith("posts")
    items = _posts(request, newsletter) if of_posts else _editions(request, newsletter)
    if file.endswith(".json"):
        return _json(request, newsletter, items, file=file)
    return _atom(request, newsletter, items, file=file, part="#posts" if of_posts else "")


@require_safe
def topic_as_atom(request: HttpRequest, name: str, topic: str) -> HttpResponseBase:
    """Return the newest posts of a topic as an Atom feed."""
    newsletter = newsletter_of(request, name)
    if topic not in newsletter.topics:
        raise Http404(f"'{name}' has no topic '{topic}'")
    items = _in_topic(topic, newsletter, _posts(request, newsletter))
    title = f"{newsletter.title}: {newsletter.topics[topic].title or topic}"
    return _atom(request, newsletter, items, file=f"topics/{topic}.atom", part=f"#topic-{topic}", title=title)


def _in_topic(topic: str, newsletter: Newsletter, items: list[FeedItem]) -> list[FeedItem]:
    """Return the items whose posts are in a topic."""
    numbers = {int(number): item for item in items if (number := item["unique_id"].rpartition("#post-")[2]).isdecimal()}
    posts = Post.objects.filter(pk__in=numbers).prefetch_related("listings__source")
    in_topic = {post.pk for post in posts if topic in topics_of(post, newsletter)}
    return [item for number, item in numbers.items() if number in in_topic]


def _editions(request: HttpRequest, newsletter: Newsletter) -> list[FeedItem]:
    site = config_of(request).site.url
    return [
        {
            "unique_id": site + edition.path,
            "link": site + edition.path,
            "title": edition.subject,
            "pubdate": edition.at,
            "updateddate": edition.at,
            "description": edition.preheader,
        }
        for edition in queries.listed(newsletter.name, count=EDITIONS)
    ]


def _posts(request: HttpRequest, newsletter: Newsletter) -> list[FeedItem]:
    """Return the posts of the newest editions, each once, with as much of their text as emails show."""
    items: dict[str, FeedItem] = {}
    archive = _address(request, newsletter)
    for edition in in_archive(newsletter.name).order_by("-until", "-pk")[:EDITIONS]:
        digest = digest_of(edition, config_of(request))
        for post in digest.posts:
            assert edition.published_at is not None
            items.setdefault(post.id, _post(post, digest.letterhead.fields, archive, edition.published_at))
        if len(items) >= POSTS:
            break
    return list(items.values())[:POSTS]


def _post(post: DigestPost, fields: Collection[str], archive: str, sent: datetime) -> FeedItem:
    html = with_fallbacks(post.html, fields) if post.written else post.html
    return {
        "unique_id": f"{archive}#post-{post.id}",
        "link": uri(post.url),
        "title": post.title,
        "pubdate": post.published or sent,
        "updateddate": sent,
        "description": "",
        "html": html,
        "author_name": post.author or None,
        "language": post.language,
        "categories": post.categories,
    }


class _Atom(Atom1Feed):
    """Django's feed, with summaries as plain text (RFC 4287 3.1.1.1), where its own are `type="html"`, and contents."""

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, {**item, "description": None})
        if item.get("html"):
            language = {"xml:lang": item["language"]} if item["language"] else {}
            handler.addQuickElement("content", item["html"], {"type": "html", **language})
        else:
            handler.addQuickElement("summary", item["description"], {"type": "text"})


def _xml(value: Any) -> Any:
    """Return texts without the characters that XML 1.0 can't contain, and other values as they are."""
    if isinstance(value, tuple):
        return tuple(_xml(part) for part in value)
    if not isinstance(value, str):
        return value
    return "".join(c for c in value if (c >= " " or c in "\t\n\r") and c not in "\ufffe\uffff")


def _address(request: HttpRequest, newsletter: Newsletter) -> str:
    """Return the address of a newsletter's archive."""
    return f"{config_of(request).site.url}/n/{newsletter.name}/"


def _atom(
    request: HttpRequest,
    newsletter: Newsletter,
    items: Iterable[FeedItem],
    *,
    file: str,
    part: str = "",
    title: str = "",
) -> HttpResponseBase:
    """Return a feed: `file` is its path below the archive, and `part` what its id has after the archive's address."""
    archive = _address(request, newsletter)
    atom = _Atom(
        title=title or newsletter.title,
        link=archive,
        description=newsletter.description,
        language=newsletter.language,
        feed_url=f"{archive}{file}",
        feed_guid=f"{archive}{part}",
        author_name=newsletter.sender.name or newsletter.title,
    )
    for item in items:
        atom.add_item(**{key: _xml(value) for key, value in item.items()})
    return _feed(request, newsletter, atom.writeString("utf-8"), "application/atom+xml; charset=utf-8")


def _json(request: HttpRequest, newsletter: Newsletter, items: Iterable[FeedItem], *, file: str) -> HttpResponseBase:
    archive = _address(request, newsletter)
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": newsletter.title,
        "home_page_url": archive,
        "feed_url": f"{archive}{file}",
        **({"description": newsletter.description} if newsletter.description else {}),
        "language": newsletter.language,
        "authors": [{"name": newsletter.sender.name or newsletter.title}],
        "items": [_as_json(item) for item in items],
    }
    return _feed(request, newsletter, json.dumps(document, ensure_ascii=False), "application/feed+json; charset=utf-8")


def _feed(request: HttpRequest, newsletter: Newsletter, document: str, media_type: str) -> HttpResponseBase:
    """Return a feed with an ETag, or 304 to a reader that has it already."""
    response = cacheable(HttpResponse(document, content_type=media_type), newsletter)
    set_response_etag(response)
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


def _as_json(item: FeedItem) -> dict[str, Any]:
    """Return an item; it must have `content_html` or `content_text`."""
    content = (
        {"content_html": item["html"]} if item.get("html") else {"content_text": item["description"] or item["title"]}
    )
    optional = {
        "authors": [{"name": item["author_name"]}] if item.get("author_name") else [],
        "language": item.get("language"),
        "tags": list(item.get("categories", ())),
    }
    return {
        "id": item["unique_id"],
        "url": item["link"],
        "title": item["title"],
        **content,
        "date_published": _rfc3339(item["pubdate"]),
        "date_modified": _rfc3339(item["updateddate"]),
        **{key: value for key, value in optional.items() if value},
    }


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
