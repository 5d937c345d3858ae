"""Requests to the fast path and the page cache on real connections; what they pass on is answered by a stand-in.

Nothing is stored: writes end at a stand-in for the database's thread.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any
from unittest import mock

from newsletter.web import fast_path
from newsletter.web.bodies import WholeBodies
from newsletter.web.page_cache import PageCache
from newsletter.web.requests import App, AsgiMessage, Receive, Send
from subscribers.protection.sign_up_limits import RequestAnswer
from subscribers.tokens import link_token
from tests.doubles.providers import CALLS
from tests.doubles.webhook_calls import Happened
from tests.fuzz.requests import PROBE, exchange, statuses

FORM = b"application/x-www-form-urlencoded"


class _NothingStored:
    """Answers writes as if they had been committed."""

    def __init__(self, _act: object, _thread: ThreadPoolExecutor) -> None:
        pass

    async def write(self, _item: object) -> RequestAnswer:
        return RequestAnswer.ACCEPTED


async def _page(scope: AsgiMessage, receive: Receive, send: Send) -> None:
    """Answer with what a public page depends on, its header lines joined as WSGI joins them."""
    if scope["type"] != "http":
        return
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message.get("more_body", False)
    keys = (b"host", b"accept-language")
    joined = [b",".join(value for name, value in scope["headers"] if name == key) for key in keys]
    body = b"|".join([scope["path"].encode("utf-8", "replace"), scope["query_string"], *joined])
    headers = [
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"public, max-age=300"),
        (b"vary", b"Accept-Language"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


@cache
def _site() -> App:
    """Return the fast path and the page cache in front of the stand-in, behind what reads bodies."""
    with mock.patch.object(fast_path, "GroupedWrites", _NothingStored):
        short: Any = fast_path.FastPath(_page)
    return WholeBodies(PageCache(short, lambda: 1, lambda _path: lambda _status, _seconds: None), lambda _scope: 0)


_PLAIN = WholeBodies(_page, lambda _scope: 0)


def samples() -> list[bytes]:
    """Return a one-click request, sign-ups, webhooks, and requests for pages."""
    call = CALLS["postmark"](Happened("bounced", "id-1", "kari@reader.example"))
    credentials = "\r\n".join(f"{name}: {value}" for name, value in call.headers.items()).encode()
    page = b"GET /n/daily/ HTTP/1.1\r\nHost: localhost\r\nAccept-Language: nb\r\nConnection: close\r\n\r\n"
    return [
        _post(f"/u/{link_token(1)}".encode(), b"List-Unsubscribe=One-Click", FORM),
        _post(b"/n/daily/subscribe", b"address=kari%40reader.example&cadence=day&topic=a", FORM),
        _post(b"/n/daily/subscribe", b"address=kari&website=", FORM + b"; charset=utf-8"),
        _post(b"/hooks/postmark/", call.body, call.content_type.encode(), credentials),
        page,
        page.replace(b"Accept-Language: nb\r\n", b"Accept-Language: nb\r\nAccept-Language: de\r\n"),
        page.replace(b"/n/daily/", b"/n/daily/?lang=de"),
    ]


def _post(path: bytes, body: bytes, media_type: bytes, more: bytes = b"X: y") -> bytes:
    head = (b"POST %s HTTP/1.1" % path, b"Host: localhost", b"Content-Type: " + media_type, more)
    return b"\r\n".join([*head, b"Content-Length: %d" % len(body), b"Connection: close", b"", body])


def tried(data: bytes) -> None:
    """Whatever is sent, no answer is a server's error, and a page is the same as without the kept ones."""
    answered = exchange(data, _site())
    if answered:
        found = statuses(answered, data)
        assert found, answered[:200]
        assert all(status < 500 for status in found), (found, answered[:300])
    if data.startswith(b"GET /n/") and (plain := exchange(data, _PLAIN)):  # none if the body never ended
        # How many of several requests are answered before a malformed one ends the connection depends on timing.
        shorter, longer = sorted((_comparable(answered), _comparable(plain)), key=len)
        assert longer.startswith(shorter)
    assert statuses(exchange(PROBE, _site()), PROBE) == [200]


def _comparable(answered: bytes) -> bytes:
    """Return an answer without the time at which it was made, and without interim answers."""
    return re.sub(rb"(?im)^date:.*$", b"", answered.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b""))
