"""Histories for the clauses of the rule about sources: dates, filters, posts that are gone, blogs that move."""

from dataclasses import replace

from tests.oracle.blog import Settings
from tests.oracle.histories import DAILY_OR_WEEKLY, DAY, HOUR, WEEKLY, History
from tests.oracle.site import OracleSite

PAST = replace(WEEKLY, late_days=7)


def both(site: OracleSite) -> None:
    """Read the blog, and let a reader of daily and one of weekly editions join."""
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


def _second_source(site: OracleSite) -> None:
    """A second blog is added after an edition, with posts that are older and newer than it."""
    site.collect()
    site.join("r")
    site.publish()
    site.wait(5 * DAY)
    site.publish(site.now - 3 * DAY, second=True)
    site.publish(second=True)
    site.configure(replace(site.settings, second=True))
    site.look()


def _late_where_it_moved_to(site: OracleSite) -> None:
    """A post that is dated before the newest known one appears only after a blog has moved."""
    both(site)
    site.wait(4 * DAY)
    site.publish()
    site.wait(DAY)
    site.blog.move()
    site.configure(replace(site.settings, host=site.blog.host))
    site.look()
    site.wait(HOUR)
    site.publish(site.now - 4 * DAY)
    site.wait(DAY)


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


def _late_by_name_beside_a_stale_draft(site: OracleSite) -> None:
    """An editor includes a post that was found too late, and then a daily draft is approved that was made before."""
    both(site)
    site.wait(8 * DAY)
    late = site.publish(site.now - 10 * DAY)
    site.publish()
    weekly, daily = site.draft("week"), site.draft("day")
    site.include(weekly, late)
    site.approve(weekly)
    site.wait(HOUR)
    site.approve(daily)
    site.wait(DAY)


def _late_when_reopened(site: OracleSite) -> None:
    """An edition that is approved after its time, and does not leave, is reopened when a late post is found."""
    both(site)
    site.wait(2 * DAY)
    site.publish()
    name = site.draft("week")
    site.wait(3 * DAY)
    site.approve(name)
    site.publish(site.now - 6 * DAY)
    site.publish()
    site.collect()
    site.unlock(name)
    site.refresh(name)
    site.approve(name)
    site.send(name)
    site.wait(DAY)


def _dated_ahead(site: OracleSite) -> None:
    both(site)
    site.publish(site.now + 30 * HOUR)
    site.publish()
    site.wait(3 * DAY)


def _filtered(site: OracleSite) -> None:
    both(site)
    site.configure(replace(site.settings, excluded=frozenset({"film"})))
    site.publish(None, "film")
    site.publish(None, "books")
    site.wait(DAY)
    site.configure(replace(site.settings, excluded=frozenset()))


def _gone(site: OracleSite) -> None:
    both(site)
    first = site.publish()
    site.publish()
    site.collect()
    site.delete(first)
    site.collect()
    site.wait(DAY)


def _gone_for_a_while(site: OracleSite) -> None:
    _gone(site)
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


def _moved_before_a_page(site: OracleSite) -> None:
    """The blog moves and goes on, and an editor adds the page of its newest post before it is read there."""
    both(site)
    site.publish()
    name = site.draft("week")
    site.wait(DAY)
    site.blog.move()
    site.publish()
    site.wait(HOUR)
    site.add_page(name, site.publish())
    site.wait(3 * DAY)
    site.configure(replace(site.settings, host=site.blog.host))
    site.look()


def _moved_without_a_post(site: OracleSite) -> None:
    """One of two posts that wait for their edition is not there where the blog moved to."""
    both(site)
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
    both(site)
    site.publish(None, "film")
    site.wait(HOUR)
    site.publish()
    site.blog.listing = 1
    site.look()
    site.blog.move()
    site.configure(replace(site.settings, host=site.blog.host))
    site.look()
    site.wait(DAY)


def _put_off(site: OracleSite) -> None:
    """A post is put off before a draft is made; another one once an edition has it, which changes nothing."""
    both(site)
    first, second = site.publish(), site.publish()
    site.look()
    site.blog.redate(first, site.now + 40 * HOUR)
    site.wait(DAY)
    site.blog.redate(second, site.now + 20 * DAY)
    site.wait(3 * DAY)


def _pages(site: OracleSite) -> None:
    """An editor adds three pages to a weekly edition that the feed does not list yet, and removes two of them, of which
    one is old.
    """
    both(site)
    site.publish()
    name = site.draft("week")
    for days in (0, 1, 60):
        post = site.publish(site.now - days * DAY)
        site.blog.unlisted.add(post)
        site.add_page(name, post)
        if days:
            site.leave_out(name, post)
    site.approve(name)
    site.send(name)
    site.join("late", "week")
    site.blog.unlisted.clear()
    site.wait(DAY)


def _old_pages(site: OracleSite) -> None:
    """An edition that is cancelled, and a letter to some readers, have an old page each when the feed lists them."""
    both(site)
    site.publish()
    pages = [site.publish(site.now - 60 * DAY) for _ in range(2)]
    site.blog.unlisted.update(pages)
    name = site.draft("week")
    for page in pages:
        site.add_page(name, page)
    site.leave_out(name, pages[1])
    site.approve(name)
    letter = site.letter(pages[1], segment="day")
    site.approve(letter)
    site.send(letter)
    site.blog.unlisted.clear()
    site.collect()
    site.unlock(name, reopen=False)
    site.wait(DAY)


def _page_in_a_letter(site: OracleSite) -> None:
    """An editor removed a page from an edition. A cadence is switched on days later, a letter to its readers has the
    page, somebody joins, and then the feed lists it.
    """
    site.collect()
    site.join("r")
    site.publish()
    name = site.draft("week")
    page = site.publish()
    site.blog.unlisted.add(page)
    site.add_page(name, page)
    site.leave_out(name, page)
    site.approve(name)
    site.send(name)
    site.wait(2 * DAY)
    site.configure(DAILY_OR_WEEKLY)
    site.look()
    letter = site.letter(page, segment="day")
    site.approve(letter)
    site.send(letter)
    site.join("new", "day")
    site.blog.unlisted.clear()
    site.wait(DAY)


def _listed_anew(site: OracleSite) -> None:
    """Posts are listed with another id, another address, both, and twice."""
    both(site)
    for _ in range(4):
        site.publish()
    site.wait(DAY)
    first, second, third, fourth = site.blog.posts
    site.blog.ids.update((first, third))
    site.blog.paths.update((second, third))
    site.blog.twice.add(fourth)
    site.wait(DAY)


def _filtered_to_the_end(site: OracleSite) -> None:
    """A post that is dated ahead is filtered before it could be sent, and no later edition has anything."""
    site.collect()
    site.join("r")
    site.publish(site.now + 20 * HOUR, "film")
    site.look()
    site.configure(replace(site.settings, excluded=frozenset({"film"})))
    site.wait(2 * DAY)


SOURCE_CLAUSES = {
    "what is found too late is out": History(PAST, _too_late),
    "what is older than the newsletter is out": History(WEEKLY, _too_old),
    "a source that is added goes on after the last edition": History(WEEKLY, _second_source),
    "an editor includes what is older than the newsletter": History(
        Settings(period="week", cadences=("week", "day", "post")), _old_by_name
    ),
    "an editor includes what is too late for other drafts": History(
        replace(DAILY_OR_WEEKLY, late_days=7, approval="editor"), _late_by_name_beside_a_stale_draft
    ),
    "what is found too late is out of an edition that is reopened": History(
        replace(DAILY_OR_WEEKLY, late_days=3, approval="editor"), _late_when_reopened
    ),
    "nothing comes before its date": History(DAILY_OR_WEEKLY, _dated_ahead),
    "a filter holds once an edition was approved with it": History(DAILY_OR_WEEKLY, _filtered),
    "what is gone from its source is out": History(DAILY_OR_WEEKLY, _gone),
    "what was gone for a while is in again": History(DAILY_OR_WEEKLY, _gone_for_a_while),
    "what a blog published after it moved is new": History(
        Settings(period="week", cadences=("week", "day", "post")), _moved
    ),
    "what a blog published after it moved is new, also before a page": History(DAILY_OR_WEEKLY, _moved_before_a_page),
    "what appears late where a blog moved to comes": History(DAILY_OR_WEEKLY, _late_where_it_moved_to),
    "what is gone where a blog moved to is out": History(DAILY_OR_WEEKLY, _moved_without_a_post),
    "a filter holds for what is listed only where a blog was before": History(
        replace(DAILY_OR_WEEKLY, excluded=frozenset({"film"})), _moved_and_filtered
    ),
    "a post that is put off comes at its new date": History(DAILY_OR_WEEKLY, _put_off),
    "a page that an editor removed again counts as found when it is listed": History(
        replace(DAILY_OR_WEEKLY, approval="editor"), _pages
    ),
    "an old page that is listed is out for those to whom no edition brings it": History(
        replace(DAILY_OR_WEEKLY, approval="editor"), _old_pages
    ),
    "neither removing a page nor a letter to some readers decides about the post": History(WEEKLY, _page_in_a_letter),
    "what is listed anew is no new post": History(DAILY_OR_WEEKLY, _listed_anew),
    "what a filter keeps out to the end is not due": History(Settings(period="month"), _filtered_to_the_end),
}
