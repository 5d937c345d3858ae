"""A webhook is told of an event by the real program, also if that is killed between two attempts."""

import socket
import time
from collections.abc import Callable
from subprocess import Popen
from urllib.parse import urlsplit

import pytest

from tests.conftest import Site
from tests.e2e import running_api
from tests.events.receiver import EventReceiver, receiving

ADD = """
from django.utils import timezone
from newsletter import config
from newsletter.events import webhooks
webhooks.add(config.current(), {url!r}, [], [], by="", now=timezone.now())
"""
PERSON = {"newsletter": "kinaforum", "address": "kari@example.org", "consent": {"text": "by telephone"}}


def told(receiver: EventReceiver, count: int, program: Popen[str] | None = None) -> list[str]:
    """Wait until the receiver was told so often by a program that must not end meanwhile, and return the ids."""
    while len(receiver.got) < count:
        assert program is None or program.poll() is None, program.communicate()[0]
        time.sleep(0.1)
    return [headers["webhook-id"] for headers, _body in receiver.got]


def until_refused(url: str) -> None:
    """Wait until nothing listens at an address, which processes of a killed program may do for a moment longer."""
    address = urlsplit(url)
    while True:
        try:
            socket.create_connection((address.hostname, address.port)).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.05)


@pytest.mark.e2e
def test_an_event_is_told_after_the_program_was_killed(site: Callable[[str], Site]) -> None:
    with receiving(500, 204) as receiver:
        api = running_api.run(site, "[collect]\nallow_private_addresses = true\n")
        api.site.run("manage", "shell", "-v", "0", "-c", ADD.format(url=receiver.url))
        api.ask("POST", "/subscribers", PERSON).raise_for_status()
        first = told(receiver, 1)
        api.site.kill()
        until_refused(api.url)
        program = api.site.start("run", "--allow-local-links")
        assert told(receiver, 2, program) == first * 2
        assert b'"subscriber.joined"' in receiver.got[1][1]
