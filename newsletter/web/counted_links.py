"""Links of editions that are counted: `/l/<token>` redirects to an address of the edition and counts the click.

No cookie is read or set, and nothing of the request is stored or logged. Clicks wait a moment before they are counted,
so that bursts of scanners can be told from readers: security programs open the links of an email within seconds of its
delivery. What a network opens of an edition within WAIT_SECONDS is looked at together: several links are a scanner's,
and none of them counts. The network is kept as a hash with a random key, in the memory of this process only, until
then; the database gets sums.
"""

import atexit
import logging
import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import blake2b
from typing import NamedTuple

from django.db import connections, transaction
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from newsletter.background import Task, enqueue
from newsletter.config import Config
from newsletter.models import CountedLink
from subscribers.requests import config_of, network_of

SCANNERS_MINUTES = 2
"""So long after the end of sending, programs may still open the links of emails that have just arrived."""


class Destination(NamedTuple):
    """Where a link leads, and what is known of its edition."""

    link: int
    edition: int
    newsletter: str
    address: str
    began: datetime | None
    ended: datetime | None


_PROGRAM = re.compile(
    r"bot\b|bot[/;._-]|crawl|spider|slurp|scan|preview|prefetch|monitor|headless|phantomjs|lighthouse|facebookexternalhit"
    r"|embedly|whatsapp|telegram|skypeuripreview|slack|discord|mimecast|proofpoint|barracuda|ironport|symantec|trendmicro"
    r"|safelinks|fortiguard|sophos|forcepoint|curl/|wget/|libwww|python|aiohttp|httpx|okhttp|java/|jakarta|apache-http"
    r"|go-http-client|node-fetch|axios|undici|ruby|perl|php/|guzzle|dart:io|feedfetcher|googleimageproxy"
)
"""In lower case: it is searched in a tenth of the time that `re.IGNORECASE` takes."""

_FIELDS = (
    "pk",
    "content__edition_id",
    "content__edition__newsletter",
    "address",
    "content__edition__began_at",
    "content__edition__ended_at",
)
MAXIMUM_KEPT = 10_000
_sent: dict[str, Destination] = {}
"""The targets of links of sent editions by their tokens: they never change."""


@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Redirect to the address that an edition has for this token; 404 for a token of no edition."""
    target = known(token) or _found(token)
    if target is None:
        raise Http404("there is no such link")
    count(target, request, config_of(request))
    response = redirect()
    response["Location"] = target.address
    return response


def known(token: str) -> Destination | None:
    """Return the target of a link that was followed before, without the database."""
    return _sent.get(token)


def redirect() -> HttpResponse:
    """Return a redirect that lacks the address."""
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
    return HttpResponse(status=302, headers=headers)


def count(target: Destination, request: HttpRequest, configuration: Config) -> None:
    """Note a request for a link, if its newsletter counts them; does not use the database."""
    newsletter = configuration.newsletters.get(target.newsletter)
    if target.began and newsletter and newsletter.track == "links":
        sending = target.ended is None or timezone.now() < target.ended + timedelta(minutes=SCANNERS_MINUTES)
        note(target.link, target.edition, _network(request), automatic=_is_automatic(request), sending=sending)


def _is_automatic(request: HttpRequest) -> bool:
    """Return whether a request is surely not a reader's: HEAD, a prefetch, or a program by its User-Agent."""
    agent = request.headers.get("User-Agent", "")
    purposes = [request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz", "X-Purpose")]
    in_advance = any(word in purpose for purpose in purposes for word in ("prefetch", "prerender", "preview"))
    is_program = not agent.startswith("Mozilla/") or bool(_PROGRAM.search(agent.lower()))
    return request.method != "GET" or in_advance or is_program


def _network(request: HttpRequest) -> str:
    """Return the client's IPv4 address, or the network of a household with IPv6."""
    address: str = request.META.get("REMOTE_ADDR", "")
    return network_of(address) if ":" in address else address


def _found(token: str) -> Destination | None:
    """Return the target of a link from the database, and keep it if the edition was sent completely."""
    if len(token) != CountedLink._meta.get_field("token").max_length or not token.isascii():
        return None
    row = CountedLink.objects.filter(token=token).values_list(*_FIELDS).first()
    target = Destination(*row) if row else None
    if target and target.ended:
        if len(_sent) >= MAXIMUM_KEPT:
            _sent.clear()
        _sent[token] = target
    return target


log = logging.getLogger("newsletter.links")

WAIT_SECONDS = 10.0
IGNORED_SECONDS = 60.0
"""How long the clicks of a network on an edition don't count after those of a scanner."""
READERS_LINKS = 3
"""At most so many different links within WAIT_SECONDS are a reader's; one while the edition is being sent."""
MAXIMUM = 50_000
"""So many visits wait at most; further ones don't count, as in an attack."""


@dataclass(slots=True)
class _Visit:
    """What a network opened of an edition since `began`; `scanner` once that can't be a reader."""

    began: float
    links: set[int] = field(default_factory=set)
    scanner: bool = False


class Clicks:
    """The visits that wait, and the clicks that are not stored yet."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._visits: dict[bytes, _Visit] = {}
        self._counted: Counter[int] = Counter()

    def add(self, link: int, edition: int, network: str, *, automatic: bool, sending: bool) -> None:
        """Note a request for a link of an edition; an automatic one spoils the others of its network."""
        key = blake2b(f"{edition} {network}".encode(), key=self._key, digest_size=16).digest()
        now = self._clock()
        with self._lock:
            visit = self._visits.get(key)
            if visit is None:
                if len(self._visits) >= MAXIMUM:
                    return
                visit = self._visits[key] = _Visit(now)
            visit.links.add(link)
            visit.scanner |= automatic or len(visit.links) > (1 if sending else READERS_LINKS)

    def take(self, *, everything: bool = False) -> Counter[int]:
        """Return the clicks that count and are not stored: of each visit that has waited, each link once."""
        now = self._clock()
        with self._lock:
            for key, visit in list(self._visits.items()):
                if everything or now - visit.began >= (IGNORED_SECONDS if visit.scanner else WAIT_SECONDS):
                    del self._visits[key]
                    self._counted.update(() if visit.scanner else visit.links)
            return self._counted.copy()

    def stored(self, counted: Counter[int]) -> None:
        """Forget clicks that are in the database."""
        with self._lock:
            self._counted -= counted

    @property
    def waiting(self) -> bool:
        """Whether there are visits, or clicks that are not stored."""
        return bool(self._visits or self._counted)


@cache
def clicks() -> Clicks:
    """Return the clicks of this process."""
    atexit.register(_store_all)
    return Clicks()


def note(link: int, edition: int, network: str, *, automatic: bool, sending: bool) -> None:
    """Note a request, and see to it that it is counted soon."""
    clicks().add(link, edition, network, automatic=automatic, sending=sending)
    _store_later()


def store(*, everything: bool = False) -> None:
    """Add the clicks that have waited to the database; those that can't be stored are kept for the next time."""
    counted = clicks().take(everything=everything)
    with transaction.atomic():
        for link, count in sorted(counted.items()):
            CountedLink.objects.filter(pk=link).update(clicks=F("clicks") + count)
    clicks().stored(counted)


def _store_later() -> None:
    enqueue(STORE, "", datetime.now(UTC) + timedelta(seconds=WAIT_SECONDS))


def _run(_configuration: Config) -> None:
    try:
        store()
    finally:
        if clicks().waiting:
            _store_later()


def _store_all() -> None:
    """Store what waits when the process ends."""
    try:
        store(everything=True)
    except Exception:
        log.exception("the last clicks were not counted")
    finally:
        connections.close_all()


STORE = Task("count clicks", _run, lane="links")
