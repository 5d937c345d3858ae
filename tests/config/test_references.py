"""References to secrets: environment variables, files and systemd's credentials."""

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


def test_a_credential_is_read_from_the_folder_that_systemd_names(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n", encoding="utf-8")
    assert parsed('{ credential = "key" }', tmp_path, {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == KEY


@pytest.mark.parametrize(
    ("name", "environ", "told"),
    [
        ("key", {}, "the credential key is only there in a systemd service with LoadCredential="),
        ("key", {"CREDENTIALS_DIRECTORY": "/nonexistent"}, "/nonexistent/key can't be read"),
        ("../key", {"CREDENTIALS_DIRECTORY": "/nonexistent"}, "is not the name of a credential"),
    ],
)
def test_a_credential_that_is_not_there_is_told(tmp_path: Path, name: str, environ: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError, match=r"^site\.secret_key: ") as problem:
        parsed(f'{{ credential = "{name}" }}', tmp_path, environ)
    assert told in str(problem.value)


def test_references_are_found_wherever_they_are() -> None:
    tree = {"a": [{"env": "A"}, {"file": "b", "more": "c"}], "d": {"e": {"credential": "f"}}, "env": "no reference"}
    assert references(tree) == {Reference("env", "A"), Reference("credential", "f")}
