"""Ghost's Admin API: members and posts, with the key of a custom integration.

A token is a JWT (RFC 7519) that is signed with the secret of the key by HS256, names the id of the key, and is valid
for five minutes.
"""

import hmac
import json
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence

from newsletter.feeds.accounts.answers import AccountProblem, ListingPage
from newsletter.feeds.accounts.client import Client, names_of
from newsletter.feeds.accounts.ghost_answers import TOOL, GhostNewsletter, members_of, newsletters_of, posts_of
from newsletter.feeds.accounts.listings import Listings, Step
from newsletter.messages import tool_accounts as messages
from newsletter.sandbox import Sandbox

ISSUES_BEGIN, ISSUES_END = '{"db": [{"data": {"posts": [', "]}}]}"
"""What is before and behind the posts in a document of all, which has the form of Ghost's own export."""

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


def people(client: Client, listings: Listings, sandbox: Sandbox, newsletter: str, step: Step) -> Iterator[str]:
    """Yield the members, as they stand to a newsletter of theirs, named by its name, slug or id; without one, there
    must be only one. Raises AccountProblem.
    """
    body = client.get(_path("newsletters"), {"limit": MEMBERS})
    chosen = _newsletter(sandbox.read(len(body), newsletters_of, body), newsletter)

    def fetch(number: int) -> ListingPage:
        parameters = {
            "include": "newsletters,labels",
            "order": "created_at asc, id asc",
            "limit": MEMBERS,
            "page": number,
        }
        body = client.get(_path("members"), parameters)
        return sandbox.read(len(body), members_of, body, number, chosen)

    return listings.rows("members", fetch, whole=True, step=step)


def issues(client: Client, listings: Listings, sandbox: Sandbox) -> Iterator[str]:
    """Yield the posts that were published or sent. Raises AccountProblem."""

    def fetch(number: int) -> ListingPage:
        parameters = {
            "formats": "html",
            "filter": "status:[published,sent]",
            "order": "published_at asc",
            "limit": POSTS,
            "page": number,
        }
        body = client.get(_path("posts"), parameters)
        return sandbox.read(len(body), posts_of, body, number)

    return listings.rows("posts", fetch, whole=False)


def _path(resource: str) -> str:
    return f"/ghost/api/admin/{resource}/"


def _newsletter(newsletters: Sequence[GhostNewsletter], name: str) -> str:
    """Return the id of the newsletter that moves; "" if the site has none."""
    names = names_of([newsletter.slug or newsletter.name for newsletter in newsletters])
    if name:
        for newsletter in newsletters:
            if name.lower() in (str(newsletter.id).lower(), newsletter.slug.lower(), newsletter.name.lower()):
                return str(newsletter.id)
        raise AccountProblem(messages.NO_LIST(tool=TOOL, list=name, names=names))
    active = [newsletter for newsletter in newsletters if newsletter.status == "active"]
    if len(active) > 1:
        raise AccountProblem(messages.WHICH_LIST(tool=TOOL, names=names))
    return str(active[0].id) if active else ""
