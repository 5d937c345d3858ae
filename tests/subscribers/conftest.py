"""Imports of text, for the tests of subscribers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from subscribers.importing import ImportReport, import_file
from tests.subscribers.make import AT

Import = Callable[..., ImportReport]


@pytest.fixture
def take(tmp_path: Path, db: None) -> Import:
    """Import text or bytes for `kinaforum`."""

    def do(content: str | bytes, **options: object) -> ImportReport:
        file = tmp_path / "readers.csv"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return import_file(file, "kinaforum", **{"consent": "shop counter, 2024", "at": AT, **options})

    return do
