"""A draft as a mail: rendered once a revision, its size, what lint says, and where each finding is mended."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from html import unescape
from urllib.parse import urlsplit

from django.urls import reverse

from newsletter import config
from newsletter.jobs import rendering
from newsletter.jobs.previews import sample_reader
from newsletter.jobs.rendering import Proof
from newsletter.mail import Finding, Level, Reader
from newsletter.models import Edition
from newsletter.render import preview
from newsletter.web.desk import words
from subscribers.models import Subscriber
from subscribers.tokens import proof_token

CLIPPED_AT = 102 * 1024
"""Gmail cuts a mail's HTML at about this many bytes."""

FIELDS = ("subject", "preheader", "greeting", "closing")
_STYLE = re.compile(r"(<style[^>]*>)(.*?)(</style>)", re.DOTALL | re.IGNORECASE)
_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_LINK = re.compile(r"""<a\s[^>]*?href=["'](https?://[^"']+)["']""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Size:
    """How much of what Gmail shows a mail takes, in bytes of HTML."""

    bytes: int
    share: int
    text: str

    @property
    def level(self) -> str:
        """good, warning or error."""
        return "error" if self.share >= 100 else "warning" if self.share >= 88 else "good"


@dataclass(frozen=True, slots=True)
class Told:
    """A finding with the address of the place where it is mended."""

    finding: Finding
    address: str
    is_error: bool


def content_mark(edition: Edition) -> str:
    """A short mark of what the posts in the edition say at this moment: other once a source changed one of them."""
    posts = edition.entries.filter(included=True).order_by("position", "pk")
    content = list(posts.values_list("post_id", "post__content_hash", "post__changed_at"))
    return blake2b(repr((edition.revision, content)).encode(), digest_size=8).hexdigest()


def proof(edition: Edition) -> Proof:
    """The edition rendered; kept while its content is the same, so that each frame of it need not make it anew."""
    return _proof(edition.pk, edition.state, content_mark(edition))


@lru_cache(maxsize=16)
def _proof(edition: int, state: str, mark: str) -> Proof:
    return rendering.proof(Edition.objects.get(pk=edition), config.current())


def size(looked_at: Proof) -> Size:
    """The size for a sample reader."""
    count = len(preview.reader_html(looked_at.rendered, looked_at.letterhead, sample_reader()).encode())
    return Size(count, round(count * 100 / CLIPPED_AT), f"{words.number(round(count / 1024))} KB")


def findings(edition: Edition, looked_at: Proof) -> list[Told]:
    """What lint says, errors first."""
    posts = {post.id for post in looked_at.digest.posts}
    return [Told(f, _where(edition, f.where, posts), f.level == Level.ERROR) for f in looked_at.findings]


def _where(edition: Edition, where: str, posts: set[str]) -> str:
    page = reverse("desk:edition", args=(edition.newsletter, edition.period))
    if where in FIELDS:
        return f"{page}#{where}"
    return f"{page}#post-{where}" if where in posts else ""


def reader(who: str) -> Reader:
    """Whom the preview is for: a subscriber by address, else a sample with a name or without; links act on nobody."""
    found = Subscriber.objects.filter(key=who.strip().lower()).first() if "@" in who else None
    if found is not None:
        return Reader(number=0, address=found.address, token=proof_token(), message_id="preview", name=found.name)
    sample = sample_reader()
    return (
        sample if who != "named" else Reader(0, sample.address, sample.token, sample.message_id, name="Kari Nordmann")
    )


def html(looked_at: Proof, who: Reader, *, dark: bool) -> str:
    """The mail's HTML for a frame, showing its dark or its light side whatever the browser prefers."""
    made = preview.reader_html(looked_at.rendered, looked_at.letterhead, who)
    return _STYLE.sub(lambda m: m[1] + _SCHEME.sub(lambda s: _always(s[1], dark), m[2]) + m[3], made)


def _always(scheme: str, dark: bool) -> str:
    """A media query that always, or never, holds."""
    return "(min-width: 0)" if (scheme.lower() == "dark") == dark else "(max-width: 0)"


def links(looked_at: Proof) -> list[str]:
    """The addresses that the posts link to, each once; the site's own are left out."""
    own = urlsplit(looked_at.letterhead.site_url).netloc
    return list(
        dict.fromkeys(address for address in _found(looked_at.rendered.html) if urlsplit(address).netloc != own)
    )


def _found(source: str) -> Iterator[str]:
    for match in _LINK.finditer(source):
        yield unescape(match[1]).partition("#")[0]
