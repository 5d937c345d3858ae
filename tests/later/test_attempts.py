"""Later work is attempted by one program at a time, again after a failure or a kill, and given up in the end."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from newsletter import config, later
from newsletter.background.tasks import SHARED
from newsletter.config import Config
from newsletter.later import InVain, NotNow, WorkKind
from newsletter.later.kinds import KINDS
from newsletter.messages.general import TEXT
from newsletter.models import LaterWork
from newsletter.recovery import hold

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
PAUSES = (MINUTE, 2 * MINUTE)
NO = TEXT(words="no")
Effect = Callable[[], None]


class Trial:
    """A kind of work whose attempts do what `effects` say, one after another; then nothing."""

    def __init__(self) -> None:
        self.effects: list[Effect | Exception] = []
        self.attempts = 0
        self.kind: WorkKind = later.later("trial", "Trial", pauses=PAUSES, queue="work")(self._do)

    def _do(self, configuration: Config, work: LaterWork, now: object) -> None:
        self.attempts += 1
        effect = self.effects.pop(0) if self.effects else None
        if isinstance(effect, Exception):
            raise effect
        if effect is not None:
            effect()

    def run(self, after: timedelta = timedelta()) -> int:
        """Do what is due some time from now."""
        return later.run_due(config.current(), timezone.now() + after, self.kind)


@pytest.fixture
def trial() -> Iterator[Trial]:
    """A kind of work, and one piece of it."""
    trial = Trial()
    later.add("trial", "a", timezone.now())
    yield trial
    del KINDS["trial"], SHARED["trial"]


def work() -> LaterWork:
    """The only piece of work."""
    return LaterWork.objects.get()


def test_it_is_done_once_and_forgotten(trial: Trial) -> None:
    assert trial.run() == 1
    assert trial.run(10 * MINUTE) == 0
    assert trial.attempts == 1
    assert not LaterWork.objects.exists()


def test_the_same_key_is_stored_once(trial: Trial) -> None:
    later.add("trial", "a", timezone.now(), other="payload")
    assert work().payload == {}


def test_it_is_gone_with_a_transaction_that_is_rolled_back(trial: Trial) -> None:
    with transaction.atomic():
        later.add("trial", "b", timezone.now())
        transaction.set_rollback(True)
    assert work().key == "a"


def test_it_is_tried_again_after_each_pause_and_then_given_up(trial: Trial) -> None:
    trial.effects, after = [NotNow(NO)] * 3, timedelta()
    for number, pause in enumerate(PAUSES, 1):
        trial.run(after)
        assert (work().attempts, work().gave_up_at, work().problem) == (number, None, NO)
        assert trial.run(after + pause - MINUTE / 2) == 0
        assert trial.attempts == number
        after += pause + MINUTE / 2
    trial.run(after)
    assert work().gave_up_at is not None
    assert trial.run(after + 600 * MINUTE) == 0
    assert trial.attempts == 3


def test_what_is_in_vain_is_given_up_at_once_and_can_be_retried(trial: Trial) -> None:
    trial.effects = [InVain(NO)]
    trial.run()
    assert work().gave_up_at is not None
    assert later.retry(LaterWork.objects.all(), timezone.now()) == 1
    assert trial.run() == 1


def test_an_attempt_that_does_not_count_costs_none(trial: Trial) -> None:
    trial.effects = [NotNow(NO, counts=False)] * 5
    for number in range(5):
        trial.run(60 * MINUTE * number)
    assert (work().attempts, work().gave_up_at) == (0, None)


def test_an_error_of_the_program_is_recorded_and_tried_again(trial: Trial) -> None:
    trial.effects = [ValueError("secret")]
    with pytest.raises(ValueError, match="secret"):
        trial.run()
    assert "ValueError" in str(work().problem)
    assert "secret" not in str(work().problem)
    assert trial.run(2 * MINUTE) == 1


@pytest.mark.parametrize("end", [OperationalError("away"), SystemExit("killed")])
def test_work_whose_program_ended_is_done_once_its_lease_has_ended(trial: Trial, end: BaseException) -> None:
    def ends() -> None:
        raise end

    trial.effects = [ends]
    with pytest.raises(type(end)):
        trial.run()
    assert trial.run(trial.kind.lease - MINUTE / 2) == 0
    assert trial.run(trial.kind.lease + MINUTE / 2) == 1
    assert trial.attempts == 2


def test_it_is_not_attempted_twice_at_once(trial: Trial) -> None:
    done: list[int] = []
    trial.effects = [lambda: done.append(trial.run())]
    assert trial.run() == 1
    assert done == [0]


def test_whoever_lost_the_lease_records_nothing(trial: Trial) -> None:
    """Frozen for longer than its lease, a program finds that another one has attempted the work."""

    def attempted_by_another() -> None:
        trial.effects = [NotNow(NO)]
        trial.run(10 * MINUTE)

    trial.effects = [attempted_by_another]
    trial.run()
    assert (work().attempts, work().problem) == (2, NO)


def test_nothing_is_done_in_a_restored_database_before_a_person_confirms(trial: Trial) -> None:
    hold.place(timezone.now(), NO, timezone.now())
    assert trial.run() == 0
    hold.confirm()
    assert trial.run() == 1
