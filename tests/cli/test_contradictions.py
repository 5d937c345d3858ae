"""Options and values that contradict each other or are empty: refused with a sentence, and nothing is changed."""

import io
from pathlib import Path

import pytest

from newsletter.config import Log
from newsletter.logs import error_reports
from newsletter.start import StartProblem, make_secret_key
from tests.cli.conftest import Run
from tests.doubles.feeds import Blog

pytestmark = pytest.mark.django_db

REFUSED = [
    (("try", ""), "SOURCE is empty"),
    (("draft", "kinaforum", "--letter", "--week", "2026-W06"), "no period; remove --week"),
    (("dkim", "new", "a b"), "DOMAIN 'a b' is not a name in DNS"),
    (("dkim", "new", ""), "DOMAIN '' is not a name in DNS"),
    (("dkim", "new", "example.org", "--selector", ""), "--selector '' is not a name in DNS"),
    (("users", "add", "anna@example.org", "--role", "admin", "--drafts-only"), "--drafts-only is for editors"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_contradictory_or_empty_options_are_refused(
    command: Run, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    assert said in command(*words, status=2).sentence
    assert not (tmp_path / "dkim.pem").exists()


def test_no_password_on_standard_input_changes_nothing(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    command("users", "add", "anna@example.org")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    told = command("users", "password", "anna@example.org", "--stdin", status=2).sentence
    assert told == "standard input has no password; nothing was changed"


def test_a_group_of_commands_alone_prints_its_help_as_it_is(command: Run) -> None:
    printed = command("subscribers", status=2).err
    assert "\nCommands:\n" in printed
    assert "; see '" not in printed


def test_the_next_step_after_init_works_as_it_is_printed(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from newsletter.setup.blog_profile import BlogProfile

    monkeypatch.setattr(
        "newsletter.cli.starting._profile", lambda *_: BlogProfile(url="https://a.example/", title="My blog")
    )
    assert "cd 'my site' && newsletter draft my-blog" in command("init", "my site", "--blog", "a.example").out


def test_identifiers_of_editions_are_whole_in_a_narrow_terminal(
    command: Run, blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("collect")
    command("draft", "kinaforum", "--week", "2026-W06")
    monkeypatch.setenv("COLUMNS", "40")
    assert "kinaforum/2026-W06" in command("editions").out
    assert "reason" in command("editions", "--json").document["editions"][0]


def test_missing_settings_of_the_email_service_are_found_without_connecting(command: Run, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(file.read_text().replace('provider = "file"', 'provider = "postmark"\npostmark = {}'))
    checks = command("check", "--json", status=1).out
    assert "delivery.postmark.server_token: required, but missing" in checks


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_a_secret_key_that_is_none_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / ".secret_key"
    path.write_bytes(content)
    with pytest.raises(StartProblem, match="has no key; restore the file"):
        make_secret_key(path)
    assert path.read_bytes() == content


def test_an_invalid_address_for_error_reports_is_told() -> None:
    with pytest.raises(error_reports.CannotReport, match=r"log\.sentry_dsn is not the address of a Sentry project"):
        error_reports.start(Log(sentry_dsn="x"), "1")
