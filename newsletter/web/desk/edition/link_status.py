"""Checks the links of a draft, several at once, within the limits of collecting."""

import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from typing import Literal

from django.core.cache import cache

from newsletter.config import Config
from newsletter.feeds.fetcher import Fetcher
from newsletter.feeds.model import SourceProblem
from newsletter.messages import Message

SIDE_BY_SIDE, AT_MOST, KEPT_SECONDS, SECONDS = 8, 100, 900, 25


def check(configuration: Config, addresses: list[str]) -> dict[str, object]:
    """Check each address; results are kept for a quarter of an hour.

    Return the number of links checked, why some are broken, and the number that were not checked in time.
    """
    end = time.monotonic() + SECONDS
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="links") as pool:
        answers = list(pool.map(lambda address: _answer(configuration, address, end), addresses[:AT_MOST]))
    count = sum(why is not None for why in answers)
    return {"asked": count, "broken": list(filter(None, answers)), "left": len(addresses) - count}


def _answer(configuration: Config, address: str, end: float) -> Message | Literal["", None]:
    """Return why an address is broken; "" if it is not, None if there was no time to check it."""
    key = f"link-{blake2b(address.encode(), digest_size=16).hexdigest()}"
    cached: Message | Literal["", None] = cache.get(key)
    if cached is not None:
        return cached
    if time.monotonic() > end:
        return None
    try:
        with Fetcher(configuration.collect, configuration.site.url) as fetcher:
            fetcher.get(address)
        why: Message | Literal[""] = ""
    except SourceProblem as problem:
        why = problem.message
    cache.set(key, why, KEPT_SECONDS)
    return why
