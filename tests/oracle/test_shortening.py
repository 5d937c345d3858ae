"""A history that breaks a promise is shown without what it doesn't need for that."""

from datetime import UTC, datetime

from tests.oracle.blog import Settings
from tests.oracle.generated import Random
from tests.oracle.shortening import shortened
from tests.oracle.steps import Delete, Kill, Publish, Wait

BROKEN = Random(
    datetime(2026, 2, 23, 9, tzinfo=UTC),
    Settings(period="day", cadences=("day", "week"), approval="editor", minimum_posts=2),
    busy=True,
    before=(30, 400, 1),
    steps=(Wait(24), Publish(), Kill(), Wait(60), Delete(2), Kill(), Kill(), Wait(6), Publish(20)),
)


def _breaks(history: Random) -> bool:
    """A post that was there long before is deleted after a day, where there are two cadences."""
    waited = 0
    for step in history.steps:
        waited += step.hours if isinstance(step, Wait) else 0
        if step == Delete(2):
            return waited > 24 and 400 in history.before and len(history.settings.cadences) == 2
    return False


def test_what_a_history_needs_is_left() -> None:
    assert _breaks(BROKEN)
    short = shortened(BROKEN, _breaks)
    assert short.steps == (Wait(60), Delete(2))
    assert (short.before, short.busy) == ((400,), False)
    assert short.settings == Settings(period="day", cadences=("day", "week"))
