"""A second `newsletter run` of a folder leaves the jobs of the first alone until that has ended."""

import threading
from pathlib import Path

import pytest

from newsletter import config
from newsletter.supervision import Periods, Service
from newsletter.web import server
from newsletter.web.only_run import RunLock


def test_one_program_has_the_lock_until_it_ends(tmp_path: Path) -> None:
    first, second = RunLock(tmp_path), RunLock(tmp_path)
    assert [first.acquire(), first.acquire(), second.acquire()] == [True, True, False]
    first.release()
    assert second.acquire()
    second.release()


def test_jobs_are_taken_up_once_the_other_program_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, taken_up, waited = RunLock(tmp_path), RunLock(tmp_path), threading.Event(), []
    service = Service("jobs", lambda service: None, str, Periods())

    def take_up(configuration: config.Config) -> None:
        taken_up.set()
        service.stopping.set()

    monkeypatch.setattr(server, "_take_up", take_up)

    def end_first(seconds: float | None = None) -> bool:
        waited.append(taken_up.is_set())
        first.release()
        return service.stopping.is_set()

    monkeypatch.setattr(service.stopping, "wait", end_first)
    assert first.acquire()
    server.take_up_later(service, config.current(), second)
    assert (waited[0], taken_up.is_set()) == (False, True)
    second.release()


def test_the_web_server_takes_up_nothing_beside_another_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, calls = RunLock(tmp_path), RunLock(tmp_path), []
    monkeypatch.setattr(server, "_take_up", lambda configuration: calls.append("taken up"))
    monkeypatch.setattr(server, "_serve", lambda *arguments: calls.append("served"))
    service = Service("web", lambda service: None, str, Periods())
    assert first.acquire()
    server.run(service, None, config.current(), second)
    first.release()
    server.run(service, None, config.current(), second)
    assert calls == ["served", "taken up", "served"]
    second.release()
