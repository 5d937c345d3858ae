"""Answers one-click requests, sign-ups and webhooks without sessions or threads, their writes grouped in transactions.

A thousand one-click requests take 0.1 s of CPU time here, and 3.4 s in Django's threads, each with its transaction.

Promises: a request is answered with success only after its commit, and a one-click request within a second, if need be
after it was written to a file (`unsubscribing.py`); what isn't an ordinary request of these kinds, and what the
database refuses, is answered by Django. The responses are the same, header by header. Only the exact body of
RFC 8058, a small urlencoded form and a small JSON document of an email service are read here, without a query and with
each header field once: nothing whose parsing can fail outside Django's handling of errors. There is no limit of
one-click requests. Counted links that were followed before are answered from memory.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Generic, TypeVar

from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.db import Error, close_old_connections
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.security import SecurityMiddleware
from django.urls import resolve

from newsletter import config
from newsletter.bounces import webhook_events
from newsletter.models import NewWebhookEvent
from newsletter.sending.sql import database_watch
from newsletter.web import counted_links
from newsletter.web.bodies import replayed
from newsletter.web.hooks.provider_views import ASKS_NOBODY
from newsletter.web.hooks.views import read_call
from newsletter.web.metrics.http import requests as request_metrics
from newsletter.web.middleware import ContentSecurityPolicy, DeskLanguage
from newsletter.web.requests import App, AsgiMessage, Receive, Send
from newsletter.web.unsubscribing import Unsubscribing
from subscribers.pages import ANY_NONCE
from subscribers.protection.sign_up_limits import Request, RequestAnswer
from subscribers.requests import attach_config
from subscribers.subscription_requests import request_subscriptions
from subscribers.tokens import TEST_NUMBER, read_link
from subscribers.views import ONE_CLICK_BODY, accepted_page, one_click_response, read_sign_up

ONE_CLICK, NEWSLETTERS, HOOKS, LINKS = "/u/", "/n/", "/hooks/", "/l/"
SIGN_UP = "/subscribe"
LARGEST_CALL = 32_000
"""Octets of a webhook's call that is read here; others would hold up the event loop."""
LARGEST_FORM, MOST_FIELDS = 4_096, 200
"""Octets and fields of a form that is read here."""
NONCE = ANY_NONCE.encode()
FORM = b"application/x-www-form-urlencoded"
JSON = b"application/json"
UTF_8 = (b"", b";charset=utf-8", b"; charset=utf-8")
MEDIA_TYPES = {
    ONE_CLICK: (FORM,),
    NEWSLETTERS: tuple(FORM + charset for charset in UTF_8),
    HOOKS: tuple(JSON + charset for charset in UTF_8),
}
"""The content types of bodies that are read here, in lower case; Django refuses others that look like them."""

_Head = list[tuple[bytes, bytes]]
_Answer = tuple[int, _Head, bytes]
"""Status, header fields and body."""


class FastPath:
    """An ASGI application in front of Django's (ASGI 3.0)."""

    def __init__(self, app: App) -> None:
        self._app = app
        thread = ThreadPoolExecutor(1, thread_name_prefix="grouped-writes")
        own_thread = ThreadPoolExecutor(1, thread_name_prefix="one-click")  # what waits for a lock delays nobody here
        self._unsubscribing: GroupedWrites[int, None] = GroupedWrites(Unsubscribing(), own_thread)
        request, store = _with_database(request_subscriptions), _with_database(webhook_events.store)
        self._signing_up: GroupedWrites[Request, RequestAnswer] = GroupedWrites(request, thread)
        self._storing: GroupedWrites[Sequence[NewWebhookEvent], None] = GroupedWrites(store, thread)
        self._complete = _completion()
        self._head_of = lru_cache(maxsize=256)(self._made_head)
        self._accepted = lru_cache(maxsize=256)(self._made_accepted)
        click, sign_up = len(ONE_CLICK_BODY), observer("POST", f"/n/newsletter{SIGN_UP}")
        self._routes = {
            ("POST", ONE_CLICK): _Route("", click, self._one_click, observer("POST", f"{ONE_CLICK}token")),
            ("POST", NEWSLETTERS): _Route(SIGN_UP, LARGEST_FORM, self._sign_up, sign_up),
            ("POST", HOOKS): _Route("/", LARGEST_CALL, self._webhook, observer("POST", f"{HOOKS}provider/")),
            ("GET", LINKS): _Route("", 0, self._follow, observer("GET", f"{LINKS}token")),
        }

    async def __call__(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        """Answer the request, or pass it on."""
        route = self._route(scope)
        if route is None:
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        body = await _whole_body(receive)
        try:
            answer = await route.answer(scope, body) if len(body) <= route.largest else None
        except (DisallowedHost, Error):  # Django tries again, and logs what is wrong
            answer = None
        if answer is None:
            await self._app(scope, replayed(BytesIO(body), len(body), receive), send)
            return
        status, head, content = answer
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": content})
        route.observe(status, time.perf_counter() - began)

    def _route(self, scope: AsgiMessage) -> "_Route | None":
        if scope["type"] != "http":
            return None
        path: str = scope["path"]
        start = path[: path.find("/", 1) + 1]
        route = self._routes.get((scope["method"], start))
        return route if route and path.endswith(route.end) and _is_plain(scope, MEDIA_TYPES.get(start)) else None

    async def _one_click(self, scope: AsgiMessage, body: bytes) -> _Answer | None:
        """Return the answer; None if Django is to answer. Nothing is made that the answer doesn't need.

        Raises DisallowedHost, as the others do.
        """
        if body != ONE_CLICK_BODY:
            return None
        number = read_link(scope["path"].removeprefix(ONE_CLICK))
        if number in (None, TEST_NUMBER):
            return None
        head = self._head_of(one_click_response, *_what_head_depends_on(scope))
        await self._unsubscribing.write(number)
        return 200, head, b""

    def _made_head(
        self, respond: Callable[[], HttpResponse], _number: int, scheme: str, host: bytes, language: bytes
    ) -> _Head:
        """Return the headers of a response that is always the same under the configuration of this number.

        Raises DisallowedHost.
        """
        request, response = _request(scheme, host, language), respond()
        request.get_host()
        self._complete(request, response)
        return _head(response)

    async def _sign_up(self, scope: AsgiMessage, body: bytes) -> _Answer | None:
        """Return the answer; None if Django is to answer."""
        configuration = config.recent().config
        newsletter = configuration.newsletters.get(scope["path"].removeprefix(NEWSLETTERS).removesuffix(SIGN_UP))
        if newsletter is None or newsletter.status == "archived" or body.count(b"&") >= MOST_FIELDS:
            return None
        request = ASGIRequest(scope, BytesIO(body))
        attach_config(request, configuration)
        request.get_host()
        sign_up = read_sign_up(request, newsletter)
        if isinstance(sign_up, HttpResponse):
            return self._completed(request, sign_up)
        answer = await self._signing_up.write(sign_up.request)
        if answer != RequestAnswer.ACCEPTED:
            return self._completed(request, sign_up.response(answer))
        head, body = self._accepted(newsletter.name, sign_up.request.language, *_what_head_depends_on(scope))
        nonce = secrets.token_urlsafe(12).encode()
        return 202, [(name, value.replace(NONCE, nonce)) for name, value in head], body.replace(NONCE, nonce)

    def _made_accepted(
        self, newsletter: str, language: str, _number: int, scheme: str, host: bytes, accepted: bytes
    ) -> tuple[_Head, bytes]:
        """Return the headers and the body of the page after a sign-up, under the configuration of this number."""
        request = _request(scheme, host, accepted)
        attach_config(request, config.recent().config)
        response = accepted_page(request, newsletter, language)
        self._complete(request, response)
        return _head(response), response.content

    async def _webhook(self, scope: AsgiMessage, body: bytes) -> _Answer | None:
        """Return the answer; None if Django is to answer."""
        provider = scope["path"].removeprefix(HOOKS).removesuffix("/")
        if provider not in ASKS_NOBODY:
            return None
        head = self._head_of(HttpResponse, *_what_head_depends_on(scope))
        request = ASGIRequest(scope, BytesIO(body))
        attach_config(request, config.recent().config)
        response, events = read_call(request, provider)
        if response.status_code != 200 or response.content:
            return self._completed(request, response)
        if events:
            await self._storing.write(events)
        return 200, head, b""

    async def _follow(self, scope: AsgiMessage, _body: bytes) -> _Answer | None:
        """Return the redirect to a known address; None if Django is to answer."""
        target = counted_links.known(scope["path"].removeprefix(LINKS))
        if target is None or not (target.address.isascii() and target.address.isprintable()):  # no line breaks
            return None
        head = self._head_of(counted_links.redirect, *_what_head_depends_on(scope))
        counted_links.count(target, ASGIRequest(scope, BytesIO()), config.recent().config)
        return 302, [*head, (b"location", target.address.encode())], b""

    def _completed(self, request: HttpRequest, response: HttpResponse) -> _Answer:
        self._complete(request, response)
        return response.status_code, _head(response), response.content


@dataclass(frozen=True, slots=True)
class _Route:
    """How requests are answered whose path ends like this, with a body of at most `largest` octets; the answer is None
    if Django is to answer.
    """

    end: str
    largest: int
    answer: Callable[[AsgiMessage, bytes], Awaitable[_Answer | None]]
    observe: Callable[[int, float], None]


def observer(method: str, path: str) -> Callable[[int, float], None]:
    """Return a function that counts an answer with its status and seconds, as Django's middleware does."""
    route = f"/{resolve(path).route}"
    return lambda status, seconds: request_metrics().observe(route, method, status, seconds)


def _is_plain(scope: AsgiMessage, media_types: Collection[bytes] | None) -> bool:
    """Return whether a request has no query, each header field once, and a body of one of these types, if any."""
    headers = dict(scope["headers"])
    if scope["query_string"] or len(headers) != len(scope["headers"]):
        return False
    return media_types is None or headers.get(b"content-type", b"").lower() in media_types


def _what_head_depends_on(scope: AsgiMessage) -> tuple[int, str, bytes, bytes]:
    """Return the number of the configuration, which has the hosts, and the scheme, host and languages of a request."""
    headers = dict(scope["headers"])
    return config.recent().number, scope["scheme"], headers.get(b"host", b""), headers.get(b"accept-language", b"")


def _request(scheme: str, host: bytes, language: bytes) -> ASGIRequest:
    """Return a request that has nothing but what headers depend on."""
    headers = [(b"host", host), (b"accept-language", language)]
    scope = {"type": "http", "method": "POST", "path": "/", "scheme": scheme, "headers": headers}
    return ASGIRequest(scope, BytesIO())


def _completion() -> Callable[[HttpRequest, HttpResponse], None]:
    """Return a function that sets the headers that Django's middleware sets on such a response."""

    def nothing(_request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    language = DeskLanguage(nothing)
    policy = ContentSecurityPolicy(nothing)
    of_headers = [middleware(nothing) for middleware in (XFrameOptionsMiddleware, CommonMiddleware, SecurityMiddleware)]

    def complete(request: HttpRequest, response: HttpResponse) -> None:
        language.process_request(request)
        language.process_response(request, response)
        policy.process_response(request, response)
        for middleware in of_headers:
            middleware.process_response(request, response)

    return complete


async def _whole_body(receive: Receive) -> bytes:
    """Return the body, whose size `bodies.WholeBodies` has limited."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _head(response: HttpResponse) -> _Head:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.items()]


Item = TypeVar("Item")
Result = TypeVar("Result")

LARGEST_GROUP = 250


class GroupedWrites(Generic[Item, Result]):
    """Passes items to `act` in groups, which returns a result for each once it has committed.

    Used from one event loop. While a group is written the next one gathers, so that groups grow with the load.
    """

    def __init__(self, act: Callable[[Sequence[Item]], Sequence[Result]], thread: ThreadPoolExecutor) -> None:
        self._act, self._thread = act, thread
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, item: Item) -> Result:
        """Return the result of an item after its transaction; raise what `act` raised for its group."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, result))
        if self._writing is None:
            self._writing = loop.create_task(self._write_all())
        return await result

    async def _write_all(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:LARGEST_GROUP], self._waiting[LARGEST_GROUP:]
            await self._write_group(group)
        self._writing = None

    async def _write_group(self, group: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(self._thread, self._act, [item for item, _result in group])
        except Exception as e:  # noqa: BLE001 - every request of the group raises it
            for _item, result in group:
                if not result.done():
                    result.set_exception(e)
        else:
            for (_item, result), value in zip(group, results, strict=True):
                if not result.done():  # cancelled: its client waits no longer
                    result.set_result(value)


def _with_database(act: Callable[[Sequence[Item]], Sequence[Result]]) -> Callable[[Sequence[Item]], Sequence[Result]]:
    """Return a function that looks for the database first."""

    def acted(items: Sequence[Item]) -> Sequence[Result]:
        close_old_connections()
        database_watch.check()
        return act(items)

    return acted
