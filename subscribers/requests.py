"""The configuration for a request.

A middleware attaches it when the request begins, and the request keeps it, whatever is configured meanwhile.
"""

from typing import cast

from django.http import HttpRequest

from newsletter.config import Config


class ConfiguredRequest(HttpRequest):
    """A request that the middleware has seen."""

    config: Config


def attach_config(request: HttpRequest, configuration: Config) -> None:
    """Let views answer this request with this configuration."""
    cast(ConfiguredRequest, request).config = configuration


def config_of(request: HttpRequest) -> Config:
    """Return the configuration to answer this request with."""
    return cast(ConfiguredRequest, request).config
