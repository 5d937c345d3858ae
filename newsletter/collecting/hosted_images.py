"""Fetches images of posts, to be served by this site, and remembers which file each address became.

Promises: every address is fetched once, with the guard and limits of collecting; an image is decoded in a child process
with limits of memory and CPU time; one call fetches at most `MOST` images and `MOST_BYTES` within `SECONDS`.
"""

import logging
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING

from newsletter.config import Config
from newsletter.feeds.model import SourceProblem
from newsletter.images import store
from newsletter.images.mail_image import ImageProblem, MailImage
from newsletter.messages import Message
from newsletter.models import HostedImage
from newsletter.sandbox import Sandbox

if TYPE_CHECKING:
    from newsletter.feeds.fetcher import Fetcher

MOST = 300
MOST_BYTES = 200_000_000
SECONDS = 120.0
RETRY_AFTER = timedelta(minutes=10)
"""How long an address that could not be fetched is left alone. What was fetched, or is no image, is not tried again."""

ACCEPT = "image/jpeg, image/png, image/gif, image/webp;q=0.9, image/avif;q=0.8, image/*;q=0.5, */*;q=0.1"
_SIDE_BY_SIDE = 4
_CPU_SECONDS, _MEGABYTES = 20, 800
_ONE_CALL_AT_A_TIME = threading.Lock()

_log = logging.getLogger("newsletter.collecting")


@dataclass(slots=True)
class Budget:
    """What one call may fetch: octets that are left, and when the time is over (`time.monotonic`). Threads share it."""

    ends_at: float
    bytes_left: int
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, count: int) -> None:
        """Take octets away."""
        with self._lock:
            self.bytes_left -= count

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may be fetched."""
        return self.bytes_left <= 0 or time.monotonic() >= self.ends_at


@dataclass(frozen=True, slots=True)
class _Outcome:
    """An image, or the reason why it could not be fetched; `unusable` says that fetching it again would not help."""

    image: MailImage | None = None
    problem: Message | None = None
    unusable: bool = False


def known(urls: Collection[str]) -> Mapping[str, HostedImage]:
    """Return what is known of these addresses."""
    keys = {key_of(url) for url in urls}
    return {image.url: image for image in HostedImage.objects.filter(key__in=keys)} if keys else {}


def fetch(configuration: Config, urls: Collection[str], now: datetime) -> None:
    """Fetch and store the images of these addresses, but for those that are stored already or failed just now.

    What is left when the limits are reached is fetched by the next call.
    """
    with _ONE_CALL_AT_A_TIME:
        keep_in_use(urls, now)
        due = list(islice(_due(configuration, urls, now), MOST))
        if not due:
            return
        count = 0
        for url, outcome in _outcomes(configuration, due):
            name = store.keep(configuration, outcome.image) if outcome.image else ""
            count += bool(name)
            values = {"url": url, "name": name, "problem": outcome.problem, "unusable": outcome.unusable}
            HostedImage.objects.update_or_create(
                key=key_of(url),
                defaults={**values, "tried_at": now},
                create_defaults={**values, "tried_at": now, "used_at": now},
            )
    _log.info("fetched %d of %d images", count, len(due))


def keep_in_use(urls: Collection[str], now: datetime) -> None:
    """Record that a draft contains these images, so that they are not forgotten."""
    HostedImage.objects.filter(key__in={key_of(url) for url in urls}).update(used_at=now)


def forget(before: datetime) -> None:
    """Forget addresses that no draft has contained since a moment."""
    HostedImage.objects.filter(used_at__lt=before).delete()


def stored() -> set[str]:
    """Return the names of the files of all known addresses."""
    return set(HostedImage.objects.exclude(name="").values_list("name", flat=True))


def key_of(url: str) -> str:
    """Return the key of an address in the tables of images: a hash in hexadecimal."""
    return blake2b(url.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def _due(configuration: Config, urls: Collection[str], now: datetime) -> Iterator[str]:
    """Yield the addresses to be fetched."""
    images = known(urls)
    for url in dict.fromkeys(urls):
        image = images.get(url)
        if image is None:
            yield url
        elif image.name:
            if store.path(configuration, image.name) is None:
                yield url  # the folder was not restored with the database
        elif not image.unusable and image.tried_at <= now - RETRY_AFTER:
            yield url


def _outcomes(configuration: Config, urls: Collection[str]) -> Iterator[tuple[str, _Outcome]]:
    """Yield what came of each address, but for those for which the budget was spent."""
    budget, turn = Budget(time.monotonic() + SECONDS, MOST_BYTES), threading.Lock()
    with (
        Sandbox(_CPU_SECONDS, _MEGABYTES, problem=SourceProblem) as sandbox,
        ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="images") as pool,
    ):

        def outcome(url: str) -> _Outcome | None:
            return None if budget.is_spent else _fetched(configuration, url, sandbox, turn, budget)

        for url, result in zip(urls, pool.map(outcome, urls), strict=True):
            if result is not None:
                yield url, result


def fetcher_of(configuration: Config, accept: str) -> "Fetcher":
    """Return a fetcher of images and pages for which the site's limits hold."""
    from newsletter.feeds.fetcher import Fetcher  # it loads urllib3, which rendering doesn't need

    return Fetcher(configuration.collect, configuration.site.url, accept=accept)


def _fetched(configuration: Config, url: str, sandbox: Sandbox, turn: threading.Lock, budget: Budget) -> _Outcome:
    try:
        with fetcher_of(configuration, ACCEPT) as fetcher:
            response = fetcher.get(url)
    except SourceProblem as problem:
        return _Outcome(problem=problem.message)
    budget.take(len(response.body))
    from newsletter.images.animation import prepare_animated  # loads Pillow

    try:
        with turn:
            return _Outcome(sandbox.run(prepare_animated, response.body))
    except (ImageProblem, SourceProblem) as problem:
        return _Outcome(problem=problem.message, unusable=response.whole)
