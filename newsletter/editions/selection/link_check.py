"""Check whether the posts of a draft still exist at their addresses.

A post is gone only if its address returns 404 or 410 while another post of the same host exists: a site whose posts are
all missing has an error, and has not deleted its week. Editions of a single post that the schedule makes are sent as
soon as a source lists the post, and are not checked.
"""

import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db.models import F
from django.db.models.functions import Coalesce

from newsletter import config
from newsletter.config import Config
from newsletter.feeds.document import split_address
from newsletter.feeds.fetcher import Fetcher
from newsletter.feeds.model import SourceProblem
from newsletter.models import Post

MISSING = (404, 410)
SIDE_BY_SIDE = 8
MOST = 500
"""How many posts that subscribers would get are looked up, the newest."""

NO_ANSWER = (0, 429, 503)
"""With these a host says nothing about its posts, and is not asked for more."""

MINUTES = 3
"""How long one host is asked at most. Posts that were not asked for are there."""

AT_ONCE = 30
"""How many addresses of a host share the time of one reading, so that a slow host can answer for all its posts."""

OTHERS = 100
"""Of the newest posts that are not asked, among which one of each host is looked for."""


def missing(
    configuration: Config,
    newsletter: config.Newsletter,
    since: datetime,
    until: datetime,
    due: Collection[int],
    *,
    now: datetime,
) -> frozenset[int]:
    """Return the primary keys of posts whose address returns 404 or 410.

    Asked are the posts that subscribers would get, whose primary keys are `due`, newest first; then others that are
    dated between `since` and `until`, up to `maximum_posts`.
    """
    posts = Post.objects.filter(newsletter=newsletter.name, gone_at=None, url__startswith="http")
    posts = posts.annotate(dated=Coalesce(F("published"), F("first_seen"))).filter(dated__lt=min(until, now))
    due_posts = posts.filter(pk__in=due).order_by("-dated")[:MOST]
    in_window = posts.filter(dated__gte=since).order_by("-dated")[: newsletter.maximum_posts]
    by_host: dict[str, dict[int, str]] = {}
    for number, url in (*due_posts.values_list("pk", "url"), *in_window.values_list("pk", "url")):
        by_host.setdefault(split_address(url).netloc, {}).setdefault(number, url)
    newest = _others(newsletter, by_host, now)
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="addresses") as pool:
        hosts = [(addresses, newest.get(host, "")) for host, addresses in by_host.items()]
        return frozenset().union(*pool.map(lambda host: _missing_of_a_host(configuration, *host), hosts))


def _others(newsletter: config.Newsletter, by_host: dict[str, dict[int, str]], now: datetime) -> dict[str, str]:
    """Return the address of the newest other post of each host."""
    keys = {number for addresses in by_host.values() for number in addresses}
    posts = Post.objects.filter(newsletter=newsletter.name, gone_at=None, url__startswith="http", first_seen__lte=now)
    newest = posts.exclude(pk__in=keys).order_by("-ordinal").values_list("url", flat=True)[:OTHERS]
    return {split_address(url).netloc: url for url in reversed(list(newest))}


def _missing_of_a_host(configuration: Config, addresses: dict[int, str], other: str) -> frozenset[int]:
    """Return the posts whose addresses are missing. If none of them exists, the address of another post is asked."""
    statuses = _statuses(configuration, addresses)
    missing = frozenset(number for number, status in statuses.items() if status in MISSING)
    if not missing or 200 in statuses.values():
        return missing
    with Fetcher(configuration.collect, configuration.site.url) as fetcher:
        return missing if other and _status(fetcher, other) == 200 else frozenset()


def _statuses(configuration: Config, addresses: dict[int, str]) -> dict[int, int]:
    """Return the statuses of a host's addresses, up to one without an answer, or as many as its time allows."""
    statuses: dict[int, int] = {}
    numbers, end = list(addresses), time.monotonic() + MINUTES * 60
    for start in range(0, len(numbers), AT_ONCE):
        with Fetcher(configuration.collect, configuration.site.url) as fetcher:
            for number in numbers[start : start + AT_ONCE]:
                statuses[number] = _status(fetcher, addresses[number])
                if statuses[number] in NO_ANSWER or time.monotonic() > end:
                    return statuses
    return statuses


def _status(fetcher: Fetcher, url: str) -> int:
    """Return the HTTP status of an address; 0 if there was no response."""
    try:
        return fetcher.beginning(url, 1).status
    except SourceProblem as problem:
        return problem.status
