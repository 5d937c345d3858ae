"""One short history for each clause of the rule: on a program that breaks the clause, the judge finds it."""

from dataclasses import replace
from datetime import UTC, datetime

from newsletter.models import State
from tests.oracle.blog import Settings
from tests.oracle.histories import DAILY_OR_WEEKLY, DAY, HOUR, WEEKLY, History
from tests.oracle.site import OracleSite

TOPICS = {"film": frozenset({"film"}), "books": frozenset({"books"})}
PAST = replace(WEEKLY, late_days=7)


def _both(site: OracleSite) -> None:
    site.collect()
    site.join("daily", "day")
    site.join("weekly", "week")


def _too_late(site: OracleSite) -> None:
    site.collect()
    site.join("r")
    site.wait(8 * DAY)
    site.publish(site.now - 10 * DAY)
    site.publish()


def _too_old(site: OracleSite) -> None:
    site.publish(site.now - 9 * DAY)
    site.publish(site.now - HOUR)
    site.collect()
    site.join("r")


def _old_by_name(site: OracleSite) -> None:
    """An editor includes a post that is older than the newsletter, in an edition of one cadence."""
    old = site.publish(site.now - 9 * DAY)
    site.collect()
    for cadence in site.settings.offered:
        site.join(cadence, cadence)
    site.wait(DAY)
    site.publish()
    site.wait(HOUR)
    name = site.draft("week")
    site.include(name, old)
    site.approve(name)


def _dated_ahead(site: OracleSite) -> None:
    _both(site)
    site.publish(site.now + 30 * HOUR)
    site.publish()
    site.wait(3 * DAY)


def _filtered(site: OracleSite) -> None:
    _both(site)
    site.configure(replace(site.settings, excluded=frozenset({"film"})))
    site.publish(None, "film")
    site.publish(None, "books")
    site.wait(DAY)
    site.configure(replace(site.settings, excluded=frozenset()))


def _left_out(site: OracleSite) -> None:
    _both(site)
    first = site.publish()
    site.publish()
    name = site.draft("day")
    site.leave_out(name, first)
    site.approve(name)
    site.wait(DAY)


def _left_out_as_others_get_it(site: OracleSite) -> None:
    """A weekly draft without a post is approved at the moment at which the daily edition leaves, which has it."""
    _both(site)
    site.join("monthly", "month")
    site.wait(4 * DAY)
    first = site.publish()
    site.publish()
    site.leave_out(site.draft("week"), first)
    site.wait(DAY)


def _left_out_before_a_stale_draft_is_approved(site: OracleSite) -> None:
    """A weekly draft was made before an editor left a post out of the daily edition, and is approved after it."""
    _both(site)
    first = site.publish()
    site.publish()
    weekly = site.draft("week")
    daily = site.draft("day")
    site.leave_out(daily, first)
    site.approve(daily)
    site.wait(DAY)
    site.approve_or_refresh(weekly)


def _left_out_and_cancelled(site: OracleSite) -> None:
    _both(site)
    first = site.publish()
    site.publish()
    name = site.draft("day")
    site.leave_out(name, first)
    site.approve(name)
    site.unlock(name, reopen=False)
    site.wait(DAY)


def _left_out_and_reopened(site: OracleSite) -> None:
    """An edition without a post is reopened, and given up later."""
    _both(site)
    first = site.publish()
    site.publish()
    name = site.draft("day")
    site.leave_out(name, first)
    site.approve(name)
    site.unlock(name)
    site.unlock(name, reopen=False)
    site.wait(DAY)


def _gone(site: OracleSite) -> None:
    _both(site)
    first = site.publish()
    site.publish()
    site.collect()
    site.delete(first)
    site.collect()
    site.wait(DAY)


def _gone_for_a_while(site: OracleSite) -> None:
    _both(site)
    first = site.publish()
    site.publish()
    site.collect()
    site.delete(first)
    site.collect()
    site.wait(DAY)
    site.blog.deleted.clear()


def _moved(site: OracleSite) -> None:
    """The blog moves, goes on for some days, and is read at its new address only then."""
    site.collect()
    for cadence in site.settings.offered:
        site.join(cadence, cadence)
    site.publish()
    site.wait(7 * DAY)
    site.blog.move()
    for _ in range(3):
        site.publish()
        site.wait(DAY)
    site.configure(replace(site.settings, host=site.blog.host))
    site.look()


def _moved_without_a_post(site: OracleSite) -> None:
    """One of two posts that wait for their edition is not there where the blog moved to."""
    _both(site)
    first = site.publish()
    site.publish()
    site.look()
    site.blog.move()
    site.delete(first)
    site.configure(replace(site.settings, host=site.blog.host))
    site.look()
    site.wait(DAY)


def _moved_and_filtered(site: OracleSite) -> None:
    """A post that a filter keeps out is listed only where the blog was before."""
    _both(site)
    site.publish(None, "film")
    site.wait(HOUR)
    site.publish()
    site.blog.listing = 1
    site.look()
    site.blog.move()
    site.configure(replace(site.settings, host=site.blog.host))
    site.look()
    site.wait(DAY)


def _newcomer(site: OracleSite) -> None:
    site.collect()
    site.join("r")
    site.publish()
    site.wait(5 * DAY)
    site.join("late")
    site.publish()


def _comes_back(site: OracleSite) -> None:
    """Somebody leaves and comes back: what others got meanwhile is over, and so is what was got before."""
    _both(site)
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
    _both(site)
    site.publish()
    site.wait(DAY)
    site.choose_cadence("weekly", "day")
    site.choose_cadence("daily", "week")
    site.wait(2 * DAY)


def _few_lack(site: OracleSite) -> None:
    """One of several readers of daily editions lacks a post, because she had weekly ones before."""
    _both(site)
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


def _put_off(site: OracleSite) -> None:
    """A post is put off before a draft is made; another one once an edition has it, which changes nothing."""
    _both(site)
    first, second = site.publish(), site.publish()
    site.look()
    site.blog.redate(first, site.now + 40 * HOUR)
    site.wait(DAY)
    site.blog.redate(second, site.now + 20 * DAY)
    site.wait(3 * DAY)


def _filtered_to_the_end(site: OracleSite) -> None:
    """A post that is dated ahead is filtered before it could be sent, and no later edition has anything."""
    site.collect()
    site.join("r")
    site.publish(site.now + 20 * HOUR, "film")
    site.look()
    site.configure(replace(site.settings, excluded=frozenset({"film"})))
    site.wait(2 * DAY)


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
    _both(site)
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


def _restored(site: OracleSite) -> None:
    """A backup of before an edition takes the place of the database after it."""
    _both(site)
    site.publish()
    site.wait(DAY)
    backup = site.back_up()
    site.publish()
    site.wait(DAY)
    site.restore(backup)
    site.publish()
    site.wait(DAY)


def _letter(site: OracleSite) -> None:
    _both(site)
    first = site.publish()
    site.publish()
    site.collect()
    name = site.letter(first)
    site.approve(name)
    site.send(name)
    site.join("late", "week")
    site.wait(DAY)


CLAUSES = {
    "what is found too late is out": History(PAST, _too_late),
    "what is older than the newsletter is out": History(WEEKLY, _too_old),
    "an editor includes what is older than the newsletter": History(
        Settings(period="week", cadences=("week", "day", "post")), _old_by_name
    ),
    "nothing comes before its date": History(DAILY_OR_WEEKLY, _dated_ahead),
    "a filter holds once an edition was approved with it": History(DAILY_OR_WEEKLY, _filtered),
    "what an editor left out is out in every cadence": History(DAILY_OR_WEEKLY, _left_out),
    "what an editor left out is out, though others get it at that moment": History(
        Settings(period="day", cadences=("day", "week", "month")), _left_out_as_others_get_it
    ),
    "what an editor left out is out of a draft that was made before": History(
        replace(DAILY_OR_WEEKLY, approval="editor"), _left_out_before_a_stale_draft_is_approved
    ),
    "cancelling before sending undoes what was left out": History(DAILY_OR_WEEKLY, _left_out_and_cancelled),
    "reopening undoes what was left out": History(DAILY_OR_WEEKLY, _left_out_and_reopened),
    "what is gone from its source is out": History(DAILY_OR_WEEKLY, _gone),
    "what was gone for a while is in again": History(DAILY_OR_WEEKLY, _gone_for_a_while),
    "what a blog published after it moved is new": History(
        Settings(period="week", cadences=("week", "day", "post")), _moved
    ),
    "what is gone where a blog moved to is out": History(DAILY_OR_WEEKLY, _moved_without_a_post),
    "a filter holds for what is listed only where a blog was before": History(
        replace(DAILY_OR_WEEKLY, excluded=frozenset({"film"})), _moved_and_filtered
    ),
    "newcomers get nothing that was dealt with": History(WEEKLY, _newcomer),
    "who comes back gets nothing again": History(DAILY_OR_WEEKLY, _comes_back),
    "choosing another cadence changes what nobody has": History(DAILY_OR_WEEKLY, _chooses_another_cadence),
    "what few readers lack comes": History(DAILY_OR_WEEKLY, _few_lack),
    "nobody waits for more than two editions": History(
        Settings(period="week", cadences=("week", "month")), _variant_is_missing, datetime(2026, 3, 2, 9, tzinfo=UTC)
    ),
    "who chooses every post gets what is due": History(
        Settings(period="week", cadences=("week", "post")), _chooses_every_post
    ),
    "a cadence begins with what others have behind them": History(WEEKLY, _switched_on),
    "a cadence begins with what was in an edition of another": History(WEEKLY, _switched_on_after_an_edition),
    "what a cadence has behind it is due in others": History(WEEKLY, _switched_on_for_others),
    "a post that is put off comes at its new date": History(DAILY_OR_WEEKLY, _put_off),
    "what a filter keeps out to the end is not due": History(Settings(period="month"), _filtered_to_the_end),
    "what is off topic never comes": History(replace(WEEKLY, topics=TOPICS), _off_topic),
    "too few posts wait": History(replace(WEEKLY, topics=TOPICS, minimum_posts=2), _too_few),
    "who is paused misses the edition": History(DAILY_OR_WEEKLY, _paused),
    "cancelling while it is sent is for good": History(WEEKLY, _stopped),
    "those who were not reached can be": History(WEEKLY, _resent),
    "a restored database repeats what was offered": History(DAILY_OR_WEEKLY, _restored),
    "a letter's posts are dealt with": History(DAILY_OR_WEEKLY, _letter),
}
