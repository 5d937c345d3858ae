"""Email services, by their public documentation: one module for each, like `newsletter.providers`."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from newsletter.providers import PROVIDERS
from tests.doubles.providers.double import Double
from tests.doubles.webhook_calls import Call

DOUBLES: Mapping[str, Double] = {name: import_module(f"{__name__}.{name}").DOUBLE for name in PROVIDERS}
LISTS: Mapping[str, Callable[..., Call]] = {name: double.events for name, double in DOUBLES.items() if double.events}
"""The services that report several events in one call."""
CALLS: Mapping[str, Callable[..., Call]] = {
    name: call for name, double in DOUBLES.items() if (call := double.event or double.events)
}
SIGNING = {name: double.signing for name, double in DOUBLES.items() if double.signing is not dict}
"""The settings with which the signatures are checked."""


def settings_of(provider: str, url: str, key: str) -> dict[str, Any]:
    """Return a service's table in config.toml."""
    return {name: _filled(value, url, key) for name, value in DOUBLES[provider].settings.items()}


def _filled(value: Any, url: str, key: str) -> Any:
    if isinstance(value, dict):
        return {name: _filled(inner, url, key) for name, inner in value.items()}
    return value.format(url=url, key=key)
