"""Where `run` listens before the site is set up: options, then the environment, then the defaults."""

from pathlib import Path
from typing import Any

import pytest

from newsletter import config
from newsletter.cli import starting


@pytest.fixture
def listened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The addresses that were listened on; the set-up itself ends at once, unfinished."""
    addresses: list[tuple[str, int]] = []
    monkeypatch.setattr(starting, "listening", lambda host, port: addresses.append((host, port)))
    monkeypatch.setattr("newsletter.web.first_run.server.serve", lambda *_: False)
    return addresses


def set_up(folder: Path, **options: Any) -> None:
    starting._set_up(folder / "config.toml", **{"host": None, "port": None, **options})


def test_by_default_it_listens_where_a_site_does(listened: list[tuple[str, int]], tmp_path: Path) -> None:
    set_up(tmp_path)
    assert listened == [("127.0.0.1", 8000)]
    assert (tmp_path / ".secret_key").exists()
    assert not (tmp_path / "config.toml").exists()


def test_a_container_sets_the_address_in_its_environment(
    listened: list[tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER__WEB__HOST", "0.0.0.0")
    monkeypatch.setenv("NEWSLETTER__WEB__PORT", "9000")
    set_up(tmp_path)
    set_up(tmp_path, host="::1")
    set_up(tmp_path, port=0)
    assert listened == [("0.0.0.0", 9000), ("::1", 9000), ("0.0.0.0", 0)]


def test_other_settings_of_the_environment_do_not_matter_yet(
    listened: list[tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER__SITE__URL", "no address")
    set_up(tmp_path)
    assert listened == [("127.0.0.1", 8000)]


def test_a_port_that_is_none_is_one_sentence(
    listened: list[tuple[str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER__WEB__PORT", "many")
    with pytest.raises(config.ConfigError, match=r"web\.port"):
        set_up(tmp_path)
    assert listened == []
