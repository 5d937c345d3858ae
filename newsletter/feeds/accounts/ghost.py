"""Ghost's Admin API: members and posts, with the key of a custom integration.

A token is a JWT (RFC 7519) that is signed with the secret of the key by HS256, names the id of the key, and is valid
for five minutes.
"""

import hmac
import json
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

from newsletter.feeds.accounts.client import AccountProblem, AccountSubscriber, Client, Json, Pages, Step, named
from newsletter.messages import tool_accounts as messages

TOOL = "Ghost"
KEY = re.compile(r"[0-9a-f]{24}:(?:[0-9a-f]{2}){16,64}")
MEMBERS, POSTS = 100, 15
"""How many a page has; Ghost's most is 100, and posts come with their whole text."""

VALID = 300


def authorization(key: str, now: float | None = None) -> str:
    """Return the header for a request, by default made now. Raises AccountProblem if it isn't an Admin API key."""
    if not KEY.fullmatch(key):
        raise AccountProblem(messages.BAD_GHOST_KEY())
    number, _colon, secret = key.partition(":")
    issued_at = int(time.time() if now is None else now)
    head = _encoded({"alg": "HS256", "typ": "JWT", "kid": number})
    body = _encoded({"iat": issued_at, "exp": issued_at + VALID, "aud": "/admin/"})
    mac = hmac.digest(bytes.fromhex(secret), f"{head}.{body}".encode(), "sha256")
    return f"Ghost {head}.{body}.{_text(mac)}"


def _encoded(document: dict[str, object]) -> str:
    return _text(json.dumps(document, separators=(",", ":")).encode())


def _text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def people(client: Client, pages: Pages, newsletter: str, step: Step) -> Iterator[AccountSubscriber]:
    """Yield the members, as they stand to a newsletter of theirs, named by its name, slug or id; without one, there
    must be only one. Raises AccountProblem.
    """
    number = _newsletter(client.get(_path("newsletters"), {"limit": MEMBERS}).get("newsletters") or [], newsletter)

    def fetch(page: int) -> Json:
        parameters = {
            "include": "newsletters,labels",
            "order": "created_at asc, id asc",
            "limit": MEMBERS,
            "page": page,
        }
        return client.get(_path("members"), parameters)

    def content(page: Json) -> tuple[list[Json], int]:
        return page["members"], _pagination(page)["total"]

    for member in pages.rows("members", fetch, _is_last, content, step):
        yield _person(member, number)


def issues(client: Client, pages: Pages) -> tuple[Json, int]:
    """Return the posts that were published or sent, as Ghost's own export has them, and their number."""

    def fetch(page: int) -> Json:
        parameters = {
            "formats": "html",
            "filter": "status:[published,sent]",
            "order": "published_at asc",
            "limit": POSTS,
            "page": page,
        }
        return client.get(_path("posts"), parameters)

    posts = [post for page in pages.read("posts", fetch, _is_last) for post in page["posts"]]
    meta = [{"post_id": post.get("id"), "email_subject": post.get("email_subject")} for post in posts]
    return {"db": [{"data": {"posts": posts, "posts_meta": meta}}]}, len(posts)


def _path(resource: str) -> str:
    return f"/ghost/api/admin/{resource}/"


def _pagination(page: Json) -> dict[str, Any]:
    pagination = (page.get("meta") or {}).get("pagination")
    if not isinstance(pagination, dict) or not {"total", "pages"} <= pagination.keys():
        raise AccountProblem(messages.NOT_AN_ANSWER(tool=TOOL))
    return pagination


def _is_last(page: Json, number: int) -> bool:
    return number >= int(_pagination(page)["pages"])


def _newsletter(newsletters: list[Json], name: str) -> str:
    """Return the id of the newsletter that moves; "" if the site has none."""
    names = ", ".join(str(newsletter.get("slug") or newsletter.get("name")) for newsletter in newsletters)
    if name:
        return str(named(TOOL, newsletters, name, ("id", "slug", "name"), names)["id"])
    active = [newsletter for newsletter in newsletters if newsletter.get("status", "active") == "active"]
    if len(active) > 1:
        raise AccountProblem(messages.WHICH_LIST(tool=TOOL, names=names))
    return str(active[0]["id"]) if active else ""


def _person(member: Json, newsletter: str) -> AccountSubscriber:
    return AccountSubscriber(
        str(member["email"]),
        str(member.get("name") or ""),
        _status(member, newsletter),
        str(member["created_at"]),
        tags=tuple(str(label.get("name", "")) for label in member.get("labels") or ()),
    )


def _status(member: Json, newsletter: str) -> str:
    suppression = member.get("email_suppression") or {}
    if suppression.get("suppressed"):
        return "complained" if (suppression.get("info") or {}).get("reason") == "spam" else "bounced"
    subscribed = any(entry.get("id") == newsletter for entry in member.get("newsletters") or ())
    return "active" if subscribed else "unsubscribed"
