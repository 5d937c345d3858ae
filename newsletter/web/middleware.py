"""What every answer gets: the client's real address behind trusted proxies, and a content security policy."""

import ipaddress
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from newsletter import config

GetResponse = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https: http:; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class TrustedProxies:
    """Takes the client's address from X-Forwarded-For, but only where a trusted proxy hands it over.

    The right-most address that is no trusted proxy counts: whatever stands left of it can be forged by the client.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.networks = [ipaddress.ip_network(n, strict=False) for n in config.current().web.trusted_proxies]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self._trusted(request.META.get("REMOTE_ADDR", "")):
            for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
                if not self._trusted(hop.strip()):
                    request.META["REMOTE_ADDR"] = hop.strip() or request.META["REMOTE_ADDR"]
                    break
        else:
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        return self.get_response(request)

    def _trusted(self, address: str) -> bool:
        try:
            return any(ipaddress.ip_address(address) in network for network in self.networks)
        except ValueError:
            return False


class ContentSecurityPolicy:
    """Sets a strict policy where a view has not set its own (previews and archived mails do)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response
