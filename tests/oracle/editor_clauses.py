"""Histories for the clauses of the rule about what editors do: leave out, add by name, and write letters."""

from dataclasses import replace

from tests.oracle.acts import WITHOUT
from tests.oracle.blog import Settings
from tests.oracle.histories import DAILY_OR_WEEKLY, DAY, HOUR, WEEKLY, History
from tests.oracle.site import OracleSite
from tests.oracle.source_clauses import both


def _left_out(site: OracleSite) -> None:
    both(site)
    first = site.publish()
    site.publish()
    name = site.draft("day")
    site.leave_out(name, first)
    site.approve(name)
    site.wait(DAY)


def _left_out_as_others_get_it(site: OracleSite) -> None:
    """A weekly draft without a post is approved at the moment at which the daily edition leaves, which has it."""
    both(site)
    site.join("monthly", "month")
    site.wait(4 * DAY)
    first = site.publish()
    site.publish()
    site.leave_out(site.draft("week"), first)
    site.wait(DAY)


def _left_out_before_a_stale_draft_is_approved(site: OracleSite) -> None:
    """A weekly draft was made before an editor left a post out of the daily edition, and is approved after it."""
    both(site)
    first = site.publish()
    site.publish()
    weekly = site.draft("week")
    daily = site.draft("day")
    site.leave_out(daily, first)
    site.approve(daily)
    site.wait(DAY)
    site.approve_or_refresh(weekly)


def _left_out_and_cancelled(site: OracleSite) -> None:
    both(site)
    first = site.publish()
    site.publish()
    name = site.draft("day")
    site.leave_out(name, first)
    site.approve(name)
    site.unlock(name, reopen=False)
    site.wait(DAY)


def _left_out_and_reopened(site: OracleSite) -> None:
    """An edition without a post is reopened, and given up later."""
    both(site)
    first = site.publish()
    site.publish()
    name = site.draft("day")
    site.leave_out(name, first)
    site.approve(name)
    site.unlock(name)
    site.unlock(name, reopen=False)
    site.wait(DAY)


def _letter(site: OracleSite) -> None:
    both(site)
    first = site.publish()
    site.publish()
    site.collect()
    name = site.letter(first)
    site.approve(name)
    site.send(name)
    site.join("late", "week")
    site.wait(DAY)


def _letter_to_those_without(site: OracleSite) -> None:
    """The daily readers had the first post, and the weekly ones none; one had been paused, and one comes later."""
    both(site)
    site.join("away", "week")
    site.pause("away")
    first = site.publish()
    site.wait(DAY + HOUR)
    second = site.publish()
    site.collect()
    for posts in ([first], [first, second]):
        name = site.letter(*posts, segment=WITHOUT)
        site.approve(name)
        site.send(name)
    site.resume("away")
    site.join("late", "week")
    site.wait(8 * DAY)


def _behind_by_name(site: OracleSite) -> None:
    """Two readers of daily editions never had a post that the weekly one has. A reader of weekly ones who had it
    chooses daily ones. Then an editor adds it to a daily draft by its address.
    """
    post = site.publish(site.now - 3 * DAY)
    both(site)
    site.join("other", "day")
    site.wait(5 * DAY)
    site.choose_cadence("weekly", "day")
    site.publish()
    name = site.draft("day")
    site.add_page(name, post)
    site.approve(name)
    site.wait(DAY)
    site.join("late", "day")
    site.publish()
    site.wait(DAY)


def _behind_by_name_first(site: OracleSite) -> None:
    """An editor adds a post of before the daily cadence to a daily draft by its address; the weekly edition has it
    later, for its own readers and for one who chose daily editions after that.
    """
    post = site.publish(site.now - 3 * DAY)
    both(site)
    site.publish()
    name = site.draft("day")
    site.add_page(name, post)
    site.approve(name)
    site.wait(5 * DAY)
    site.choose_cadence("weekly", "day")
    site.publish()
    site.wait(DAY)


def _behind_by_name_when_switched_on(site: OracleSite) -> None:
    """A daily cadence is switched on, and an editor includes a post of before it that is due in the weekly one."""
    site.collect()
    site.join("r")
    post = site.publish()
    site.wait(2 * DAY)
    site.configure(DAILY_OR_WEEKLY)
    site.look()
    site.join("new", "day")
    site.publish()
    site.wait(HOUR)
    name = site.draft("day")
    site.include(name, post)
    site.approve(name)
    site.wait(DAY)


EDITOR_CLAUSES = {
    "what a cadence has behind it comes if an editor adds it": History(DAILY_OR_WEEKLY, _behind_by_name),
    "what an editor added to one cadence comes in the other": History(DAILY_OR_WEEKLY, _behind_by_name_first),
    "what was before a cadence that is switched on comes if an editor adds it": History(
        WEEKLY, _behind_by_name_when_switched_on
    ),
    "what an editor left out is out in every cadence": History(DAILY_OR_WEEKLY, _left_out),
    "what an editor left out is out, though others get it at that moment": History(
        Settings(period="day", cadences=("day", "week", "month")), _left_out_as_others_get_it
    ),
    "what an editor left out is out of a draft that was made before": History(
        replace(DAILY_OR_WEEKLY, approval="editor"), _left_out_before_a_stale_draft_is_approved
    ),
    "cancelling before sending undoes what was left out": History(DAILY_OR_WEEKLY, _left_out_and_cancelled),
    "reopening undoes what was left out": History(DAILY_OR_WEEKLY, _left_out_and_reopened),
    "a letter's posts are dealt with": History(DAILY_OR_WEEKLY, _letter),
    "a letter for those without its posts repeats none": History(DAILY_OR_WEEKLY, _letter_to_those_without),
}
