"""Readers of every kind at a server of every kind, through `newsletter send --wait`: each ends as it should."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Site
from tests.delivery.test_session import DAY, LOGIN_FEATURES, NOW, certificate, tls_server
from tests.doubles.moody import KINDS, running
from tests.doubles.smtpd import FEATURES, Smtpd
from tests.e2e.sending_samples import CONFIG, EDITION

pytestmark = pytest.mark.e2e

PREPARE = """
import sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from tests.sending import outbox_samples as samples
samples.subscribe(sys.stdin.read().split())
samples.queued()
"""
ENDS = {"unknown": "refused", "spam": "refused", "full": "deferred", "drop": "unknown", "cut": "unknown"}
"""The outcome of each kind that is not accepted; unknown after `cut`, since the final dot was sent with the body."""

Made = Callable[..., Any]


@pytest.fixture
def prepared(site: Made) -> Made:
    """A site with an edition that is queued to these addresses."""

    def make(server: Smtpd, addresses: list[str], smtp: str = 'security = "none"') -> Site:
        text = CONFIG.format(port=server.port, delivery="connections = 8").replace('security = "none"', smtp)
        found: Site = site(text)
        found.script(PREPARE, lines="\n".join(addresses))
        return found

    return make


def some(**counts: int) -> list[str]:
    """So many addresses of each kind, each kind at a domain of its own, well mixed."""
    made = [
        (number / count, f"{kind}-{number}@{kind}.example") for kind, count in counts.items() for number in range(count)
    ]
    return [address for _, address in sorted(made)]


def twice(server: Smtpd) -> list[str]:
    return [address for address, count in Counter(server.recipients).items() if count > 1]


def test_each_kind_of_subscriber_ends_as_it_should(prepared: Made) -> None:
    # An edition with more unknown deliveries than these would be paused.
    few = {"spam": 5, "drop": 2, "cut": 1}
    readers = some(ok=100, **few, **{kind: 20 for kind in KINDS if kind not in few})
    with running() as server:
        site = prepared(server, readers)
        for _ in range(10):
            site.run("send", EDITION, "--wait", status=3)
            counted = site.json("status", EDITION)
            if (counted["pending"], counted["deferred"]) == (0, 20):
                break
    want = Counter(ENDS.get(address.partition("-")[0], "accepted") for address in readers)
    assert {state: counted[state] for state in want} == want
    assert twice(server) == []
    accepted = {address for address in readers if address.partition("-")[0] not in ENDS}
    assert set(server.recipients) == accepted | {address for address in readers if address.startswith("drop-")}
    unknown = {one["address"] for one in counted["unknown_deliveries"]}
    assert unknown == {address for address in readers if address.startswith(("drop-", "cut-"))}


def test_a_fifth_of_refusals_held_against_us_pauses_the_edition_and_costs_nobody(prepared: Made) -> None:
    with running() as server:
        site = prepared(server, some(ok=400, spam=100))
        said = site.run("send", EDITION, "--wait", status=3).stderr
        counted = site.json("status", EDITION)
        shown = site.json("subscribers", "show", "spam-0@spam.example")
    assert "refused our emails" in said
    assert "looks like spam" in said
    assert counted["state"] == "paused"
    assert counted["pending"] > 300
    assert counted["accepted"] == len(server.taken)
    assert [one["state"] for one in shown["subscriptions"]] == ["active"]


@pytest.mark.parametrize(
    "manners",
    [
        {"features": tuple(word for word in FEATURES if word != "PIPELINING")},
        {"latency": 0.01},
        {"per_connection": 7},
        {"at_once": 3},
        {"domain_rate": 5},
        {"features": LOGIN_FEATURES, "login": "user:secret", "private": True},
    ],
    ids=lambda manners: ", ".join(manners),
)
def test_each_subscriber_gets_one_message_whatever_the_server_does(manners: dict[str, Any], prepared: Made) -> None:
    readers = some(ok=12) if "domain_rate" in manners else some(ok=60, bye=10, early=10, multi=10)
    login = 'security = "none", user = "user", password = "secret"' if manners.get("private") else 'security = "none"'
    with running(**manners) as server:
        site = prepared(server, readers, login)
        for _ in range(10):
            site.run("send", EDITION, "--wait")
            counted = site.json("status", EDITION)
            if not counted["deferred"]:
                break
    assert (counted["state"], counted["accepted"]) == ("sent", len(readers))
    assert sorted(server.recipients) == sorted(readers)


def test_a_server_that_wants_a_login_nobody_configured_pauses_the_edition(prepared: Made) -> None:
    with running(private=True) as server:
        site = prepared(server, some(ok=20))
        said = site.run("send", EDITION, "--wait", status=3).stderr
        counted = site.json("status", EDITION)
    assert "refused the login" in said
    assert counted["pending"] + counted["deferred"] == 20
    assert server.taken == []


@pytest.mark.parametrize(
    ("host", "until", "words"),
    [("127.0.0.1", DAY, ""), ("127.0.0.1", -DAY, "expired"), ("other.example", DAY, "mismatch")],
    ids=["good", "expired", "wrong name"],
)
def test_only_a_certificate_that_holds_carries_an_edition(
    host: str, until: timedelta, words: str, tmp_path: Path, prepared: Made
) -> None:
    path = certificate(tmp_path, name=host, until=NOW + until)
    smtp = f'security = "starttls", ca = "{path}", user = "user", password = "secret"'
    with running(features=LOGIN_FEATURES, login="user:secret", private=True, tls=tls_server(path).tls) as server:
        site = prepared(server, some(ok=20), smtp)
        said = site.run("send", EDITION, "--wait", status=3 if words else 0).stderr
        counted = site.json("status", EDITION)
    assert words in said
    assert counted["state"] == ("paused" if words else "sent")
    assert len(server.taken) == counted["accepted"] == (0 if words else 20)
    assert counted["pending"] == 20 - counted["accepted"]
