"""`dkim new`: what it prints can be copied as it is, and used from any folder."""

import sys
import tomllib
from pathlib import Path

import pytest
from rich.console import Console

from newsletter.cli import common
from newsletter.config import Dkim
from newsletter.delivery.dkim_keys import public_record
from tests.cli.conftest import Run


def test_a_key_in_the_sites_folder_is_named_from_there(command: Run, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    made = command("dkim", "new", "example.org", "--out", "keys/../s1.pem", "--json").document
    assert made["key"] == str(tmp_path / "s1.pem")
    assert tomllib.loads(made["config"])["dkim"]["key"] == {"file": "s1.pem"}


def test_other_paths_are_absolute_and_written_as_toml(command: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").unlink()
    made = command("dkim", "new", "example.org", "--out", 'our "key".pem', "--json").document
    assert tomllib.loads(made["config"])["dkim"]["key"] == {"file": str(tmp_path / 'our "key".pem')}


def test_the_record_is_that_of_the_key_and_is_whole_in_a_narrow_terminal(
    command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common, "console", lambda: Console(file=sys.stdout, width=40, highlight=False, markup=False))
    told = command("dkim", "new", "example.org").out
    record = public_record(Dkim(domain="example.org", selector="s1", key=(tmp_path / "dkim.pem").read_text("ascii")))
    (line,) = [line for line in told.splitlines() if line.startswith("s1._domainkey.example.org. IN TXT")]
    assert "".join(line.partition("( ")[2].removesuffix(" )").replace('" "', "").split('"')) == record
    assert told.startswith(f"wrote {tmp_path / 'dkim.pem'}; add this to the DNS of example.org:\n")


def test_a_folder_that_does_not_exist_is_told(command: Run, tmp_path: Path) -> None:
    told = command("dkim", "new", "example.org", "--out", "no/dkim.pem", status=1).sentence
    assert told == f"{tmp_path / 'no' / 'dkim.pem'}: No such file or directory; check the path"


def test_a_file_that_exists_is_not_changed(command: Run, tmp_path: Path) -> None:
    (tmp_path / "dkim.pem").write_text("mine", encoding="ascii")
    told = command("dkim", "new", "example.org", status=1).sentence
    assert told == f"{tmp_path / 'dkim.pem'} already exists and was not changed; choose another --out"
    assert (tmp_path / "dkim.pem").read_text("ascii") == "mine"
