"""The limits of sending, and how machines and processes divide them: connections, and rates in all and by domain."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from newsletter.config import DeliverySettings, DomainPace, Rate


class Limits(NamedTuple):
    """What a machine or a process may use at most.

    It must not send to the domains in `excluded`, because others use all of their connections.
    """

    connections: int
    rate: Rate
    domains: Mapping[str, DomainPace]
    excluded: frozenset[str] = frozenset()

    @classmethod
    def of(cls, delivery: DeliverySettings) -> "Limits":
        """Return what is configured."""
        return cls(delivery.connections, delivery.rate, delivery.domains)

    def share(self, place: int, parts: int) -> "Limits":
        """Return one of so many shares, which together are the whole. There are at most as many as connections."""
        shares = {name: _share(pace, place, parts) for name, pace in self.domains.items()}
        return Limits(
            _part(self.connections, place, parts),
            _slower(self.rate, parts),
            {name: pace for name, pace in shares.items() if pace},
            self.excluded | {name.lower() for name, pace in shares.items() if not pace},
        )

    def applied_to(self, delivery: DeliverySettings) -> DeliverySettings:
        """Return the settings with these limits."""
        return replace(delivery, connections=self.connections, rate=self.rate, domains=dict(self.domains))


def _share(pace: DomainPace, place: int, parts: int) -> DomainPace | None:
    """Return a share of a domain's limits; None if its connections are fewer than the shares, and this one has none."""
    if pace.connections is None:
        return replace(pace, rate=_slower(pace.rate, parts))
    connections = _part(pace.connections, place, parts)
    rate = _slower(pace.rate, min(parts, pace.connections))
    return replace(pace, connections=connections, rate=rate) if connections else None


def _part(whole: int, place: int, parts: int) -> int:
    return whole // parts + (place < whole % parts)


def _slower(rate: Rate, parts: int) -> Rate:
    return Rate(rate.count, rate.seconds * parts)
