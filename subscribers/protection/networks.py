"""The network of a visitor, as limits count it."""

import ipaddress

from newsletter.domain.hosts import plain_address


def network_of(address: str) -> str:
    """Return the network that limits count: the /24 of an IPv4 address, the /56 of an IPv6 address (one household).

    A port after the address, as some proxies write it, is ignored.
    """
    host = address.partition("]")[0][1:] if address.startswith("[") else address
    host = host.partition(":")[0] if host.count(":") == 1 else host
    ip = plain_address(host)
    if ip is None:
        return address
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 56), strict=False))
