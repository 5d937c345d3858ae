"""A year of asking silent readers, with a program that is killed again and again: each is asked once.

The year is simulated: the program goes from day to day by its own clock, which a restart continues. The mails are real.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.sending_samples import MailServer, kill_all, run
from tests.e2e.simulated_year import BEGIN, DAYS, IN_FLIGHT, made, started

pytestmark = pytest.mark.e2e
READERS, KILL_AFTER = 120, 15

MODELS = "from subscribers.models import Subscription, TransactionalEmail\n"
PREPARE = (
    BEGIN
    + MODELS
    + """
import sys
from tests.sending import outbox_samples as samples
samples.subscribers(int(sys.argv[1]))
Subscription.objects.update(created=FIRST - timedelta(days=900), joined=FIRST - timedelta(days=900))
"""
)
YEAR = (
    BEGIN
    + MODELS
    + """
import sys
from newsletter.transactional import subscriber_mail
from subscribers.asking import ask_due, heard
clock = Path("clock")
for day in range(int(clock.read_text()) if clock.exists() else 0, int(sys.argv[1])):
    clock.with_suffix(".new").write_text(str(day))
    clock.with_suffix(".new").rename(clock)
    now = FIRST + timedelta(days=day)
    ask_due(config.current(), now)
    subscriber_mail.send_due(config.current(), now)
    answer = Subscription.objects.filter(asked_at__lt=now - timedelta(days=2), heard_at=None).first()
    if answer and day % 4 == 0:
        heard([answer.pk], now)
"""
)
OUTCOME = (
    BEGIN
    + MODELS
    + """
import json
from subscribers import asking
kinaforum, end = config.current().newsletters["kinaforum"], FIRST + timedelta(days=364)
print(json.dumps({
    "asked": Subscription.objects.exclude(asked_at=None).count(),
    "emails": TransactionalEmail.objects.count(),
    "waiting": TransactionalEmail.objects.filter(sent_at=None).count(),
    "unknown": list(TransactionalEmail.objects.exclude(problem="").values_list("subscriber__address", flat=True)),
    "unanswered": asking.unanswered(kinaforum, end).count(),
    "answered": Subscription.objects.exclude(heard_at=None).count(),
    "active": Subscription.objects.filter(state="active").count(),
}))
"""
)


@pytest.fixture
def server() -> Iterator[MailServer]:
    server = MailServer(0.01)
    server.start()
    yield server
    server.kill()


def pass_a_year(site: Site, server: MailServer) -> int:
    """Let the year pass, and kill the program after each few mails; return how often it was killed."""
    kills = killed_at = 0
    while True:
        program = started(site, YEAR, str(DAYS))
        while program.poll() is None and server.got.total() - killed_at < KILL_AFTER:
            try:
                program.wait(0.01)
            except subprocess.TimeoutExpired:
                continue
        if program.returncode is not None:
            said = program.communicate()[0]
            assert program.returncode == 0, said
            return kills
        kill_all(program)
        kills, killed_at = kills + 1, server.got.total()


def each_is_asked_once(folder: Path, server: MailServer, database: str = "") -> None:
    site = made(folder, server, database, 'ask_again = "2 years"')
    run(site, PREPARE, str(READERS))
    kills = pass_a_year(site, server)
    found = json.loads(run(site, OUTCOME))
    assert (found["asked"], found["emails"], found["waiting"]) == (READERS, READERS, 0)
    assert set(server.got.values()) == {1}
    assert len(found["unknown"]) <= kills * IN_FLIGHT
    assert {f"r{number}@reader.example" for number in range(1, READERS + 1)} - set(server.got) <= set(found["unknown"])
    assert (found["active"], found["unanswered"]) == (READERS, READERS - found["answered"])
    assert kills > 5


def test_each_silent_subscriber_is_asked_once(tmp_path: Path, server: MailServer) -> None:
    each_is_asked_once(tmp_path, server)


@pytest.mark.soak
@pytest.mark.postgresql
def test_each_silent_subscriber_is_asked_once_with_postgresql(tmp_path: Path, server: MailServer) -> None:
    with postgresql.running() as database:
        each_is_asked_once(tmp_path, server, database)
