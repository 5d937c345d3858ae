"""What protects an edition on its way, with processes and kills: the reputation guard, and the fallback provider."""

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import Site
from tests.doubles import provider_api
from tests.doubles.provider_api import Api
from tests.e2e.sending_samples import CONFIG, EDITION, PREPARE_BOUNCING, MailServer, kill_all, run

pytestmark = pytest.mark.e2e

Made = Callable[..., Any]
READERS = 600


@pytest.fixture
def api() -> Iterator[Api]:
    with provider_api.running() as found:
        yield found


def test_an_edition_that_starts_to_bounce_pauses_and_goes_on_once_it_is_resumed(site: Made, server: MailServer) -> None:
    found: Site = site(CONFIG.format(port=server.port, delivery='rate = "300/s"'))
    run(found, PREPARE_BOUNCING)
    assert found.run("send", EDITION, "--wait", status=3)
    paused = found.json("status", EDITION)
    assert (paused["state"], paused["reason_code"]) == ("paused", "sending.bouncing")
    # It pauses above 10 %; emails in flight then are still accepted.
    assert 9 < 100 * paused["refused"] / (paused["accepted"] + paused["refused"]) < 15
    assert paused["pending"] > 0
    found.run("resume", EDITION)
    found.run("send", EDITION, "--wait", status=None)
    sent = found.json("status", EDITION)
    assert (sent["state"], sent["accepted"], sent["refused"]) == ("sent", 2170, 330)
    server.wait_for(2170)
    assert set(server.got.values()) == {1}


def test_emails_that_the_server_refused_to_all_are_accepted_once_when_it_is_repaired(
    prepared: Made, server: MailServer
) -> None:
    site = prepared(300, "connections = 2")
    server.kill()
    server.refusal = "552 5.3.0 no"
    server.start()
    site.run("send", EDITION, "--wait", status=3)
    paused = site.json("status", EDITION)
    assert (paused["state"], paused["reason_code"], paused["accepted"]) == ("paused", "sending.too-many-refusals", 0)
    assert 10 <= paused["refused"] == paused["refused_to_send"] < 20
    server.kill()
    server.refusal = ""
    server.start()
    resumed = site.run("resume", EDITION)
    assert f"{paused['refused']} refused emails will be sent again" in resumed.stderr
    site.run("send", EDITION, "--wait")
    sent = site.json("status", EDITION)
    assert (sent["state"], sent["accepted"], sent["refused"], sent["refused_to_send"]) == ("sent", 300, 0, 0)
    server.wait_for(300)
    assert server.got == Counter(f"r{n}@reader.example" for n in range(1, 301))


def with_fallback(prepared: Made, api: Api) -> Site:
    """A site that sends through Postmark, with the mail server as its fallback."""
    settings = api.settings("postmark")
    table = f'postmark = {{ server_token = "{settings["server_token"]}", api_url = "{settings["api_url"]}" }}'
    found: Site = prepared(READERS, f'provider = "postmark"\nfallback = "smtp"\nconnections = 1\n{table}')
    return found


def refuse_after(api: Api, calls: int, then: Callable[[], object] = lambda: None) -> None:
    """Let the key be wrong after so many calls."""

    def called() -> None:
        if api.calls > calls:
            api.faults.append(401)
            then()

    api.called = called


def received(api: Api, server: MailServer) -> Counter[str]:
    return Counter(mail.address for mail in api.taken) + server.got


def test_the_fallback_takes_over_when_the_key_is_refused_and_nobody_gets_it_twice(
    prepared: Made, api: Api, server: MailServer
) -> None:
    site = with_fallback(prepared, api)
    refuse_after(api, 2)
    site.run("send", EDITION, "--wait")
    sent = site.json("status", EDITION)
    assert (sent["state"], sent["accepted"], sent["unknown"]) == ("sent", READERS, 0)
    server.wait_for(READERS - len(api.taken))
    assert len(api.taken) == 200
    assert received(api, server) == Counter(f"r{n}@reader.example" for n in range(1, READERS + 1))


def test_unconfirmed_messages_are_not_sent_through_the_fallback(prepared: Made, api: Api, server: MailServer) -> None:
    site = with_fallback(prepared, api)
    api.faults.append("cut")
    refuse_after(api, 1)
    site.run("send", EDITION, "--wait", status=None)
    sent = site.json("status", EDITION)
    assert (sent["state"], sent["accepted"], sent["unknown"]) == ("sent", READERS - 100, 100)
    server.wait_for(READERS - 100)
    unknown = {each["address"] for each in sent["unknown_deliveries"]}
    assert not unknown & received(api, server).keys()


@pytest.mark.parametrize("seconds", [0.0, 0.2])
def test_a_kill_in_the_switch_loses_nobody_and_doubles_nobody(
    seconds: float, prepared: Made, api: Api, server: MailServer
) -> None:
    site = with_fallback(prepared, api)
    processes: list[subprocess.Popen[str]] = []

    def kill() -> None:
        if processes:
            time.sleep(seconds)
            kill_all(processes.pop())

    refuse_after(api, 2, kill)
    processes.append(site.start("send", EDITION, "--wait"))
    while processes:
        time.sleep(0.02)
    site.run("send", EDITION, "--wait", status=None)
    sent = site.json("status", EDITION)
    assert (sent["state"], sent["pending"]) == ("sent", 0)
    server.wait_for(READERS - len(api.taken) - sent["unknown"])
    got = received(api, server)
    assert set(got.values()) == {1}
    unknown = {each["address"] for each in sent["unknown_deliveries"]}
    assert got.keys() | unknown == {f"r{n}@reader.example" for n in range(1, READERS + 1)}
