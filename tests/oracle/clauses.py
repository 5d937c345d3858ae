"""One short history for each clause of the rule: on a program that breaks the clause, the judge finds it."""

from dataclasses import replace
from datetime import UTC, datetime

from newsletter.models import State
from tests.oracle.acts import WITHOUT
from tests.oracle.blog import Settings
from tests.oracle.fast import FastSite
from tests.oracle.histories import DAILY_OR_WEEKLY, DAY, HOUR, WEEKLY, History
from tests.oracle.site import OracleSite
from tests.oracle.source_clauses import SOURCE_CLAUSES, both

TOPICS = {"film": frozenset({"film"}), "books": frozenset({"books"})}


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


def _restored(site: OracleSite) -> None:
    """A backup of before an edition takes the place of the database after it; the edition lists a later post as out."""
    both(site)
    site.publish()
    site.wait(DAY)
    backup = site.back_up()
    site.publish()
    site.look()
    site.publish(site.now + 60 * HOUR)
    site.wait(DAY)
    site.restore(backup)
    site.publish()
    site.wait(DAY)


def _restored_without_log(site: OracleSite) -> None:
    """What was sent after a backup is sent again to nobody who had it, and an editor includes a post that was not sent.

    At the time of the backup, weekly readers lacked what the daily edition had, and one post was in no edition.
    """
    assert isinstance(site, FastSite)
    both(site)
    site.publish()
    site.wait(DAY + HOUR)
    site.publish()
    site.look()
    backup = site.back_up()
    site.wait(3 * DAY)
    site.publish()
    site.wait(4 * DAY)
    unsent = site.publish()
    site.restore(backup, with_log=False)
    site.publish()
    site.wait(DAY)
    name = site.draft("day")
    site.include(name, unsent)
    site.approve(name)
    site.wait(8 * DAY)


def _restored_unread(site: OracleSite) -> None:
    """A backup of before the blog was first read takes the place of the database after editions of both cadences."""
    for days in (1, 2, 3):
        site.publish(site.now - days * DAY)
    site.join("r", "week")
    site.join("every", "post")
    backup = site.back_up()
    site.collect()
    site.wait(HOUR)
    site.publish()
    site.wait(DAY)
    site.restore(backup)
    site.publish()
    site.wait(7 * DAY)


def _restored_unread_after_an_edition(site: OracleSite) -> None:
    """Likewise of a blog that could not be read yet, after an edition of one cadence had what the other never gets."""
    for days in (1, 2, 3):
        site.publish(site.now - days * DAY)
    site.join("r", "week")
    site.join("every", "post")
    site.blog.down = True
    site.collect()
    site.blog.down = False
    backup = site.back_up()
    site.collect()
    site.wait(7 * DAY)
    site.restore(backup)
    site.publish()
    site.wait(7 * DAY)


def _restored_with_a_page(site: OracleSite) -> None:
    """A backup has an edition with a page that an editor added, and without another one that the editor removed again;
    their source lists them later, and they are sent.
    """
    both(site)
    site.publish()
    name = site.draft("week")
    pages = [site.publish(), site.publish(site.now + 30 * HOUR)]
    site.blog.unlisted.update(pages)
    for page in pages:
        site.add_page(name, page)
    site.leave_out(name, pages[1])
    site.approve(name)
    backup = site.back_up()
    site.blog.unlisted.clear()
    site.wait(DAY)
    site.restore(backup)
    site.publish()
    site.wait(DAY)


def _restored_with_pages_for_topics(site: OracleSite) -> None:
    """An edition has two pages that an editor added. The feed lists one before the edition begins, and the other one
    after a backup of before takes the place of the database.
    """
    site.collect()
    site.join("fan", "", ["film"])
    site.join("all")
    name = site.draft("week")
    pages = [site.publish(None, "film") for _ in range(2)]
    site.blog.unlisted.update(pages)
    for page in pages:
        site.add_page(name, page)
    backup = site.back_up()
    site.approve(name)
    site.blog.unlisted.remove(pages[0])
    site.collect()
    site.send(name)
    site.restore(backup)
    site.blog.unlisted.clear()
    site.publish()
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


CLAUSES = {
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
    "newcomers get nothing that was dealt with": History(WEEKLY, _newcomer),
    "who comes back twice has what each cadence had": History(
        Settings(period="week", cadences=("week", "post")), _comes_back_twice
    ),
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
    "what is off topic never comes": History(replace(WEEKLY, topics=TOPICS), _off_topic),
    "too few posts wait": History(replace(WEEKLY, topics=TOPICS, minimum_posts=2), _too_few),
    "who is paused misses the edition": History(DAILY_OR_WEEKLY, _paused),
    "cancelling while it is sent is for good": History(WEEKLY, _stopped),
    "those who were not reached can be": History(WEEKLY, _resent),
    "what a server refused comes when sending is resumed": History(WEEKLY, _refused),
    "a database that is restored without its log repeats nothing": History(DAILY_OR_WEEKLY, _restored_without_log),
    "a restored database repeats what was offered": History(DAILY_OR_WEEKLY, _restored),
    "a restored database knows a page that was listed since": History(DAILY_OR_WEEKLY, _restored_with_a_page),
    "a restored database knows who lacks a page until it is listed": History(
        replace(WEEKLY, topics=TOPICS), _restored_with_pages_for_topics
    ),
    "a restored database remembers when sources were first read": History(
        Settings(period="week", cadences=("week", "post")), _restored_unread
    ),
    "a restored database remembers what cadences have behind them": History(
        Settings(period="week", cadences=("week", "post")), _restored_unread_after_an_edition
    ),
    "a letter's posts are dealt with": History(DAILY_OR_WEEKLY, _letter),
    "a letter for those without its posts repeats none": History(DAILY_OR_WEEKLY, _letter_to_those_without),
} | SOURCE_CLAUSES
