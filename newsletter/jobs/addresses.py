"""Whether the posts of a window are still at their addresses.

Promises: only an answer of 404 or 410 makes a post "gone"; and only where another post of the same host answers, since
a site whose posts are all missing has a fault, and has not deleted its week.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import urlsplit

from django.db.models import F
from django.db.models.functions import Coalesce

from newsletter import config
from newsletter.config import Config
from newsletter.feeds.fetch import Fetcher
from newsletter.feeds.model import SourceProblem
from newsletter.jobs.windows import Window
from newsletter.models import Post

MISSING = (404, 410)
SIDE_BY_SIDE = 8


def missing(configuration: Config, newsletter: config.Newsletter, window: Window, *, now: datetime) -> frozenset[int]:
    """The ledger's numbers of the window's posts whose address answers 404 or 410."""
    posts = Post.objects.filter(newsletter=newsletter.name, gone_at=None, url__startswith="http")
    posts = posts.annotate(dated=Coalesce(F("published"), F("first_seen")))
    posts = posts.filter(dated__gte=window.since, dated__lt=min(window.until, now)).order_by("-dated")
    by_host: dict[str, dict[int, str]] = {}
    for number, url in posts.values_list("pk", "url")[: newsletter.maximum_posts]:
        by_host.setdefault(urlsplit(url).netloc, {})[number] = url
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="addresses") as pool:
        found = pool.map(lambda addresses: _missing_of_a_host(configuration, addresses), by_host.values())
        return frozenset().union(*found)


def _missing_of_a_host(configuration: Config, addresses: dict[int, str]) -> frozenset[int]:
    statuses: dict[int, int] = {}
    with Fetcher(configuration.collect, configuration.site.url) as fetcher:
        for number, url in addresses.items():
            statuses[number] = _status(fetcher, url)
            if statuses[number] == 0:
                break  # a host that does not answer says nothing of its posts, and would take up all the time
    if 200 not in statuses.values():
        return frozenset()
    return frozenset(number for number, status in statuses.items() if status in MISSING)


def _status(fetcher: Fetcher, url: str) -> int:
    """The status that an address answers with; 0 where none came."""
    try:
        return fetcher.get(url).status
    except SourceProblem as problem:
        return problem.status
