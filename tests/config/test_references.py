"""References to secrets: environment variables and files."""

from pathlib import Path

import pytest

from newsletter.config.load import ConfigError, parse
from newsletter.config.references import Reference, references

TEXT = """
[site]
url = "http://localhost:8000"
secret_key = {reference}
[newsletters.daily]
title = "Daily"
from = "daily@example.org"
address = "1 Example Street"
[[newsletters.daily.sources]]
url = "https://blog.example/"
"""
KEY = "for tests only, and long enough to be a key of the usual length"


def parsed(reference: str, folder: Path, environ: dict[str, str]) -> str:
    """The secret key of a configuration that refers to it."""
    text = TEXT.replace("{reference}", reference)
    return parse(text, folder / "config.toml", environ).site.secret_key


def test_a_credential_of_systemd_is_read_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n", encoding="utf-8")
    assert parsed(f'{{ file = "{tmp_path}/key" }}', Path("/"), {}) == KEY
    with pytest.raises(ConfigError, match=r"^site\.secret_key: .*file = '/run/credentials/newsletter\.service/key'"):
        parsed('{ credential = "key" }', tmp_path, {})


def test_references_are_found_wherever_they_are() -> None:
    tree = {"a": [{"env": "A"}, {"file": "b", "more": "c"}], "d": {"e": {"file": "f"}}, "env": "no reference"}
    assert references(tree) == {Reference("env", "A"), Reference("file", "f")}
