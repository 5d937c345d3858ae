"""Old issues with values of any length and any characters: the others are imported, and what is left out is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from newsletter import config
from newsletter.editions.imported.archive_import import ImportResult, import_archive
from newsletter.feeds.archives import issue_limits
from newsletter.models import Edition
from newsletter.sandbox import Sandbox
from tests.factories import NOW, configured, kinaforum

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process")]

GOOD: dict[str, Any] = {
    "uuid": "good",
    "id": "1",
    "title": "Bread",
    "slug": "bread",
    "status": "published",
    "visibility": "public",
    "published_at": "2023-01-02T08:00:00.000Z",
    "html": "<p>How to bake.</p>",
}


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read archives in this process."""
    monkeypatch.setattr(Sandbox, "run", lambda _sandbox, function, *arguments: function(*arguments))


def imported(path: Path, *posts: dict[str, Any]) -> ImportResult:
    """Import posts of Ghost."""
    configured()
    document = {"db": [{"data": {"posts": [{**GOOD, **each} for each in posts]}}]}
    (path / "ghost.json").write_text(json.dumps(document))
    return import_archive(config.current(), kinaforum(), path / "ghost.json", now=NOW, base="https://old.example")


FIELDS = ("title", "html", "slug", "uuid", "id", "custom_excerpt", "feature_image", "published_at", "email_subject")
VALUES: tuple[object, ...] = (
    "x" * 30_000,
    "a\x00b",
    "a\ud800b",
    10**400,
    [],
    {"a": 1},
    ["x"] * 1_000,
    True,
    1e400,
    "<" * 3_000,
)


def test_whatever_a_field_has_the_other_issues_are_imported(tmp_path: Path) -> None:
    posts = [
        {"uuid": f"{field}{number}", "id": f"{field}{number}", field: value}
        for field in FIELDS
        for number, value in enumerate(VALUES)
    ]
    result = imported(tmp_path, *posts, {"title": "The last one", "published_at": "2026-01-02T08:00:00.000Z"})
    assert Edition.objects.filter(subject="The last one").exists()
    assert result.added + len(result.left_out) == len(posts)  # two have the same key without what can't be stored


def test_an_issue_with_a_long_title_or_text_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issue_limits, "LARGEST_DOCUMENT", 1_000_000)
    result = imported(
        tmp_path,
        {"uuid": "a", "title": "Rye " * 1_250_000},
        {"uuid": "b", "title": "Long", "html": "<p>" + "x" * 1_000_000},
        {},
    )
    assert result.added == 1
    assert {entry.name[:4]: str(entry.reason) for entry in result.left_out} == {
        "Rye ": "its title has 5,000,000 characters, more than 1,000; shorten it in the file, and import that again",
        "Long": "its text is larger than 1 MB; shorten it in the file, and import that again",
    }
    assert max(len(entry.name) for entry in result.left_out) == 201


def test_issues_whose_long_keys_begin_alike_are_different_issues(tmp_path: Path) -> None:
    assert imported(tmp_path, {"uuid": "x" * 1_000 + "a"}, {"uuid": "x" * 1_000 + "b"}).added == 2
    assert imported(tmp_path, {"uuid": "x" * 1_000 + "b"}, {"uuid": "x" * 1_000 + "c"}).added == 1
