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


def sent(tmp_path: Path, journal: Journal, recipients: Desk, **settings: str) -> EngineResult:
    delivery = DeliverySettings(provider="file", file={"folder": "mails"} | settings)
    return send(Engine(delivery, recipients, recipients, journal, folder=tmp_path))


@pytest.mark.parametrize(("form", "place", "glob"), [("maildir", "new", "*"), ("eml", "", "*.eml")])
def test_each_recipient_has_a_file(form: str, place: str, glob: str, tmp_path: Path, journal: Journal) -> None:
    recipients = desk(750)
    ended = sent(tmp_path, journal, recipients, format=form)
    assert ended.reason is EndReason.DONE
    assert recipients.kinds() == {"accepted": 750}
    files = sorted((tmp_path / "mails" / place).glob(glob))
    to = {message_from_bytes(path.read_bytes())["To"] for path in files}
    assert to == {f"Reader {n} <r{n}@reader.example>" for n in range(750)}
    assert {outcomes[0].queue_id for outcomes in recipients.outcomes.values()} == {path.name for path in files}
    assert not list((tmp_path / "mails").rglob("*.part"))


def test_a_folder_that_cannot_be_written_defers_the_mails(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    recipients = desk(2)
    sent(tmp_path, journal, recipients)
    assert recipients.kinds() == {"deferred": 2}
    assert "No space left" in recipients.outcomes[0][0].text
    assert recipients.outcomes[0][0].code == 452


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
    recipients = desk(20)
    ended = sent(tmp_path, journal, recipients)
    assert ended.reason is EndReason.JOURNAL
    assert recipients.kinds() == {"accepted": 3, "deferred": 1}
    assert len(list((tmp_path / "mails" / "new").iterdir())) == 3
    assert len(recipients.back) == 16


def test_stopping_leaves_the_rest(tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    recipients = desk(2000)
    engine = Engine(
        DeliverySettings(provider="file", file={"folder": "mails"}), recipients, recipients, journal, folder=tmp_path
    )
    settle: Callable[..., None] = recipients.settle

    def stop_then_settle(*args: object, **kwargs: object) -> None:
        engine.stop()
        settle(*args, **kwargs)

    monkeypatch.setattr(recipients, "settle", stop_then_settle)
    ended = send(engine)
    assert ended.reason is EndReason.STOPPED
    files = list((tmp_path / "mails" / "new").iterdir())
    assert len(files) == recipients.kinds()["accepted"] < 2000
    assert len(files) + len(recipients.back) + sum(len(b.recipients) for b in recipients.batches) == 2000
