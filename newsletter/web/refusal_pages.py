"""Refusals of the server that a browser shows: a page with the reason and the remedy, before Django sees the request.

Programs and scripts get one line of text, and the API its problem document.
"""

from functools import lru_cache

from django.template import loader

from newsletter.api.problem_document import API_ROOT
from newsletter.web.requests import AsgiMessage, Receive, Send, refuse

POLICY = b"default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
PROGRAMS = (API_ROOT, "/hooks/")


def is_shown(scope: AsgiMessage) -> bool:
    """Return whether a browser shows the answer to this request as a page."""
    headers = dict(scope["headers"])
    by_script = b"hx-request" in headers or b"text/html" not in headers.get(b"accept", b"")
    return not by_script and not scope["path"].startswith(PROGRAMS)


async def refuse_with_page(
    scope: AsgiMessage,
    send: Send,
    status: int,
    sentence: bytes,
    *more: tuple[bytes, bytes],
    name: str = "",
    most: int = 0,
    drain: Receive | None = None,
) -> None:
    """Refuse a request: with the page `name`, by default that of the status, in a browser, else with the sentence."""
    if not is_shown(scope):
        await refuse(send, status, sentence, *more, drain=drain)
        return
    page = _page(name or str(status), most)
    headers = ((b"content-security-policy", POLICY), (b"cache-control", b"no-store"), *more)
    await refuse(send, status, page, *headers, drain=drain, media_type="text/html; charset=utf-8")


@lru_cache(maxsize=16)
def _page(name: str, most: int) -> bytes:
    """Return a page, made once; `most` is a number of octets."""
    limit = f"{most // 1000} KB" if most < 1_000_000 else f"{most / 1_000_000:g} MB"
    return loader.render_to_string(f"{name}.html", {"most": limit}, using="django").encode()
