"""Whether the addresses that a draft links to answer; asked side by side, within the limits of collecting."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b

from django.core.cache import cache

from newsletter.config import Config
from newsletter.feeds.fetch import Fetcher
from newsletter.feeds.model import SourceProblem

SIDE_BY_SIDE, AT_MOST, KEPT_SECONDS, SECONDS = 8, 100, 900, 25


@dataclass(frozen=True, slots=True)
class Broken:
    """An address that does not answer as it should, and the reason in a sentence."""

    address: str
    why: str


@dataclass(frozen=True, slots=True)
class Checked:
    """How many were asked, which are broken, and how many there was no time for."""

    asked: int
    broken: tuple[Broken, ...]
    left: int


def check(configuration: Config, addresses: list[str]) -> Checked:
    """Ask each address; what was asked in the last quarter of an hour is remembered."""
    chosen, end = addresses[:AT_MOST], time.monotonic() + SECONDS
    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="links") as pool:
        answers = list(pool.map(lambda address: _answer(configuration, address, end), chosen))
    broken = tuple(Broken(a, why) for a, why in zip(chosen, answers, strict=True) if why)
    left = sum(why is None for why in answers) + len(addresses) - len(chosen)
    return Checked(len(addresses) - left, broken, left)


def _answer(configuration: Config, address: str, end: float) -> str | None:
    """Why an address is broken, "" where it is not, None where there was no time."""
    key = f"link-{blake2b(address.encode(), digest_size=16).hexdigest()}"
    kept: str | None = cache.get(key)
    if kept is not None:
        return kept
    if time.monotonic() > end:
        return None
    try:
        with Fetcher(configuration.collect, configuration.site.url) as fetcher:
            fetcher.get(address)
        why = ""
    except SourceProblem as problem:
        why = str(problem)
    cache.set(key, why, KEPT_SECONDS)
    return why
