"""The configuration for a request.

A middleware attaches it when the request begins, and the request keeps it, whatever is configured meanwhile.
"""

from typing import cast

from django.http import Http404, HttpRequest

from newsletter.config import Config, Newsletter


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
