"""Follow a link of an edition. No cookie is read or set, and nothing of the request is stored or logged."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from newsletter.config import Config
from newsletter.models import CountedLink
from newsletter.web.links import clicks
from newsletter.web.links.automatic import is_automatic
from subscribers.protection.networks import network_of
from subscribers.requests import config_of

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
    response = HttpResponse(status=302)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def count(target: Destination, request: HttpRequest, configuration: Config) -> None:
    """Note a request for a link, if its newsletter counts them; does not use the database."""
    newsletter = configuration.newsletters.get(target.newsletter)
    if target.began and newsletter and newsletter.track == "links":
        sending = target.ended is None or timezone.now() < target.ended + timedelta(minutes=SCANNERS_MINUTES)
        clicks.note(target.link, target.edition, _network(request), automatic=is_automatic(request), sending=sending)


def _network(request: HttpRequest) -> str:
    """Return the client's IPv4 address, or the network of a household with IPv6."""
    address: str = request.META.get("REMOTE_ADDR", "")
    return network_of(address) if ":" in address else address


def _found(token: str) -> Destination | None:
    """Return the target of a link from the database, and keep it if the edition was sent completely."""
    if len(token) != CountedLink._meta.get_field("token").max_length or not token.isascii():
        return None
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
    target = Destination(*row) if row else None
    if target and target.ended:
        if len(_sent) >= MAXIMUM_KEPT:
            _sent.clear()
        _sent[token] = target
    return target
