"""`newsletter check` says which files with secrets every user of the machine can read."""

from pathlib import Path

import pytest

from newsletter.config import parse
from newsletter.domain.check import Verdict
from newsletter.scheduling.checks import open_secrets
from tests.settings import TEXT

PLAIN = TEXT.replace('secret_key = "for tests only, and long enough to be a key of the usual length"\n', "")
IN_FILE = PLAIN.replace("[site]", '[site]\nsecret_key = { file = "key" }')
WITH_PASSWORD = f'{PLAIN}\n[delivery]\nsmtp = {{ host = "mail.example", user = "u", password = "secret" }}\n'


def told(folder: Path, text: str, mode: int) -> list[str]:
    """What is said of a config.toml with this mode."""
    file = folder / "config.toml"
    file.write_text(text)
    file.chmod(mode)
    (folder / "key").write_text("a key, which is long enough for a key")
    (folder / "key").chmod(mode)
    checks = list(open_secrets(parse(text, file)))
    assert {check.verdict for check in checks} <= {Verdict.WARNING}
    return [str(check.message) for check in checks]


@pytest.mark.parametrize(("text", "key"), [(TEXT, "site.secret_key"), (WITH_PASSWORD, "delivery.smtp.password")])
def test_a_configuration_with_secrets_that_all_can_read_is_told(tmp_path: Path, text: str, key: str) -> None:
    (sentence,) = told(tmp_path, text, 0o644)
    assert f"config.toml has secrets ({key}), and every user of this machine can read it; run 'chmod 600" in sentence


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_a_private_configuration_is_fine(tmp_path: Path, mode: int) -> None:
    assert told(tmp_path, TEXT, mode) == []


def test_a_configuration_without_secrets_may_be_read(tmp_path: Path) -> None:
    assert told(tmp_path, PLAIN, 0o644) == []


def test_the_file_of_a_secret_is_told_too(tmp_path: Path) -> None:
    (sentence,) = told(tmp_path, IN_FILE, 0o644)
    assert sentence.startswith(f"every user of this machine can read {tmp_path / 'key'};")
