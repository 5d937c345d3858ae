"""In a year of a welcome series, with a sending process that is killed again and again, each letter comes once.

The year is simulated: readers confirm, leave and pause on its days, and are added to the audiences by its clock. The
mails are sent meanwhile by a real sender to a real server.
"""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.sending_samples import MailServer, eventually, kill_all, run
from tests.e2e.simulated_year import BEGIN, DAYS, IN_FLIGHT, made, started

pytestmark = pytest.mark.e2e
EACH_DAY, KILL_AFTER = 1, 120
LEAVING = range(0, DAYS - 1, 10)
"""The days on which one of the readers who confirm then leaves on the next."""

PREPARE = (
    BEGIN
    + """
from newsletter.editions.composing import welcome_series
from newsletter.models import Edition, State, WelcomeLetter
from tests.sending import outbox_samples as samples
for number, days in enumerate((0, 3, 30), 1):
    letter = WelcomeLetter.objects.create(
        newsletter="kinaforum", number=number, days=days, created_at=FIRST, since=FIRST - timedelta(days=1)
    )
    samples.queued(
        f"welcome-{number}", state=State.APPROVED, due_at=None, approved_at=FIRST, standalone=True, welcome=letter
    )
"""
)
SENDER = (
    BEGIN
    + """
import threading
from newsletter.sending.sender import run_sender
run_sender(config.current(), threading.Event(), lambda problem: False)
"""
)
YEAR = (
    BEGIN
    + """
import sys, time
from newsletter.models import Edition
from newsletter.sending import progress
from newsletter.sending.sql.database import with_retries
from newsletter.sending.enrolling import enroll_due
from subscribers import preferences
from subscribers.models import Subscription
from tests.sending import outbox_samples as samples
days, each_day = int(sys.argv[1]), int(sys.argv[2])
for day in range(days + 30):
    now = FIRST + timedelta(days=day)
    if day < days:
        subscriptions = with_retries(lambda: samples.subscribe(f"r{day}-{n}@reader.example" for n in range(each_day)))
        new = [subscription.pk for subscription in subscriptions]
        Subscription.objects.filter(pk__in=new).update(welcome_from=now, joined=now)
    with_retries(lambda: enroll_due(config.current(), now))
    if day % 10 == 1 and day < days:  # gone before the second letter
        left = Subscription.objects.get(subscriber__key=f"r{day - 1}-0@reader.example")
        with_retries(lambda: preferences.unsubscribe(left.pk, now))
    while sum(progress.counts(each).pending for each in Edition.objects.all()) > 20:
        time.sleep(0.01)
"""
)
OUTCOME = (
    BEGIN
    + """
import json
from django.db.models import Count
from newsletter.models import Edition, Result, WelcomeMail
from newsletter.sending import progress
kinds = {(r.edition_id, r.number): r.kind for r in Result.objects.all()}
mails = WelcomeMail.objects.select_related("subscription__subscriber")
print(json.dumps({
    "pending": sum(progress.counts(each).pending for each in Edition.objects.all()),
    "mails": [[m.subscription.subscriber.address, m.letter_id, kinds.get((m.edition_id, m.number), "")] for m in mails],
}))
"""
)


@dataclass
class Year:
    """A site with a welcome series of three letters, and a sender that is killed after so many mails."""

    site: Site
    server: MailServer
    kills: int = 0

    def sender(self) -> "subprocess.Popen[str]":
        return started(self.site, SENDER)

    def pass_by(self) -> None:
        """Let the year pass, and kill the sender whenever it has sent some mails; then let the last one finish."""
        sender, clock, killed_at = self.sender(), started(self.site, YEAR, str(DAYS), str(EACH_DAY)), 0
        try:
            while clock.poll() is None:
                if self.server.got.total() - killed_at >= KILL_AFTER:
                    kill_all(sender)
                    self.kills += 1
                    sender, killed_at = self.sender(), self.server.got.total()
                try:
                    clock.wait(0.02)
                except subprocess.TimeoutExpired:
                    continue
            assert clock.returncode == 0, clock.communicate()[0]
            eventually(lambda: not self.outcome()["pending"])
        finally:
            kill_all(sender)
            kill_all(clock) if clock.poll() is None else clock.communicate()

    def outcome(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(run(self.site, OUTCOME))
        return found


@pytest.fixture
def server() -> Iterator[MailServer]:
    server = MailServer(0.001)
    server.start()
    yield server
    server.kill()


def year(folder: Path, server: MailServer, database: str = "") -> Year:
    site = made(folder, server, database)
    run(site, PREPARE)
    return Year(site, server)


def each_letter_came_once(passed: Year) -> None:
    outcome = passed.outcome()
    mails = outcome["mails"]
    assert len({(address, letter) for address, letter, _kind in mails}) == len(mails)
    assert len(mails) == DAYS * EACH_DAY * 3 - 2 * len(LEAVING)
    accepted = Counter(address for address, _letter, kind in mails if kind == "accepted")
    unknown = Counter(address for address, _letter, kind in mails if kind == "unknown")
    skipped = {address for address, _letter, kind in mails if kind == "skipped"}
    assert skipped <= {f"r{day}-0@reader.example" for day in LEAVING}, "who left before the first letter was sent"
    assert accepted.total() + unknown.total() + len(skipped) == len(mails)
    assert unknown.total() <= passed.kills * IN_FLIGHT
    more = {address: got - accepted[address] for address, got in passed.server.got.items() if got != accepted[address]}
    assert all(0 < count <= unknown[address] for address, count in more.items())
    assert passed.kills > 5


def test_each_subscriber_gets_each_letter_once(tmp_path: Path, server: MailServer) -> None:
    passed = year(tmp_path, server)
    passed.pass_by()
    each_letter_came_once(passed)


@pytest.mark.soak
@pytest.mark.postgresql
def test_each_subscriber_gets_each_letter_once_with_postgresql(tmp_path: Path, server: MailServer) -> None:
    with postgresql.running() as database:
        passed = year(tmp_path, server, database)
        passed.pass_by()
        each_letter_came_once(passed)
