"""Histories for the clauses of the rule about restored databases."""

from dataclasses import replace

from tests.oracle.blog import Settings
from tests.oracle.fast import FastSite
from tests.oracle.histories import DAILY_OR_WEEKLY, DAY, HOUR, TOPICS, WEEKLY, History
from tests.oracle.site import OracleSite
from tests.oracle.source_clauses import both


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


RESTORING_CLAUSES = {
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
}
