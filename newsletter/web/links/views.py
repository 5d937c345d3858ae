"""Follow a link of an edition. No cookie is read or set, and nothing of the request is stored or logged."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from newsletter.models import CountedLink
from newsletter.web.links import clicks
from newsletter.web.links.automatic import is_automatic
from subscribers.protection.sign_up_limits import network_of
from subscribers.requests import config_of

SCANNERS_MINUTES = 2
"""So long after the end of sending, programs may still open the links of emails that have just arrived."""


class _Target(NamedTuple):
    link: int
    edition: int
    newsletter: str
    address: str
    began: datetime | None
    ended: datetime | None


class _NotSent(Exception):
    """The edition has not been sent completely, so that what is known of it is not kept."""

    def __init__(self, target: _Target | None) -> None:
        super().__init__()
        self.target = target


@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Redirect to the address that an edition has for this token; 404 for a token of no edition."""
    target = _target(token)
    if target is None:
        raise Http404("there is no such link")
    newsletter = config_of(request).newsletters.get(target.newsletter)
    if target.began and newsletter and newsletter.track == "links":
        sending = target.ended is None or timezone.now() < target.ended + timedelta(minutes=SCANNERS_MINUTES)
        clicks.note(target.link, target.edition, _network(request), automatic=is_automatic(request), sending=sending)
    response = HttpResponse(status=302)
    response["Location"] = target.address
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _network(request: HttpRequest) -> str:
    """Return the client's IPv4 address, or the network of a household with IPv6."""
    address: str = request.META.get("REMOTE_ADDR", "")
    return network_of(address) if ":" in address else address


def _target(token: str) -> _Target | None:
    if len(token) != CountedLink._meta.get_field("token").max_length or not token.isascii():
        return None
    try:
        return _kept(token)
    except _NotSent as found:
        return found.target


@lru_cache(maxsize=10_000)
def _kept(token: str) -> _Target:
    """Return the target of a link of a sent edition, which never changes. Raises _NotSent for others."""
    edition = "content__edition"
    fields = (
        "pk",
        f"{edition}_id",
        f"{edition}__newsletter",
        "address",
        f"{edition}__began_at",
        f"{edition}__ended_at",
    )
    row = CountedLink.objects.filter(token=token).values_list(*fields).first()
    target = _Target(*row) if row else None
    if target is None or target.ended is None:
        raise _NotSent(target)
    return target
