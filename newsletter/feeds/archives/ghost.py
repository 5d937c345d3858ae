"""Ghost's export: one JSON document with all posts."""

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from newsletter.feeds.archives.export_values import moment, paths_of
from newsletter.feeds.archives.old_issue import HERE, LeftOut, OldIssue
from newsletter.messages import archives as messages

_PLACEHOLDER = "__GHOST_URL__"
_SENT = ("published", "sent")


def data_of(document: Any) -> Mapping[str, Any] | None:
    """Return the tables of an export; None if a JSON document is another tool's."""
    databases = document.get("db") if isinstance(document, dict) else None
    database = databases[0] if isinstance(databases, list) and databases else document
    data = database.get("data") if isinstance(database, dict) else None
    return data if isinstance(data, dict) and isinstance(data.get("posts"), list) else None


def issues(data: Mapping[str, Any], zone: tzinfo, base: str) -> Iterator[OldIssue | LeftOut]:
    """Yield the posts. Pages are left out, and posts that not everyone could read."""
    subjects = {
        str(meta.get("post_id")): meta.get("email_subject")
        for meta in data.get("posts_meta") or ()
        if isinstance(meta, dict)
    }
    for post in data["posts"]:
        if isinstance(post, dict):
            subject = subjects.get(str(post.get("id"))) or post.get("email_subject")
            yield _issue(post, str(subject or ""), zone, base)


def _issue(post: Mapping[str, Any], subject: str, zone: tzinfo, base: str) -> OldIssue | LeftOut:
    title, slug, uuid = (str(post.get(key) or "") for key in ("title", "slug", "uuid"))
    title = title or subject or slug
    published = moment(post.get("published_at"), zone)
    if post.get("type", "post") != "post" or post.get("page"):
        return LeftOut(title, messages.PAGE())
    if post.get("status") not in _SENT:
        return LeftOut(title, messages.NOT_SENT())
    if post.get("visibility", "public") != "public":
        return LeftOut(title, messages.NOT_PUBLIC())
    if published is None:
        return LeftOut(title, messages.NO_DATE())
    site = base.rstrip("/") or HERE.rstrip("/")
    is_email = post.get("status") == "sent" or post.get("email_only")
    path = f"/email/{uuid}/" if is_email and uuid else f"/{slug}/" if slug else ""
    html, image = (str(post.get(key) or "").replace(_PLACEHOLDER, site) for key in ("html", "feature_image"))
    return OldIssue(
        key=f"ghost:{uuid or post.get('id')}",
        title=title,
        published=published,
        html=html,
        description=str(post.get("custom_excerpt") or ""),
        url=f"{site}{path}" if base and path else "",
        paths=paths_of([path, f"/p/{uuid}" if uuid else ""]),
        base=f"{site}/",
        image=image,
    )
