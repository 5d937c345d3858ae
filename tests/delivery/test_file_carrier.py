"""The `file` provider."""

from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path

import pytest

from newsletter.config import DeliverySettings
from newsletter.delivery import journal as journals
from newsletter.delivery.engine import EndReason, Engine, EngineResult, send
from newsletter.delivery.journal import Journal
from tests.delivery.samples import Desk, desk


def sent(tmp_path: Path, journal: Journal, readers: Desk, **settings: str) -> EngineResult:
    delivery = DeliverySettings(provider="file", file={"folder": "mails"} | settings)
    return send(Engine(delivery, readers, readers, journal, folder=tmp_path))


@pytest.mark.parametrize(("form", "place", "glob"), [("maildir", "new", "*"), ("eml", "", "*.eml")])
def test_each_reader_has_a_file(form: str, place: str, glob: str, tmp_path: Path, journal: Journal) -> None:
    readers = desk(750)
    ended = sent(tmp_path, journal, readers, format=form)
    assert ended.reason is EndReason.DONE
    assert readers.kinds() == {"accepted": 750}
    files = sorted((tmp_path / "mails" / place).glob(glob))
    to = {message_from_bytes(path.read_bytes())["To"] for path in files}
    assert to == {f"Reader {n} <r{n}@reader.example>" for n in range(750)}
    assert {outcomes[0].queue_id for outcomes in readers.outcomes.values()} == {path.name for path in files}
    assert not list((tmp_path / "mails").rglob("*.part"))


def test_a_folder_that_cannot_be_written_defers_the_mails(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    readers = desk(2)
    sent(tmp_path, journal, readers)
    assert readers.kinds() == {"deferred": 2}
    assert "No space left" in readers.outcomes[0][0].text
    assert readers.outcomes[0][0].code == 452


def test_a_journal_that_cannot_be_written_stops_before_the_next_file(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = iter(range(4))
    write = journals._write_whole

    def full(fd: int, content: bytes, size: int) -> None:
        if next(room, None) is None:
            raise OSError(28, "No space left on device")
        write(fd, content, size)

    monkeypatch.setattr(journals, "_write_whole", full)
    readers = desk(20)
    ended = sent(tmp_path, journal, readers)
    assert ended.reason is EndReason.JOURNAL
    assert readers.kinds() == {"accepted": 3, "deferred": 1}
    assert len(list((tmp_path / "mails" / "new").iterdir())) == 3
    assert len(readers.back) == 16


def test_stopping_leaves_the_rest(tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    readers = desk(2000)
    engine = Engine(
        DeliverySettings(provider="file", file={"folder": "mails"}), readers, readers, journal, folder=tmp_path
    )
    settle: Callable[..., None] = readers.settle

    def stop_then_settle(*args: object, **kwargs: object) -> None:
        engine.stop()
        settle(*args, **kwargs)

    monkeypatch.setattr(readers, "settle", stop_then_settle)
    ended = send(engine)
    assert ended.reason is EndReason.STOPPED
    files = list((tmp_path / "mails" / "new").iterdir())
    assert len(files) == readers.kinds()["accepted"] < 2000
    assert len(files) + len(readers.back) + sum(len(b.readers) for b in readers.batches) == 2000
