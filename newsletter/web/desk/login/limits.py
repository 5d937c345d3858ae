"""Limits by network for logins and password emails.

The windows are those of the mail server mox: an IPv4 address counts alone, with its /26 and with its /21; of IPv6 the
/64, the /48 and the /32. So neither a provider's whole network nor the many addresses of one host evade a limit.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest

from newsletter.domain.hosts import plain_address
from subscribers.models import Hits

PREFIXES = {4: (32, 26, 21), 6: (64, 48, 32)}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def networks(address: str) -> tuple[str, ...]:
    """Return the networks of an address that are counted, the smallest first; what isn't an address counts as
    itself.
    """
    ip = plain_address(address)
    if ip is None:
        return (address,)
    return tuple(str(ipaddress.ip_network((ip, prefix), strict=False)) for prefix in PREFIXES[ip.version])


def locked_address(request: HttpRequest) -> str:
    """Return the address that django-axes locks together with a name: of IPv6 the /64, which is one host's."""
    address: str = request.META.get("REMOTE_ADDR", "")
    return networks(address)[0].partition("/")[0] if address else ""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many in each window, for each of an address's networks from the smallest up."""

    name: str
    windows: tuple[tuple[timedelta, tuple[int, int, int]], ...]

    def reached(self, address: str, at: datetime) -> bool:
        """Return whether one of the address's networks has used up a window."""
        ranges = networks(address)
        return any(
            count >= most
            for window, mosts in self.windows
            for count, most in zip(
                Hits.objects.counts(at, window, *self._names(window, ranges)), mosts[: len(ranges)], strict=True
            )
        )

    def count(self, address: str, at: datetime) -> None:
        """Count one for each of the address's networks."""
        for window, _mosts in self.windows:
            Hits.objects.increment(at, window, *self._names(window, networks(address)))

    def _names(self, window: timedelta, ranges: tuple[str, ...]) -> list[str]:
        return [f"{self.name} {window.total_seconds():.0f} {network}" for network in ranges]


FAILED_LOGINS = Limit("failed login", ((MINUTE, (10, 30, 90)), (DAY, (50, 150, 450))))
PASSWORD_MAILS = Limit("password mail", ((HOUR, (10, 30, 90)),))
