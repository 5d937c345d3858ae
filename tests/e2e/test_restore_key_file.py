"""A backup with its key restores on a new machine where config.toml names the files of the keys, with real commands."""

import shutil
from collections.abc import Callable

import pytest

from tests.conftest import Site

pytestmark = pytest.mark.e2e

CONFIG = """
[site]
url = "http://localhost:8000"
secret_key = { file = "keys/present" }
secret_key_previous = [{ file = "keys/earlier" }]
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
sources = [{ url = "https://kinaforum.example/" }]
[delivery]
provider = "file"
"""
PRESENT, EARLIER = (f"the {which} key, which is long enough for a key" for which in ("present", "earlier"))


def test_the_keys_are_written_where_the_configuration_looks_for_them(site: Callable[[str], Site]) -> None:
    old = site(CONFIG)
    keys = old.folder / "keys"
    keys.mkdir()
    (keys / "present").write_text(PRESENT)
    (keys / "earlier").write_text(EARLIER)
    backup = old.folder.parent / "backup.zip"
    backup.unlink(missing_ok=True)
    old.run("backup", backup, "--with-key")
    for path in old.folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    new = old
    new.run("restore", backup)
    assert (keys / "present").read_text().strip() == PRESENT
    assert (keys / "earlier").read_text().strip() == EARLIER
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}

    (keys / "present").write_text("another key, which is long enough for a key")
    refused = new.run("restore", backup, "--replace", status=None)
    assert refused.returncode != 0
    assert "the backup was made with another key" in refused.stderr
    assert (keys / "present").read_text().startswith("another key")
