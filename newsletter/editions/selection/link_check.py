"""Check whether the posts of a draft still exist at their addresses.

A post is gone only if its address returns 404 or 410 while another post of the same host exists: a site whose posts are
all missing has an error, and has not deleted its week. Editions of a single post that the schedule makes are sent as
soon as a source lists the post, and are not checked.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from newsletter import config
from newsletter.config import Config
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.selection.rules import SETTLED
from newsletter.editions.selection.series import deciding
from newsletter.editions.selection.windows import Window
from newsletter.feeds.document import split_address
from newsletter.feeds.http.fetch import Fetcher
from newsletter.feeds.model import SourceProblem
from newsletter.models import EditionPost, Post

MISSING = (404, 410)
SIDE_BY_SIDE = 8
OTHERS = 100
"""Of the newest posts that are not asked, among which one of each host is looked for."""


def missing(
    configuration: Config, newsletter: config.Newsletter, window: Window, had: Ordinals, *, now: datetime
) -> frozenset[int]:
    """Return the primary keys of posts whose address returns 404 or 410: those of the window, and late ones, of each
    the newest that an edition has room for.

    Late posts are those that readers of the cadence, who had the posts `had`, were not offered yet.
    """
    posts = Post.objects.filter(newsletter=newsletter.name, gone_at=None, url__startswith="http")
    posts = posts.annotate(dated=Coalesce(F("published"), F("first_seen"))).filter(dated__lt=min(window.until, now))
    late = posts.filter(pk__in=_late(newsletter, posts.filter(dated__lt=window.since), had))
    in_window = posts.filter(dated__gte=window.since).order_by("-dated")[: newsletter.maximum_posts]
    by_host: dict[str, dict[int, str]] = {}
    for number, url in (*in_window.values_list("pk", "url"), *late.order_by("-dated").values_list("pk", "url")):
        by_host.setdefault(split_address(url).netloc, {})[number] = url
    others = _others(newsletter, by_host, now)
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="addresses") as pool:
        hosts = [(addresses, others.get(host, "")) for host, addresses in by_host.items()]
        return frozenset().union(*pool.map(lambda host: _missing_of_a_host(configuration, *host), hosts))


def _late(newsletter: config.Newsletter, earlier: QuerySet[Post], had: Ordinals) -> list[int]:
    """Return the newest of earlier posts that readers were not offered, without those that are out for good."""
    newest = earlier.filter(refusal__isnull=True).order_by("-ordinal").values_list("pk", "ordinal")
    lacked = [number for number, ordinal in newest.iterator(chunk_size=10_000) if ordinal not in had]
    if not lacked:
        return []
    decided = EditionPost.objects.filter(edition__in=deciding(newsletter.name), included=False)
    out = set(decided.filter(reason__code__in=SETTLED).values_list("post", flat=True))
    return [number for number in lacked if number not in out][: newsletter.maximum_posts]


def _others(newsletter: config.Newsletter, by_host: dict[str, dict[int, str]], now: datetime) -> dict[str, str]:
    """Return the address of the newest other post of each host."""
    asked = {number for addresses in by_host.values() for number in addresses}
    posts = Post.objects.filter(newsletter=newsletter.name, gone_at=None, url__startswith="http", first_seen__lte=now)
    newest = posts.exclude(pk__in=asked).order_by("-ordinal").values_list("url", flat=True)[:OTHERS]
    return {split_address(url).netloc: url for url in reversed(list(newest))}


def _missing_of_a_host(configuration: Config, addresses: dict[int, str], other: str) -> frozenset[int]:
    """Return the posts whose addresses are missing. If none of them exists, the address of another post is asked."""
    statuses: dict[int, int] = {}
    with Fetcher(configuration.collect, configuration.site.url) as fetcher:
        for number, url in addresses.items():
            statuses[number] = _status(fetcher, url)
            if statuses[number] == 0:
                break  # an unresponsive host says nothing about its posts, and would use up all the time
        missing = frozenset(number for number, status in statuses.items() if status in MISSING)
        if missing and (200 in statuses.values() or (other and _status(fetcher, other) == 200)):
            return missing
    return frozenset()


def _status(fetcher: Fetcher, url: str) -> int:
    """Return the HTTP status of an address; 0 if there was no response."""
    try:
        return fetcher.get(url).status
    except SourceProblem as problem:
        return problem.status
