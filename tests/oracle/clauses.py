"""One short history for each clause of the rule: on a program that breaks the clause, the judge finds it."""

from dataclasses import replace
from datetime import UTC, datetime

from newsletter.models import State
from tests.oracle.blog import Settings
from tests.oracle.editor_clauses import EDITOR_CLAUSES
from tests.oracle.histories import DAILY_OR_WEEKLY, DAY, HOUR, TOPICS, WEEKLY, History
from tests.oracle.restoring_clauses import RESTORING_CLAUSES
from tests.oracle.site import OracleSite
from tests.oracle.source_clauses import SOURCE_CLAUSES, both


def _newcomer(site: OracleSite) -> None:
    site.collect()
    site.join("r")
    site.publish()
    site.wait(5 * DAY)
    site.join("late")
    site.publish()


def _comes_back_twice(site: OracleSite) -> None:
    """Somebody comes back for each post, leaves at once, and comes back for weekly editions."""
    site.publish(site.now - DAY)
    site.collect()
    site.join("r", "week")
    for cadence in ("post", "week"):
        site.leave("r")
        site.join("r", cadence)
    site.wait(7 * DAY)


def _comes_back(site: OracleSite) -> None:
    """Somebody leaves and comes back: what others got meanwhile is over, and so is what was got before."""
    both(site)
    site.join("r", "day")
    site.publish()
    site.wait(DAY)
    site.leave("r")
    site.publish()
    site.wait(DAY)
    site.join("r", "day")
    site.wait(DAY)
    site.leave("r")
    site.join("r", "week")


def _chooses_another_cadence(site: OracleSite) -> None:
    both(site)
    site.publish()
    site.wait(DAY)
    site.choose_cadence("weekly", "day")
    site.choose_cadence("daily", "week")
    site.wait(2 * DAY)


def _few_lack(site: OracleSite) -> None:
    """One of several readers of daily editions lacks a post, because she had weekly ones before."""
    both(site)
    site.join("other", "day")
    site.publish()
    site.wait(DAY)
    site.choose_cadence("weekly", "day")


def _variant_is_missing(site: OracleSite) -> None:
    """A reader lacks a post that others have. Each week, a letter brings the other post of an approved edition."""
    site.collect()
    site.join("weekly", "week")
    site.join("r", "month")
    site.publish()
    site.wait(5 * DAY)
    site.choose_cadence("r", "week")
    for _ in range(3):
        other = site.publish()
        site.approve(site.draft("week"))
        letter = site.letter(other)
        site.approve(letter)
        site.send(letter)
        site.wait(7 * DAY)


def _chooses_every_post(site: OracleSite) -> None:
    site.collect()
    site.join("post", "post")
    site.join("weekly", "week")
    site.wait(HOUR)
    site.publish()
    site.wait(DAY)
    site.choose_cadence("weekly", "post")


def _switched_on(site: OracleSite) -> None:
    """A daily cadence begins with what the weekly one has behind it, and with what is older than a day."""
    site.collect()
    site.join("r")
    site.publish()
    site.wait(5 * DAY)
    site.publish()
    site.wait(2 * DAY)
    site.configure(DAILY_OR_WEEKLY)
    site.look()
    site.join("new", "day")
    site.wait(DAY)


def _switched_on_after_an_edition(site: OracleSite) -> None:
    """A daily cadence begins an hour after the weekly edition, which has a post of that day."""
    site.collect()
    site.join("r")
    site.wait(4 * DAY)
    site.publish()
    site.wait(10 * HOUR)
    site.configure(DAILY_OR_WEEKLY)
    site.look()
    site.join("new", "day")
    site.wait(DAY)


def _switched_on_for_others(site: OracleSite) -> None:
    """What is behind a cadence that is switched on is still due in the one that was there."""
    site.collect()
    site.join("r")
    site.publish()
    site.wait(HOUR)
    site.configure(Settings(period="week", cadences=("week", "post")))
    site.look()
    site.join("single", "post")
    site.wait(HOUR)
    site.publish()
    site.wait(HOUR)


def _off_topic(site: OracleSite) -> None:
    site.collect()
    site.join("r", "", ["film"])
    site.join("all")
    site.publish(None, "film")
    site.publish(None, "books")
    site.wait(5 * DAY)
    site.choose_topics("r", [])


def _too_few(site: OracleSite) -> None:
    site.collect()
    site.join("r", "", ["film"])
    site.join("all")
    site.publish(None, "film")
    site.publish(None, "books")
    site.wait(5 * DAY)
    site.publish(None, "film")


def _paused(site: OracleSite) -> None:
    """One of the paused readers has been offered more than the weekly cadence."""
    both(site)
    site.join("other", "week")
    site.join("r", "day")
    site.publish()
    site.wait(DAY)
    site.choose_cadence("r", "week")
    site.publish()
    site.wait(3 * DAY)
    for name in ("r", "weekly"):
        site.pause(name)
    site.wait(DAY)
    for name in ("r", "weekly"):
        site.resume(name)
    site.publish()


def _stopped(site: OracleSite) -> None:
    site.collect()
    for name in "rst":
        site.join(name)
    site.publish()
    name = site.draft("week")
    site.approve(name)
    site.send(name, chunks=1)
    site.stop(name)
    site.publish()


def _resent(site: OracleSite) -> None:
    _stopped(site)
    for name in site.editions(State.CANCELLED, began=True):
        site.resend(name)


def _refused(site: OracleSite) -> None:
    """The mail server refuses the first email, and is repaired before sending is resumed."""
    site.collect()
    for name in "rst":
        site.join(name)
    site.publish()
    name = site.draft("week")
    site.approve(name)
    site.refuse(name)
    site.publish()


CLAUSES = (
    {
        "newcomers get nothing that was dealt with": History(WEEKLY, _newcomer),
        "who comes back twice has what each cadence had": History(
            Settings(period="week", cadences=("week", "post")), _comes_back_twice
        ),
        "who comes back gets nothing again": History(DAILY_OR_WEEKLY, _comes_back),
        "choosing another cadence changes what nobody has": History(DAILY_OR_WEEKLY, _chooses_another_cadence),
        "what few readers lack comes": History(DAILY_OR_WEEKLY, _few_lack),
        "nobody waits for more than two editions": History(
            Settings(period="week", cadences=("week", "month")),
            _variant_is_missing,
            datetime(2026, 3, 2, 9, tzinfo=UTC),
        ),
        "who chooses every post gets what is due": History(
            Settings(period="week", cadences=("week", "post")), _chooses_every_post
        ),
        "a cadence begins with what others have behind them": History(WEEKLY, _switched_on),
        "a cadence begins with what was in an edition of another": History(WEEKLY, _switched_on_after_an_edition),
        "what a cadence has behind it is due in others": History(WEEKLY, _switched_on_for_others),
        "what is off topic never comes": History(replace(WEEKLY, topics=TOPICS), _off_topic),
        "too few posts wait": History(replace(WEEKLY, topics=TOPICS, minimum_posts=2), _too_few),
        "who is paused misses the edition": History(DAILY_OR_WEEKLY, _paused),
        "cancelling while it is sent is for good": History(WEEKLY, _stopped),
        "those who were not reached can be": History(WEEKLY, _resent),
        "what a server refused comes when sending is resumed": History(WEEKLY, _refused),
    }
    | EDITOR_CLAUSES
    | RESTORING_CLAUSES
    | SOURCE_CLAUSES
)
