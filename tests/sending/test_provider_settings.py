"""The settings of each API provider: which are required, and which can be given."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from newsletter.config import DeliverySettings
from newsletter.providers import PROVIDERS, table_keys
from newsletter.sending.api_calls import choice
from newsletter.sending.api_calls.interface import ProviderProblem
from newsletter.web.desk.settings.delivery_pages import EMAIL_SERVICES


def find_origin(module: str) -> str:
    """Return the file of a module, which is not imported."""
    found = find_spec(module)
    assert found is not None
    assert found.origin is not None
    return found.origin


def _settings(name: str, values: dict[str, str]) -> DeliverySettings:
    chosen: dict[str, Any] = {"provider": name, name: values}
    return DeliverySettings(**chosen)


@pytest.mark.parametrize("name", [name for name, provider in PROVIDERS.items() if provider.required])
def test_settings_that_are_required(name: str) -> None:
    values = {key: "https://mail.example.org/" if key == "api_url" else "key" for key in PROVIDERS[name].required}
    assert choice.provider(_settings(name, values))
    for key in values:
        without = {other: value for other, value in values.items() if other != key}
        with pytest.raises(ProviderProblem) as raised:
            choice.provider(_settings(name, without))
        assert str(raised.value) == f"delivery.{name}.{key}: required, but missing"


def test_required_settings_can_be_entered_in_the_browser() -> None:
    fields = {field.key for field in EMAIL_SERVICES.fields}
    assert {f"{name}.{key}" for name, provider in PROVIDERS.items() for key in provider.required} <= fields


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_setting_that_is_read_is_a_key_of_config_toml(name: str) -> None:
    """Others are refused as misspelt."""
    read = re.compile(r'get_anymail_setting\(\s*"(\w+)"')
    backends = ("base", "base_requests", name)
    used = {key for each in backends for key in read.findall(Path(find_origin(f"anymail.backends.{each}")).read_text())}
    webhook = PROVIDERS[name].webhook
    signed = {webhook.key} - {""} if webhook else set()
    assert used | signed | set(PROVIDERS[name].required) == set(table_keys()[name])


@pytest.mark.parametrize("url", ["nope", "http://[::1", "ftp://mail.example.org"])
def test_an_api_address_is_checked(url: str) -> None:
    with pytest.raises(ProviderProblem, match=r"delivery\.postal\.api_url: that isn’t a web address"):
        choice.provider(_settings("postal", {"api_key": "key", "api_url": url}))


def test_the_document_says_how_many_subscribers_are_in_a_call() -> None:
    document = (Path(__file__).parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([`\w, ]+) \| HTTP API[^|]*\| (?:up to )?(\d+) \|", document, re.MULTILINE)
    documented = {name: int(most) for names, most in rows for name in re.findall(r"`(\w+)`", names)}
    assert documented == {name: provider.calls.most for name, provider in PROVIDERS.items()}
