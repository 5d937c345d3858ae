"""Of two folders with one machine identity, one sends; and machines compare their configurations."""

import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db.models import F

from newsletter.config import Timeouts
from newsletter.delivery.journal import JournalError
from newsletter.models import Machine
from newsletter.sending import journals
from newsletter.sending.machines import lease
from newsletter.sending.machines.lease import LeaseHolder, MachineLease, acquire

pytestmark = pytest.mark.django_db

ONE = LeaseHolder("host one", "boot", "one:/srv/journal")
COPY = LeaseHolder("host two", "boot two", "two:/srv/journal")
RESTARTED = LeaseHolder("host one", "another boot", "one:/srv/journal")
FOLDER = Path("/srv/journal")
LONGEST = timedelta(minutes=10)


def hold(holder: LeaseHolder) -> None:
    acquire("identity", holder, FOLDER, LONGEST)


def pass_time(length: timedelta) -> None:
    Machine.objects.update(seen_at=F("seen_at") - length)


def test_a_machine_renews_its_lease_and_regains_it_after_a_kill() -> None:
    for _ in range(3):
        hold(ONE)
    assert Machine.objects.get().description == "one:/srv/journal"


def test_a_copied_identity_is_refused_with_the_other_machines_name() -> None:
    hold(ONE)
    with pytest.raises(JournalError, match=r"/srv/journal is a copy: one:/srv/journal has the same machine identity"):
        hold(COPY)
    pass_time(lease.LEASE + LONGEST - timedelta(seconds=5))
    with pytest.raises(JournalError, match="remove the folder on one of the two machines"):
        hold(COPY)
    hold(ONE)


def test_a_folder_that_moved_is_taken_once_nothing_can_be_in_flight(caplog: pytest.LogCaptureFixture) -> None:
    hold(ONE)
    pass_time(lease.LEASE + LONGEST + timedelta(seconds=1))
    hold(COPY)
    assert "passes from one:/srv/journal to two:/srv/journal" in caplog.text
    with pytest.raises(JournalError):
        hold(ONE)


def test_a_restarted_machine_waits_for_the_lease_alone() -> None:
    hold(ONE)
    with pytest.raises(JournalError, match="this machine restarted, or it is a copy"):
        hold(RESTARTED)
    pass_time(lease.LEASE + timedelta(seconds=1))
    hold(RESTARTED)


def test_a_normal_end_releases_the_identity() -> None:
    hold(ONE)
    Machine.objects.update(seen_at=None)
    hold(COPY)


def test_a_copied_folder_is_another_holder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    identity = journals.machine(tmp_path / "one")
    (tmp_path / "two" / journals.MACHINE).write_text(identity, encoding="ascii")
    one, two = (lease.this_holder(tmp_path / name) for name in ("one", "two"))
    assert one.host != two.host
    assert one == lease.this_holder(tmp_path / "one")


def test_a_lease_is_held_and_released(tmp_path: Path) -> None:
    journals.machine(tmp_path)
    ours = MachineLease(tmp_path, Timeouts())
    ours.hold()
    assert ours.held
    ours.release()
    assert not ours.held
    assert not Machine.objects.exclude(seen_at=None).exists()


def test_a_released_identity_is_free_for_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = journals.machine(tmp_path)
    monkeypatch.setattr(lease, "connection", SimpleNamespace(vendor="postgresql"))
    ours = MachineLease(tmp_path, Timeouts())
    ours.hold()
    with pytest.raises(JournalError):
        acquire(identity, COPY, tmp_path, LONGEST)
    ours.release()
    acquire(identity, COPY, tmp_path, LONGEST)


def test_a_lease_is_renewed_periodically_and_not_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, acquired = [1000.0], list[float]()
    monkeypatch.setattr(lease, "connection", SimpleNamespace(vendor="postgresql"))
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(lease, "acquire", lambda *_: acquired.append(clock[0]))
    ours = MachineLease(tmp_path, Timeouts())
    journals.machine(tmp_path)
    for clock[0] in (1000.0, 1001.0, 1014.9, 1015.0, 1016.0, 1030.0):
        ours.hold()
    assert acquired == [1000.0, 1015.0, 1030.0]
