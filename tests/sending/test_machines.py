"""Of two folders with one machine identity, one sends; and machines compare their configurations."""

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db.models import F
from django.test import override_settings

from newsletter import config
from newsletter.config import Config, Dkim, Timeouts
from newsletter.delivery.journal import JournalError
from newsletter.models import Machine
from newsletter.sending import journals
from newsletter.sending.machines import agreement, lease
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


def changed(**keys: object) -> Config:
    """The configuration with other keys of `[delivery]`."""
    given = config.current()
    return replace(given, delivery=replace(given.delivery, **keys))


def declared(name: str, configuration: Config, *, again: bool = True) -> None:
    """Declare the configuration of a machine that holds its lease."""
    acquire(name, LeaseHolder(name, "boot", f"{name}:/srv/journal"), FOLDER, LONGEST)
    agreement.declare(name, configuration, again=again)


def sentences() -> dict[str, str]:
    """Return the message of each machine that must not send."""
    found = {machine.name: agreement.difference(machine.name) for machine in Machine.objects.all()}
    return {name: str(message) for name, message in found.items() if message}


def test_machines_with_the_same_configuration_both_send() -> None:
    for name in ("one", "two"):
        declared(name, config.current())
    assert sentences() == {}


def test_the_newest_machine_stops_and_is_told_which_tables_differ() -> None:
    declared("one", config.current())
    declared("two", changed(connections=9))
    assert sentences() == {
        "two": "two:/srv/journal sends nothing, because its config.toml differs from that of one:/srv/journal: "
        "delivery; make these tables the same on both machines"
    }


def test_the_machine_whose_configuration_changed_stops_until_the_other_follows() -> None:
    for name in ("one", "two"):
        declared(name, config.current())
    declared("one", changed(connections=9), again=False)
    assert set(sentences()) == {"one"}
    declared("two", changed(connections=9), again=False)
    assert sentences() == {}


def test_a_machine_that_was_away_does_not_bring_back_an_old_configuration() -> None:
    declared("one", config.current())
    Machine.objects.update(seen_at=None)
    declared("two", changed(connections=9))
    assert sentences() == {}
    declared("one", config.current())
    assert set(sentences()) == {"one"}


def test_a_machine_that_has_ended_is_not_reported() -> None:
    declared("one", config.current())
    pass_time(lease.LEASE + timedelta(seconds=1))
    declared("two", changed(connections=9))
    assert sentences() == {}


def test_settings_of_one_machine_may_differ() -> None:
    given = config.current()
    smtp = replace(given.delivery.smtp, hello="one.example.org", ca="/etc/ca.pem")
    own = changed(journal="/srv/other", processes=3, smtp=smtp)
    assert agreement.hashes(own) == agreement.hashes(given)


@pytest.mark.parametrize(
    "keys",
    [
        {"provider": "file"},
        {"smtp": replace(config.DeliverySettings().smtp, password="other")},
        {"dkim": (Dkim(domain="example.org", selector="one", key="key"),)},
        {"domains": {}},
        {"retry_for": timedelta(hours=1)},
    ],
)
def test_settings_that_affect_sending_must_be_the_same(keys: dict[str, object]) -> None:
    found, given = agreement.hashes(changed(**keys)), agreement.hashes(config.current())
    assert {table for table in found if found[table] != given[table]} == {"delivery"}


@pytest.mark.parametrize(
    ("keys", "differs"),
    [({"where": "tag = film"}, True), ({"status": "paused"}, True), ({"description": "News"}, False)],
)
def test_settings_that_choose_recipients_must_be_the_same(keys: dict[str, str], differs: bool) -> None:
    given = config.current()
    newsletters = {**given.newsletters, "kinaforum": replace(given.newsletters["kinaforum"], **keys)}
    found = agreement.hashes(replace(given, newsletters=newsletters))
    assert (found != agreement.hashes(given)) is differs


def test_a_secret_is_not_stored_in_a_form_that_can_be_guessed() -> None:
    one = agreement.hashes(changed(smtp=replace(config.DeliverySettings().smtp, password="secret")))
    with override_settings(SECRET_KEY="another key, long enough for a test of hashes"):
        other = agreement.hashes(changed(smtp=replace(config.DeliverySettings().smtp, password="secret")))
    assert one["delivery"] != other["delivery"]
