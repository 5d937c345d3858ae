"""Reading config.toml again while the program runs."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter import config
from newsletter.config import snapshots
from newsletter.messages.configuration import NOT_REMOVED

TEXT = """\
[site]
url = "https://brev.example.org"
alert_url = ""

[newsletters.brev]
title = "Brev"
from = "Brev <brev@example.org>"
address = "Postboks 1"

[[newsletters.brev.sources]]
url = "https://one.example/"

[delivery]
journal = ""
"""


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "config.toml"
    path.write_text(TEXT, encoding="utf-8")
    before = config.current()
    config.use(config.load(path, {}))
    yield path
    config.use(before)


def write(file: Path, old: str, new: str) -> None:
    """Replace the file as editors do: a new one under the same name."""
    other = file.with_suffix(".new")
    other.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    other.replace(file)


def test_a_file_that_did_not_change_is_not_read_again(file: Path) -> None:
    before = config.snapshot()
    assert config.refresh() is before


def test_a_valid_change_is_in_force_under_the_next_number(file: Path) -> None:
    number = config.snapshot().number
    write(file, '"Brev"', '"Nytt"')
    write(file, 'url = "https://brev.', 'url_previous = ["https://brev.example.org"]\nurl = "https://nytt.')
    found = config.refresh()
    assert (found.number, found.problem, found.restart) == (number + 1, None, ())
    assert config.current().newsletters["brev"].title == "Nytt"
    site = config.current().site
    assert (site.url, site.url_previous) == ("https://nytt.example.org", ("https://brev.example.org",))


def test_frequent_calls_look_at_the_file_at_intervals(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = config.refresh()
    write(file, '"Brev"', '"Nytt"')
    monkeypatch.setattr(snapshots, "RECENT", 3600.0)
    assert config.recent() is before
    monkeypatch.setattr(snapshots, "RECENT", 0.0)
    assert config.recent().config.newsletters["brev"].title == "Nytt"


def test_a_changed_comment_is_no_change(file: Path) -> None:
    before = config.snapshot()
    write(file, "[site]", "# Ours\n[site]")
    found = config.refresh()
    assert (found.number, found.config) == (before.number, before.config)


def test_a_wrong_file_keeps_the_last_good_one_and_says_why(file: Path) -> None:
    before = config.snapshot()
    write(file, 'title = "Brev"', "title = 3")
    found = config.refresh()
    assert (found.number, found.config) == (before.number, before.config)
    assert str(found.problem).startswith("newsletters.brev.title: 3")
    write(file, "title = 3", 'title = "Nytt"')
    assert config.refresh().problem is None
    assert config.current().newsletters["brev"].title == "Nytt"


def test_a_file_that_is_gone_for_a_moment_changes_nothing(file: Path) -> None:
    before = config.current()
    file.unlink()
    assert "no such file" in str(config.refresh().problem)
    assert config.current() == before
    file.write_text(TEXT, encoding="utf-8")
    assert config.refresh().problem is None


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("https://brev.example.org", "http://brev.example.org", "site.url"),
        ('alert_url = ""', 'database = "sqlite:///other.db"', "site.database"),
        ('journal = ""', 'journal = "elsewhere"', "delivery.journal"),
        ("[delivery]", "[web]\nport = 9000\n\n[delivery]", "web.port"),
        ("[delivery]", "[collect]\nallow_private_addresses = true\n\n[delivery]", "collect.allow_private_addresses"),
    ],
)
def test_a_key_that_needs_a_restart_keeps_its_value_until_then(file: Path, old: str, new: str, key: str) -> None:
    before = config.current()
    write(file, old, new)
    write(file, 'title = "Brev"', 'title = "Nytt"')
    found = config.refresh()
    assert found.restart == (key,)
    assert found.config == replace(before, newsletters=found.config.newsletters)
    assert found.config.newsletters["brev"].title == "Nytt"


def test_a_change_that_is_objected_to_waits_until_the_reason_has_ended(file: Path) -> None:
    reasons = [config.ConfigProblem("newsletters.brev", NOT_REMOVED(reason="it is being sent"))]
    config.object_with(lambda before, after: reasons)
    try:
        write(file, '"Brev"', '"Nytt"')
        assert config.refresh().problem == reasons[0].message
        with pytest.raises(config.ConfigError, match="can't be removed yet"):
            config.check_change(config.load(file, {}))
        reasons.clear()
        assert config.refresh().config.newsletters["brev"].title == "Nytt"
    finally:
        config.object_with(lambda before, after: ())
