"""A draft as an email: rendered once for each revision, with its size, the findings of lint, and its broken links."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from html import unescape
from typing import Any, Literal
from urllib.parse import urlsplit

from django.core.cache import cache
from django.urls import reverse

from newsletter.config import Config
from newsletter.domain.digest import Letterhead, Level, Rendered
from newsletter.domain.encoded_email import Recipient
from newsletter.editions import rendering
from newsletter.editions.dating import last_day_of
from newsletter.editions.history import WORDS
from newsletter.editions.previews import sample_recipient
from newsletter.editions.rendering import Proof
from newsletter.feeds.document import split_address
from newsletter.feeds.fetcher import Fetcher
from newsletter.feeds.model import SourceProblem
from newsletter.messages import Message
from newsletter.models import Edition
from newsletter.render import preview
from newsletter.web.desk import formatting
from subscribers.models import Subscriber
from subscribers.personal_fields import own_values

CLIPPED_AT = 102 * 1024
"""Gmail cuts an email's HTML at about this many bytes."""

SIDE_BY_SIDE, AT_MOST, KEPT_SECONDS, SECONDS = 8, 200, 900, 25
"""How links and images are checked: threads, addresses of an email, seconds that an answer is kept, and for all."""
_STYLE = re.compile(r"(<style[^>]*>)(.*?)(</style>)", re.DOTALL | re.IGNORECASE)
_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_LINK = re.compile(r"""<(?:a\s[^<>]*?href|img\s[^<>]*?src)=["'](https?://[^"'<>]+)["']""", re.IGNORECASE)


def content_mark(edition: Edition) -> str:
    """Return a short hash of the present texts of the posts in the edition; it changes when a source changes one."""
    posts = edition.entries.filter(included=True).order_by("position", "pk")
    content = list(posts.values_list("post_id", "post__content_hash", "post__changed_at"))
    return blake2b(repr((edition.revision, content)).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True)
class Rendering:
    """What a proof depends on: configurations are told apart by identity, because comparing them takes long."""

    edition: int
    state: str
    mark: str
    day: date
    snapshot: int
    configuration: Config = field(compare=False)


def proof(configuration: Config, edition: Edition) -> Proof:
    """Return the rendered edition."""
    return rendered(present(configuration, edition))


def present(configuration: Config, edition: Edition) -> Rendering:
    """Return what the proof of an edition depends on, as it is now."""
    day = last_day_of(edition, configuration.newsletters[edition.newsletter])
    mark = content_mark(edition)
    return Rendering(edition.pk, edition.state, mark, day, id(configuration), configuration)


@lru_cache(maxsize=16)
def rendered(of: Rendering) -> Proof:
    """Return the proof. It is kept while the content is the same, so that it is rendered once for all frames."""
    return rendering.make_proof(Edition.objects.get(pk=of.edition), of.configuration)


def size(email: Rendered, head: Letterhead) -> dict[str, object]:
    """Return the size of an email's HTML for a sample recipient, and its share of what Gmail shows, in per cent."""
    count = len(preview.recipient_html(email, head, sample_recipient()).encode())
    return {"share": round(count * 100 / CLIPPED_AT), "text": f"{formatting.number(round(count / 1024))} KB"}


def findings(edition: Edition, proof: Proof) -> list[dict[str, Any]]:
    """Return the findings of lint, errors first, each with the address of the page on which it can be fixed."""
    posts = {post.id for post in proof.digest.posts}
    return [
        {"finding": f, "address": _where(edition, f.where, posts), "is_error": f.level == Level.ERROR}
        for f in proof.findings
    ]


def _where(edition: Edition, where: str, posts: set[str]) -> str:
    page = reverse("desk:edition", args=(edition.newsletter, edition.period))
    if where in WORDS:
        return f"{page}#{where}"
    return f"{page}#post-{where}" if where in posts else ""


def subscriber(address: str) -> Subscriber | None:
    """Return the subscriber with an address, of any newsletter."""
    return Subscriber.objects.filter(key=address.strip().lower()).first() if "@" in address else None


def recipient(who: str) -> Recipient:
    """Return a preview's recipient: a subscriber, or a sample with a name or without, whose links affect nobody."""
    if person := subscriber(who):
        return sample_recipient(person.address)._replace(name=person.name, values=own_values(person))
    return sample_recipient()._replace(name="Kari Nordmann" if who == "named" else "")


def html(proof: Proof, recipient: Recipient, *, dark: bool) -> str:
    """Return the email's HTML for a frame, in dark or light mode whatever the browser prefers."""
    return in_scheme(preview.recipient_html(proof.rendered, proof.letterhead, recipient), dark=dark)


def in_scheme(made: str, *, dark: bool) -> str:
    """Return an email's HTML that is always dark, or always light."""
    return _STYLE.sub(lambda m: m[1] + _SCHEME.sub(lambda s: _always(s[1], dark), m[2]) + m[3], made)


def _always(scheme: str, dark: bool) -> str:
    """Return a media query that always, or never, holds."""
    return "(min-width: 0)" if (scheme.lower() == "dark") == dark else "(max-width: 0)"


def links(proof: Proof) -> list[str]:
    """Return the addresses of links and images in the email, each once; the site's own are left out."""
    host = urlsplit(proof.letterhead.site_url).netloc
    addresses = (unescape(match[1]).partition("#")[0] for match in _LINK.finditer(proof.rendered.html))
    return list(dict.fromkeys(address for address in addresses if split_address(address).netloc != host))


def check_links(configuration: Config, addresses: list[str]) -> dict[str, object]:
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
            fetcher.beginning(address, 1)
        why: Message | Literal[""] = ""
    except SourceProblem as problem:
        why = problem.message
    cache.set(key, why, KEPT_SECONDS)
    return why
