"""Documents of every format, one folder each in `fixtures`, and beside each what is read from it as JSON.

Fields without a value are left out of the JSON. `UPDATE_FIXTURES=1` writes what is read now; look at the difference.
"""

import dataclasses
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsletter.feeds.fetcher import Response
from newsletter.feeds.formats.parse import parse
from newsletter.feeds.html.clean import clean
from newsletter.feeds.html.markup import page_tree
from newsletter.feeds.model import NotAFeed
from newsletter.feeds.sources import discover, wordpress
from newsletter.feeds.sources.folder import Folder, read_folder
from newsletter.messages import Message

FOLDER = Path(__file__).parent / "fixtures"
BASE = "https://harbour.example/feed/"


def read_document(file: Path) -> Any:
    """A feed, or why it is invalid."""
    try:
        return parse(file.read_bytes(), BASE)
    except NotAFeed as e:
        return {"refused": str(e), "page": e.page}


def read_rest(file: Path) -> Any:
    """An answer of WordPress's REST interface."""
    url = "https://harbour.example/wp-json/wp/v2/posts?page=1"
    try:
        return wordpress.rest_page(Response(url, 200, file.read_bytes()), url, None)
    except NotAFeed as e:
        return {"refused": str(e)}


def read_markdown(file: Path, folder: Path) -> Any:
    """A folder that holds this file alone."""
    (folder / file.name).write_bytes(file.read_bytes())
    return read_folder(Folder(folder, "https://harbour.example/", "/:year/:slug/", UTC, 100_000))


def read_post(file: Path) -> Any:
    """The HTML of a post."""
    return clean(file.read_text(encoding="utf-8"), "https://harbour.example/posts/1")


def read_page(file: Path) -> Any:
    """The feeds that a web page names."""
    return discover._named_feeds(page_tree(file.read_text(encoding="utf-8")), "https://harbour.example/blog/", "auto")


READERS: dict[str, Callable[[Path], Any]] = {
    "wordpress-rest": read_rest,
    "html": read_post,
    "pages": read_page,
}


def plain(value: Any) -> Any:
    """A value as JSON has it, without what is empty; messages in English."""
    if isinstance(value, Message):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items() if each not in ("", (), None, [])}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value


def fixtures() -> list[Path]:
    """The documents."""
    return sorted(p for p in FOLDER.rglob("*") if p.is_file() and not p.name.endswith(".expected.json"))


@pytest.mark.parametrize("file", fixtures(), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_document_is_read_as_expected(file: Path, tmp_path: Path) -> None:
    if file.parent.name == "front-matter":
        found = plain(read_markdown(file, tmp_path))
    else:
        found = plain(READERS.get(file.parent.name, read_document)(file))
    expected = file.with_name(f"{file.name}.expected.json")
    if "UPDATE_FIXTURES" in os.environ:
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))


def test_every_expectation_has_a_document() -> None:
    names = {f"{file}.expected.json" for file in fixtures()}
    assert {str(file) for file in FOLDER.rglob("*.expected.json")} == names
