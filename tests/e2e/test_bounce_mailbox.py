"""A bounce mailbox at a real IMAP server, and a program that is killed while it reads: nothing twice, nothing lost."""

import json
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.bounces.reading import bounce_samples
from tests.conftest import Site
from tests.deliverability.dmarc_samples import record, report as dmarc_report
from tests.doubles import dovecot
from tests.e2e.sending_samples import CONFIG

pytestmark = pytest.mark.e2e

BARE = "bounce@example.org"
READERS = 8
START = """
import json, os, signal, sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
found = config.use(config.load(Path("config.toml").absolute()))
start(found)
"""
PREPARE = (
    START
    + """
from newsletter.models import Delivery
from newsletter.sending.return_path import return_path
from subscribers import tokens
from tests.sending import outbox_samples as samples
edition = samples.sending(int(sys.argv[1]))
of = {each.number: each.subscription_id for each in Delivery.objects.all()}
print(json.dumps({
    "paths": {number: return_path(sys.argv[2], edition.pk, number) for number in of},
    "tokens": {number: tokens.link_token(each) for number, each in of.items()},
}))
"""
)
KILLED = (
    START
    + """
from newsletter.bounces import imap, processing
left, real = [int(sys.argv[1])], imap.ImapMailbox.mark
def dying(mailbox, uid, flag):
    left[0] -= 1
    if not left[0] and sys.argv[2] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    real(mailbox, uid, flag)
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
imap.ImapMailbox.mark = dying
processing.read_mailbox(found, __import__("datetime").datetime.now(__import__("datetime").UTC))
"""
)
STATE = (
    START
    + """
from newsletter.models import Bounce, DmarcReport, DmarcResult
from subscribers.models import Subscription, Suppression
print(json.dumps({
    "bounces": sorted(Bounce.objects.values_list("number", "kind")),
    "states": sorted(Subscription.objects.values_list("subscriber__address", "state")),
    "suppressed": sorted(Suppression.objects.values_list("reason", flat=True)),
    "reports": sorted(DmarcReport.objects.values_list("identifier", flat=True)),
    "emails": sorted(DmarcResult.objects.values_list("count", flat=True)),
}))
"""
)


def child(site: Site, script: str, *words: object) -> "subprocess.CompletedProcess[str]":
    """Run a script in the site's folder."""
    return site.script(script, *words, status=None)


def emails(given: dict[str, dict[str, str]]) -> list[bytes]:
    """What waits in the mailbox: bounces, a complaint, an unsubscribe request, DMARC reports, and a riddle."""
    paths, tokens = given["paths"], given["tokens"]
    hard = [bounce_samples.report(to=paths[n], message_id=f"<h{n}@mx.example>") for n in ("1", "2", "3")]
    full = {"status": "5.2.2", "diagnostic": "smtp; 552 5.2.2 Mailbox full"}
    return [
        hard[0],
        dmarc_report(record(count=11), identifier="r-1", message_id="<d1@receiver.example>"),
        bounce_samples.report(to=paths["4"], message_id="<s4@mx.example>", **full),
        hard[1],
        bounce_samples.complaint(return_path=paths["5"]),
        b"From: someone@reader.example\nTo: bounce@example.org\nSubject: A riddle\nMessage-ID: <q@x.example>\n\nHi\n",
        bounce_samples.prose(
            "unsubscribe", to=f"bounce+u-{tokens['6']}@example.org", sender="r6@reader.example", subject="unsubscribe"
        ),
        dmarc_report(record(count=22), identifier="r-2", message_id="<d2@receiver.example>"),
        bounce_samples.report(to=paths["7"], action="delayed", status="4.2.2", message_id="<l7@mx.example>"),
        hard[2],
    ]


KILLS = ((2, "before"), (1, "before"), (1, "after"), (2, "after"), (3, "before"), (1, "before"))
"""When the program is killed: at which email that it marks, and before or after the mark."""


def test_a_program_that_is_killed_while_it_reads_the_mailbox_loses_nothing(site: Callable[..., Site]) -> None:
    found = site(CONFIG.format(port=9, delivery=""))
    prepared = child(found, PREPARE, READERS, BARE)
    assert prepared.returncode == 0, prepared.stderr
    with dovecot.running(emails(json.loads(prepared.stdout.splitlines()[-1]))) as mailbox:
        imap = (
            f'{{ host = "127.0.0.1", port = {mailbox.port}, user = "{dovecot.USER}", password = "{dovecot.PASSWORD}" }}'
        )
        with (found.folder / "config.toml").open("a") as file:
            file.write(f'\n[bounces]\nreturn_path = "{BARE}"\nimap = {imap}\n')
        for kill in KILLS:
            killed = child(found, KILLED, *kill)
            assert killed.returncode == -signal.SIGKILL, killed.stderr
        last = found.json("bounces")
        assert mailbox.flags() == ["S", "S", "S", "S", "S", "F", "S", "S", "S", "S"]
        assert found.json("bounces")["read"] == 0
    assert last["read"] > 0
    state: dict[str, Any] = json.loads(child(found, STATE).stdout.splitlines()[-1])
    assert state["bounces"] == [[1, "hard"], [2, "hard"], [3, "hard"], [4, "soft"], [5, "complaint"]]
    assert state["suppressed"] == ["bounced", "bounced", "bounced", "complained"]
    assert (state["reports"], state["emails"]) == (["r-1", "r-2"], [11, 22])
    left = [address for address, how in state["states"] if how != "active"]
    assert left == ["r5@reader.example", "r6@reader.example"]
