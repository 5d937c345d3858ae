"""What tests of the schedule share: calling the scheduler at a given time, and reading the results."""

from datetime import datetime, timedelta

from newsletter import config
from newsletter.models import Edition, Notice, Occurrence
from newsletter.scheduling.schedule import tick
from tests.factories import NAME

MINUTE = timedelta(minutes=1)


def outcome(act: str, due: datetime) -> str:
    """Return the outcome of an occurrence, which must be done."""
    found = Occurrence.objects.get(newsletter=NAME, act=act, due_at=due)
    assert found.done_at is not None
    return str(found.outcome)


def tick_at(now: datetime) -> None:
    """Do what is due at this time."""
    tick(config.current(), now)


def only_edition() -> Edition:
    """Return the edition; there must be no other."""
    return Edition.objects.get()


def waiting_notices() -> list[str]:
    """Return the texts of the notices about editions that wait."""
    return [str(text) for text in Notice.objects.filter(kind="waiting").values_list("text", flat=True)]
