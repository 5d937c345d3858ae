"""Fetching one address over HTTP, within limits: bytes after decompression, seconds, redirects, public hosts only.

Promises: `Fetcher.get` gives a `Response` or raises `SourceProblem` with one sentence; it takes no longer than its
deadline and no more memory than `collect.maximum_bytes` a few times over, whatever the server does.
"""

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import ParamSpec, Self, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions
from requests.structures import CaseInsensitiveDict

from newsletter import __version__, config
from newsletter.feeds.document import split_address
from newsletter.feeds.html.markup import without_invalid_characters
from newsletter.feeds.model import SourceProblem
from newsletter.feeds.network import GuardedSession, PrivateAddress, UnknownHost, Watch, opener
from newsletter.messages import Message, sources as messages
from newsletter.messages.general import ABOUT
from newsletter.sandbox import Sandbox

P = ParamSpec("P")
T = TypeVar("T")
_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.9, application/json;q=0.8, text/xml;q=0.8, text/html;q=0.7, */*;q=0.5"
)
_MAXIMUM_REDIRECTS = 5
_PERMANENT = (301, 308)
_REDIRECTS = (*_PERMANENT, 302, 303, 307)
_BLOCK = 65_536
_WHOLE_READING = 3
# Seconds that are not worth beginning a request for.
_LEAST = 0.1


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: 200 with a body, or 304 without one.

    `url` is where it came from after redirects, `moved_to` the address to ask from now on where every redirect up to it
    was permanent; `whole` is False if the connection broke before the end.
    """

    url: str
    status: int
    body: bytes = b""
    headers: CaseInsensitiveDict[str] = field(default_factory=CaseInsensitiveDict)
    moved_to: str = ""
    whole: bool = True

    @property
    def content_type(self) -> str:
        """The Content-Type header, as it came."""
        return self.headers.get("Content-Type", "")

    @property
    def etag(self) -> str:
        """The value of If-None-Match for the next request."""
        return without_invalid_characters(self.headers.get("ETag", "")) if self.whole else ""

    @property
    def last_modified(self) -> str:
        """The value of If-Modified-Since for the next request."""
        return without_invalid_characters(self.headers.get("Last-Modified", "")) if self.whole else ""


class Fetcher:
    """Fetches for one reading of one source, in one thread; all its requests together take at most three timeouts."""

    def __init__(self, collect: config.Collect, site_url: str = "", *, accept: str = _ACCEPT) -> None:
        self._limit = collect.maximum_bytes
        self._timeout = collect.timeout.total_seconds()
        self._end = time.monotonic() + _WHOLE_READING * self._timeout
        self._watch = Watch()
        self._sandbox = Sandbox(problem=SourceProblem)
        self._session = GuardedSession(opener(allow_private=collect.allow_private_addresses, watch=self._watch))
        self._session.headers.update({"User-Agent": user_agent(site_url), "Accept": accept})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()
        self._watch.close()
        self._sandbox.close()

    def cut(self) -> None:
        """End what another thread is fetching: its `get` raises SourceProblem."""
        self._watch.cut()

    def read(self, response: Response, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that reads a response's body, with limits of time and memory where that is large.

        Raises what the function raises, and SourceProblem where a limit was exceeded.
        """
        return self._sandbox.read(len(response.body), function, *args, **kwargs)

    def get(self, url: str, *, etag: str = "", last_modified: str = "", authorization: str = "") -> Response:
        """Fetch an address, following at most five redirects; `authorization` is a header that no other host gets.

        `etag` and `last_modified` make the request conditional (RFC 9110 13.1).
        Raises SourceProblem for any status but 200 and 304, and for whatever goes wrong on the way.
        """
        headers = {"If-None-Match": etag, "If-Modified-Since": last_modified, "Authorization": authorization}
        return self._get(url, {name: value for name, value in headers.items() if value}, 0)

    def beginning(self, url: str, enough: int) -> Response:
        """Fetch an address as `get` does, but of a long body only the first `enough` octets, or somewhat more."""
        return self._get(url, {}, enough)

    def _get(self, url: str, headers: dict[str, str], enough: int) -> Response:
        seconds = min(self._timeout, self._end - time.monotonic())
        if seconds < _LEAST:
            raise _problem(url, messages.TOO_SLOW(seconds=f"{_WHOLE_READING * self._timeout:g}"))
        self._watch.start(seconds)
        try:
            return self._follow(url, headers, seconds, enough)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as e:
            raise self._explain(url, e, seconds) from e
        finally:
            self._watch.stop()

    def _follow(self, url: str, headers: dict[str, str], seconds: float, enough: int) -> Response:
        address, moved_to, permanent = url, "", True
        for _ in range(_MAXIMUM_REDIRECTS + 1):
            _check_address(address, url)
            with self._session.get(
                address, headers=_for_host(address, url, headers), stream=True, timeout=seconds
            ) as answer:
                if answer.status_code not in _REDIRECTS or "Location" not in answer.headers:
                    return self._answer(url, address, answer, moved_to, enough)
                address = urljoin(address, _location(answer))
                permanent = permanent and answer.status_code in _PERMANENT
                moved_to = address if permanent else moved_to
        raise _problem(url, messages.TOO_MANY_REDIRECTS(most=_MAXIMUM_REDIRECTS, address=address))

    def _answer(self, url: str, address: str, answer: requests.Response, moved_to: str, enough: int) -> Response:
        if answer.status_code not in (200, 304):
            raise _refusal(url, address, answer)
        body, whole = self._body(url, answer, enough)
        return Response(address, answer.status_code, body, answer.headers, moved_to, whole)

    def _body(self, url: str, answer: requests.Response, enough: int) -> tuple[bytes, bool]:
        """Return the body, and whether it came to its end."""
        blocks = bytearray()
        while True:
            try:
                block = answer.raw.read1(_BLOCK, decode_content=True)
            except urllib3.exceptions.ProtocolError:
                if self._watch.expired or not blocks:
                    raise
                return bytes(blocks), False
            if self._watch.expired:
                raise TimeoutError
            if not block:
                return bytes(blocks), True
            blocks += block
            if enough and len(blocks) >= enough:
                return bytes(blocks), False
            if len(blocks) > self._limit:
                raise _problem(url, messages.TOO_LARGE(bytes=self._limit))

    def _explain(self, url: str, error: BaseException, seconds: float) -> SourceProblem:
        """Return one sentence for what went wrong between us and the server, from its innermost cause."""
        causes = list(_causes(error))[::-1]
        if not self._watch.expired:
            for cause in causes:
                if message := _message(url, cause):
                    return _problem(url, message)
        timeouts = (TimeoutError, requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError)
        if self._watch.expired or any(isinstance(c, timeouts) for c in causes):
            return _problem(url, messages.TIMEOUT(seconds=f"{seconds:.3g}"))
        return _problem(url, messages.CONNECTION_FAILED(cause=_short(causes[0])))


def _problem(url: str, message: Message, *, status: int = 0, retry_after: timedelta | None = None) -> SourceProblem:
    return SourceProblem(ABOUT(subject=url, message=message), status=status, retry_after=retry_after)


def _location(answer: requests.Response) -> str:
    """Return where a redirect leads; octets that are not escaped (RFC 3986 2.1) are UTF-8, if they can be."""
    location: str = answer.headers["Location"].strip()
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return location


def _message(url: str, cause: BaseException) -> Message | None:
    if isinstance(cause, PrivateAddress):
        return messages.PRIVATE_ADDRESS(cause=str(cause))
    if isinstance(cause, UnknownHost):
        return messages.NO_HOST(host=urlsplit(url).hostname or "")
    if isinstance(cause, ssl.SSLError):
        return messages.TLS_FAILED(cause=_short(cause))
    return messages.CONNECTION_REFUSED() if isinstance(cause, ConnectionRefusedError) else None


def user_agent(site_url: str) -> str:
    """Return the User-Agent, which names the program and its site."""
    return f"newsletter/{__version__}" + (f" (+{site_url})" if site_url else "")


def _for_host(address: str, url: str, headers: dict[str, str]) -> dict[str, str]:
    """Return the headers of a request; what authorizes is only for the scheme and host of the first address."""
    same_host = urlsplit(address)[:2] == urlsplit(url)[:2]
    return headers if same_host else {name: value for name, value in headers.items() if name != "Authorization"}


def _check_address(address: str, url: str) -> None:
    parts = split_address(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in parts.netloc:
        raise _problem(
            url, messages.NOT_AN_ADDRESS() if address == url else messages.LEADS_NOWHERE(address=address[:200])
        )


def _refusal(url: str, address: str, answer: requests.Response) -> SourceProblem:
    status, wait = answer.status_code, _retry_after(answer)
    via = f" (at {address})" if address != url else ""
    return _problem(url + via, _status_message(status, wait), status=status, retry_after=wait)


def _status_message(status: int, wait: timedelta | None) -> Message:
    if status == 410:
        return messages.GONE()
    if status == 404:
        return messages.NOT_FOUND()
    if status in (401, 402, 403):
        return messages.FORBIDDEN(status=str(status))
    if wait:
        return messages.BUSY_FOR(wait=str(wait), status=str(status))
    if status in (429, 503) or wait is not None:
        return messages.BUSY(status=str(status))
    return (messages.SERVER_ERROR if status >= 500 else messages.OTHER_STATUS)(status=str(status))


def _retry_after(answer: requests.Response) -> timedelta | None:
    """Retry-After in either of its forms (RFC 9110 10.2.3); a date counts from the server's own clock."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return timedelta(seconds=min(int(value[:9]), 30 * 86_400))
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    try:
        now = parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        now = datetime.now(UTC)
    aware = [t if t.tzinfo else t.replace(tzinfo=UTC) for t in (until, now)]
    return min(max(aware[0] - aware[1], timedelta()), timedelta(days=30))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
