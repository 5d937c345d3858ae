"""What views know of a request: its configuration, its newsletter, and the network that it comes from.

A middleware attaches the configuration when the request begins, and the request keeps it, whatever is configured
meanwhile.
"""

import ipaddress
from functools import lru_cache
from typing import cast

from django.http import Http404, HttpRequest

from newsletter.config import Config, Newsletter
from newsletter.domain.hosts import plain_address


class ConfiguredRequest(HttpRequest):
    """A request that the middleware has seen."""

    config: Config


def attach_config(request: HttpRequest, configuration: Config) -> None:
    """Let views answer this request with this configuration."""
    cast(ConfiguredRequest, request).config = configuration


def config_of(request: HttpRequest) -> Config:
    """Return the configuration to answer this request with."""
    return cast(ConfiguredRequest, request).config


def newsletter_of(request: HttpRequest, name: str) -> Newsletter:
    """Return a configured newsletter, or raise Http404."""
    newsletter = config_of(request).newsletters.get(name)
    if newsletter is None:
        raise Http404(f"there is no newsletter '{name}'")
    return newsletter


@lru_cache(maxsize=4_096)
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
