"""Saving changes to config.toml."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from newsletter import config
from newsletter.config.document import AppendTable, SetValue
from newsletter.config.file import CannotWrite, EditConflict, locked_by, save, why_unwritable
from newsletter.config.load import PREVIOUS
from newsletter.messages.configuration import FOLDER_READ_ONLY, READ_ONLY

TEXT = """\
# Ours
[site]
url = "https://brev.example.org"

[newsletters.brev]
title = "Brev"
from = "Brev <brev@example.org>"
address = "Postboks 1"
body = "full"      # as agreed

[[newsletters.brev.sources]]
url = "https://one.example/"

[[newsletters.brev.sources]]
url = "https://two.example/"
"""
N = ("newsletters", "brev")
TITLE = {(*N, "title"): "Brev"}
SECOND = {(*N, "sources", 1, "url"): "https://two.example/", (*N, "sources", 1, "language"): None}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(TEXT, encoding="utf-8")
    path.chmod(0o640)
    return path


def test_a_change_is_saved_with_a_copy_of_the_previous_file(file: Path) -> None:
    found = save(file, [SetValue((*N, "title"), "Nytt")], TITLE, {})
    assert found.newsletters["brev"].title == "Nytt"
    assert file.read_text(encoding="utf-8") == TEXT.replace('title = "Brev"', 'title = "Nytt"')
    previous = file.with_name(file.name + PREVIOUS)
    assert previous.read_text(encoding="utf-8") == TEXT
    assert [path.stat().st_mode & 0o777 for path in (file, previous)] == [0o640, 0o640]
    assert sorted(path.name for path in file.parent.iterdir()) == ["config.toml", "config.toml.previous"]


def test_an_invalid_change_is_refused_and_nothing_is_written(file: Path) -> None:
    with pytest.raises(config.ConfigError, match="timezone"):
        save(file, [SetValue((*N, "timezone"), "Europe/Olso")], {}, {})
    assert file.read_text(encoding="utf-8") == TEXT


def test_changes_to_different_keys_are_merged(file: Path) -> None:
    by_hand = TEXT.replace("# Ours", "# Ours and theirs").replace('"Postboks 1"', '"Postboks 2"')
    file.write_text(by_hand, encoding="utf-8")
    save(file, [SetValue((*N, "title"), "Nytt")], TITLE, {})
    assert file.read_text(encoding="utf-8") == by_hand.replace('title = "Brev"', 'title = "Nytt"')


def test_two_changes_to_one_key_are_a_conflict(file: Path) -> None:
    by_hand = TEXT.replace('"Brev"', '"By hand"')
    file.write_text(by_hand, encoding="utf-8")
    with pytest.raises(EditConflict) as conflict:
        save(file, [SetValue((*N, "title"), "Nytt"), SetValue((*N, "body"), "title")], TITLE, {})
    assert conflict.value.paths == ((*N, "title"),)
    assert file.read_text(encoding="utf-8") == by_hand


def test_a_key_that_already_has_the_wanted_value_is_no_conflict(file: Path) -> None:
    file.write_text(TEXT.replace('"Brev"', '"Nytt"'), encoding="utf-8")
    assert save(file, [SetValue((*N, "title"), "Nytt")], TITLE, {}).newsletters["brev"].title == "Nytt"


def test_a_source_that_moved_in_the_list_is_not_changed(file: Path) -> None:
    change = SetValue((*N, "sources", 1, "language"), "de")
    assert save(file, [change], SECOND, {}).newsletters["brev"].sources[1].language == "de"
    file.write_text(TEXT.replace("https://two.example/", "https://second.example/"), encoding="utf-8")
    with pytest.raises(EditConflict):
        save(file, [change], SECOND, {})
    added = save(file, [AppendTable((*N, "sources"), {"url": "https://three.example/"})], {}, {})
    assert len(added.newsletters["brev"].sources) == 3


def test_editors_who_save_at_once_lose_nothing(file: Path) -> None:
    keys = ("title", "description", "reply_to", "where", "template", "subject")
    values = {key: "a@example.org" if key == "reply_to" else key for key in keys} | {"where": "tag = film"}
    threads = [
        threading.Thread(target=save, args=(file, [SetValue((*N, key), value)], {}, {}))
        for key, value in values.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = config.load(file, {}).newsletters["brev"]
    assert {key: getattr(found, key) for key in keys} == values


@pytest.mark.e2e
@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_process_killed_while_saving_leaves_a_whole_file(file: Path, call: str, nth: int) -> None:
    program = f"""
import os, pathlib, signal
from newsletter.config.document import SetValue
from newsletter.config.file import save
counted = [0]
real = {call}
def killing(*arguments):
    counted[0] += 1
    if counted[0] == {nth}:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
{call} = killing
file = pathlib.Path({str(file)!r})
save(file, [SetValue(("newsletters", "brev", "title"), "N")], {{}}, {{}})
"""
    ended = subprocess.run([sys.executable, "-c", program], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert file.read_text(encoding="utf-8") == TEXT
    assert save(file, [SetValue((*N, "title"), "Nytt")], TITLE, {}).newsletters["brev"].title == "Nytt"
    assert sorted(path.name for path in file.parent.iterdir()) == ["config.toml", "config.toml.previous"]


def test_a_read_only_file_is_told_before_anything_is_typed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert why_unwritable(file) is None
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != file)
    assert why_unwritable(file) == READ_ONLY(file=str(file))
    with pytest.raises(CannotWrite):
        save(file, [SetValue((*N, "title"), "Nytt")], TITLE, {})
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) == file)
    assert why_unwritable(file) == FOLDER_READ_ONLY(folder=str(file.parent))


def test_values_from_the_environment_or_a_file_are_locked() -> None:
    tree = {"delivery": {"smtp": {"password": {"env": "SMTP_PASSWORD"}, "user": {"file": "user.txt"}, "host": "h"}}}
    smtp = ("delivery", "smtp")
    assert locked_by(tree, (*smtp, "password"), {}) == "$SMTP_PASSWORD"
    assert locked_by(tree, (*smtp, "user"), {}) == "user.txt"
    assert locked_by(tree, (*smtp, "host"), {}) == ""
    name = "NEWSLETTER__DELIVERY__SMTP__HOST"
    assert locked_by(tree, (*smtp, "host"), {name: "other"}) == f"${name}"
    assert locked_by(tree, (*smtp, "host"), {"NEWSLETTER__DELIVERY": "{}"}) == "$NEWSLETTER__DELIVERY"


def test_a_change_that_the_environment_would_undo_is_refused(file: Path) -> None:
    before, environ = file.read_bytes(), {"NEWSLETTER__NEWSLETTERS__BREV__TITLE": "Brev"}
    with pytest.raises(CannotWrite, match=r"set by \$NEWSLETTER__NEWSLETTERS__BREV__TITLE; change it there"):
        save(file, [SetValue((*N, "title"), "Nytt")], {}, environ)
    assert file.read_bytes() == before
    save(file, [SetValue((*N, "description"), "Nytt")], {}, environ)


def test_a_file_with_a_byte_order_mark_is_changed(file: Path) -> None:
    file.write_text(TEXT, encoding="utf-8-sig")
    found = save(file, [SetValue((*N, "title"), "Nytt")], TITLE, {})
    assert found.newsletters["brev"].title == "Nytt"
    assert file.read_bytes().startswith(b"# Ours")


def test_a_file_that_is_not_utf_8_is_refused_and_stays_as_it_is(file: Path) -> None:
    file.write_bytes(TEXT.replace("as agreed", "på norsk").encode("latin-1"))
    before = file.read_bytes()
    with pytest.raises(CannotWrite, match="not in UTF-8"):
        save(file, [SetValue((*N, "title"), "Nytt")], TITLE, {})
    assert file.read_bytes() == before
