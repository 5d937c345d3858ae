"""Where a host is: on this machine, on a private network or on the public internet. Names are not resolved.

Unknown cases go the safe way, and that differs: `is_public_address` says no where in doubt, because we would fetch from
there, and `is_nearby_address` says no where in doubt, because it lets a client in.
"""

import ipaddress
from urllib.parse import urlsplit

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# The only block that IANA assigns addresses on the public internet from (RFC 4291 2.4).
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# Not on the public internet by IANA's registries of special-purpose addresses (RFC 6890), whatever this Python knows.
_SPECIAL_IPV4 = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/3",
)  # fmt: skip
_SPECIAL_IPV6 = ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
_SPECIAL = tuple(map(ipaddress.ip_network, _SPECIAL_IPV4 + _SPECIAL_IPV6))
_NEARBY = tuple(map(ipaddress.ip_network, (
    "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "::1/128", "fc00::/7", "fe80::/10",
)))  # fmt: skip
_PRIVATE_SUFFIXES = (".local", ".internal", ".lan", ".home.arpa")


def is_loopback(host: str) -> bool:
    """Return whether a name or IP address means this machine (RFC 6761 6.3 for names)."""
    name = host.strip("[]").lower().rstrip(".")
    address = plain_address(name)
    if address is None:
        return name == "localhost" or name.endswith(".localhost")
    return address.is_loopback


def is_public_address(address: str) -> bool:
    """Return whether an IP address is global unicast: not private, loopback, link-local, reserved or multicast.

    IPv4 addresses inside an IPv6 one (mapped, NAT64, 6to4, Teredo) count instead of it. Raises ValueError for a name.
    """
    return all(map(_is_global_unicast, _inner(ipaddress.ip_address(address))))


def is_public_host(host: str) -> bool:
    """Return whether a name or IP address can be one on the public internet."""
    name = host.strip("[]").lower().rstrip(".")
    if plain_address(name):
        return is_public_address(name)
    return "." in name and not is_loopback(name) and not name.endswith(_PRIVATE_SUFFIXES)


def is_nearby_address(address: str) -> bool:
    """Return whether a client's IP address is this machine's or of a private network; False for anything else."""
    client = plain_address(address.partition("%")[0])
    return client is not None and any(client in network for network in _NEARBY)


def plain_address(host: str) -> _Address | None:
    """Return an IP address, an IPv4-mapped one as IPv4; None for anything else."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_global_unicast(address: _Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return not any(address in network for network in _SPECIAL)


def _inner(address: _Address) -> tuple[_Address, ...]:
    if not isinstance(address, ipaddress.IPv6Address):
        return (address,)
    if address in _NAT64:
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    if address.teredo:
        return address.teredo
    return (address.ipv4_mapped or address.sixtofour or address,)


def without_secrets(url: str) -> str:
    """Return an address without a login, and without a query or fragment, which may hold a key."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(an invalid address)"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
