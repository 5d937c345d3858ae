"""The services of `run`: each does its work at its interval."""

import gc
import resource
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest

from newsletter import config, supervision
from newsletter.bounces import processing
from newsletter.cli import services
from newsletter.cli.common import Failed
from newsletter.config import Config
from newsletter.scheduling import housekeeping, later_kinds, schedule, shared_work
from newsletter.sending.sql import database_watch
from newsletter.supervision import Periods, Service, Supervisor
from newsletter.transactional import subscriber_mail

ALWAYS = ("configuration", "alerts", "presence", "progress", "storage")
PERIODIC = ("schedule", "collect", "letters", "later", "bounces", "housekeeping")


@pytest.fixture
def shown() -> Iterator[None]:
    """The supervisor whose states are shown is the same one after the test."""
    before = supervision.current()
    yield
    supervision.use(before)


def test_the_clock_calls_every_periodic_service() -> None:
    found = {name: (act, seconds) for name, act, seconds in services._periodic(5.0)}
    assert {name: seconds for name, (_, seconds) in found.items()} == {
        "schedule": 5.0,
        "collect": 5.0,
        "letters": 5.0,
        "later": 5.0,
        "bounces": 600.0,
        "housekeeping": 6 * 3600.0,
    }
    assert found["schedule"][0] == services._run_schedule
    assert found["letters"][0] == services._send_letters
    assert found["later"][0] == later_kinds.hand_out
    assert found["bounces"][0] == services._read_bounces
    assert found["housekeeping"][0] == services._tidy


WORK: dict[services.Act, tuple[ModuleType, str, str]] = {
    services._run_schedule: (schedule, "tick", "hand_out_schedule"),
    services._send_letters: (subscriber_mail, "send_all_due", "hand_out_emails"),
    services._read_bounces: (processing, "tick", "hand_out_bounces"),
    services._tidy: (housekeeping, "tidy", "hand_out_housekeeping"),
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("database", "done"), [("sqlite:///newsletter.db", "here"), ("postgresql://me@db/news", "by any machine")]
)
@pytest.mark.parametrize("act", WORK)
def test_work_is_done_here_or_by_any_machine_of_a_postgresql_database(
    act: services.Act, database: str, done: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    module, here, anywhere = WORK[act]
    monkeypatch.setattr(module, here, lambda configuration, now: calls.append("here"))
    monkeypatch.setattr(shared_work, anywhere, lambda configuration, now: calls.append("by any machine"))
    given = config.current()
    act(replace(given, site=replace(given.site, database=database)), datetime.now(UTC))
    assert calls == [done]


@pytest.mark.django_db
def test_sources_are_read_at_the_interval_that_is_configured_now(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, read = [0.0], []
    monkeypatch.setattr(services, "boottime", lambda: clock[0])

    def collect(configuration: Config, now: datetime) -> list[object]:
        read.append(clock[0])
        return []

    monkeypatch.setattr(services, "collect", collect)
    collecting, found, now = services._Collecting(), config.current(), datetime(2026, 2, 6, tzinfo=UTC)
    for clock[0] in range(0, 3700, 100):
        collecting(found, now)
    assert read == [0.0, 1800.0, 3600.0]
    often = replace(found, collect=replace(found.collect, every=timedelta(minutes=5)))
    for clock[0] in range(3700, 4300, 100):
        collecting(often, now)
    assert read[3:] == [3900.0, 4200.0]


def test_the_clock_calls_each_service_again_and_again() -> None:
    calls = {"often": 0, "seldom": 0}
    called = threading.Event()

    def service(name: str) -> Service:
        made = Service(name, lambda service: None, str, Periods())

        def call() -> None:
            calls[name] += 1
            if calls["often"] == 3:
                called.set()

        made.call = call  # type: ignore[method-assign]
        return made

    clock = Service(
        "clock", lambda it: services._clock(it, [(service("often"), 0.05), (service("seldom"), 3600)]), str, Periods()
    )
    clock.start()
    assert called.wait(20)
    clock.stop()
    assert clock.join(20)
    assert calls["seldom"] == 1
    assert clock.status().restarts == 0


def test_sources_are_read_at_the_time_of_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def collect(configuration: Config, now: datetime) -> list[object]:
        calls.append((configuration, now))
        return []

    monkeypatch.setattr(services, "collect", collect)
    act = next(act for name, act, _ in services._periodic(5.0) if name == "collect")
    now = datetime(2026, 2, 6, tzinfo=UTC)
    act(config.current(), now)
    assert calls == [(config.current(), now)]


@pytest.mark.parametrize(
    ("schedule", "send", "names"),
    [
        (True, True, [*ALWAYS, *PERIODIC, "clock", "sender"]),
        (True, False, [*ALWAYS, *PERIODIC, "clock"]),
        (False, True, [*ALWAYS, "letters", "later", "clock", "sender"]),
    ],
)
def test_the_requested_services_are_supervised(shown: None, schedule: bool, send: bool, names: list[str]) -> None:
    supervisor = services.supervise(config.current, schedule=schedule, send=send)
    assert [status.name for status in supervisor.statuses()] == names
    assert supervision.current() is supervisor


def test_a_worker_sends_editions_alone(shown: None) -> None:
    supervisor = services.supervise(config.current, schedule=False, send=True, command="worker")
    assert "letters" not in {status.name for status in supervisor.statuses()}


def test_too_little_memory_for_the_threads_ends_the_command(shown: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256_000_000, 256_000_000))
    with pytest.raises(Failed, match=r"ulimit -v \(in systemd LimitAS\) is 256 MB, but run reserves up to 1.5 GB"):
        services.supervise(config.current, schedule=True, send=True)


def test_the_clock_calls_every_periodic_service_and_the_alerts(shown: None, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, float] = {}

    def clock(service: Service, timed: Sequence[tuple[Service, float]]) -> None:
        seen.update({each.name: seconds for each, seconds in timed})

    monkeypatch.setattr(services, "_clock", clock)
    supervisor = services.supervise(config.current, schedule=True, send=False)
    service = next(each for each in supervisor._services if each.name == "clock")
    service._run(service)
    assert set(seen) == {*ALWAYS, *PERIODIC}
    assert seen["alerts"] < Periods().notice, "a service that fails for so long is told of soon"


@pytest.mark.parametrize(("send", "waits"), [(True, False), (False, True)])
def test_a_program_without_the_schedule_sends_confirmations_or_says_that_they_wait(
    shown: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, send: bool, waits: bool
) -> None:
    monkeypatch.setattr(Supervisor, "run", lambda *_: None)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    monkeypatch.setattr(gc, "set_threshold", lambda _: None)
    supervisor = services.supervise(config.current, schedule=False, send=send, web=True)
    services.run_supervised(supervisor, config.current(), "run", threading.Event())
    assert set(PERIODIC) & {status.name for status in supervisor.statuses()} == (
        {"letters", "later"} if send else set()
    )
    assert ("confirmations and other emails wait until" in caplog.text) is waits


def test_an_idle_clock_is_not_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Periods().stuck > services.CLOCK_BEATS
    monkeypatch.setattr(services, "CLOCK_BEATS", 0.05)
    beats = threading.Semaphore(0)
    clock = Service("clock", lambda it: services._clock(it, []), str, Periods())
    monkeypatch.setattr(clock, "beat", beats.release)
    clock.start()
    assert all(beats.acquire(timeout=20) for _ in range(3))
    clock.stop()
    assert clock.join(20)


def test_a_replaced_database_file_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    acts: list[object] = []

    def replaced() -> None:
        raise database_watch.DatabaseChanged("another file")

    act = services._on_our_database(lambda *_: acts.append(1), config.current)
    act()
    assert acts == [1]
    monkeypatch.setattr(database_watch, "check", replaced)
    with pytest.raises(database_watch.DatabaseChanged):
        act()
    assert acts == [1]


class Connections:
    """Notes what is done about a thread's database connections."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        monkeypatch.setattr(services, "close_old_connections", lambda: self.done.append("old"))
        monkeypatch.setattr(services, "connections", self)

    def close_all(self) -> None:
        self.done.append("all")


@pytest.mark.parametrize("fails", [False, True])
def test_a_periodic_service_leaves_no_connection_open(monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    noted, acted = Connections(monkeypatch), threading.Event()

    def act() -> None:
        noted.done.append("act")
        acted.set()
        if fails:
            raise OSError("no disk")

    service = services._add(Supervisor(), "letters", act)
    service.start()
    assert acted.wait(20)
    service.stop()
    assert service.join(20)
    assert noted.done == ["old", "act", "old", "all"]
