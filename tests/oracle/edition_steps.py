"""The steps of random histories that editors make: drafts, pages, letters, and what becomes of editions."""

from dataclasses import dataclass
from datetime import timedelta

from newsletter.models import State
from tests.oracle.acts import WITHOUT
from tests.oracle.site import SPLIT, OracleSite
from tests.oracle.steps import one


@dataclass(frozen=True)
class Page:
    """A post is published that the feed does not list yet, and an editor adds its page to a draft, and may remove it.

    With `again`, it is a page that was added before. Without a cadence, it is a post that the feed begins to list.
    """

    cadence: str = ""
    number: int = 0
    hours_ago: int = 0
    remove: bool = False
    again: bool = False

    def play(self, site: OracleSite) -> None:
        if not self.cadence:
            site.blog.unlisted.clear()
        elif not site.unreadable:
            site.draft(self.cadence if self.cadence in site.settings.offered else site.settings.period)
            if name := one(site.editions(State.DRAFT), self.number):
                known = one(sorted(site.blog.unlisted), self.number) if self.again else None
                post = known or site.publish(site.now - timedelta(hours=self.hours_ago, minutes=1), "film")
                site.blog.unlisted.add(post)
                site.add_page(name, post)
                if self.remove:
                    site.leave_out(name, post)


@dataclass(frozen=True)
class Draft:
    """An editor makes or refreshes a draft, may leave out a post, include one or take it back, and may approve it."""

    cadence: str
    how: str = "next"
    approve: bool = False
    send: bool = False
    leave_out: int = -1
    include: int = -1
    take_back: int = -1

    def play(self, site: OracleSite) -> None:
        if self.cadence not in site.settings.offered or site.unreadable:
            return
        name = site.draft(self.cadence, self.how)
        if not name or name not in site.editions(State.DRAFT):
            return
        if self.leave_out >= 0 and (post := one(site.inside(name), self.leave_out)):
            site.leave_out(name, post)
        if self.include >= 0 and (post := one(site.left_out(name), self.include)):
            site.include(name, post)
        chosen = sorted(site.added.get(name, set()) | site.out.get(name, set()))
        if self.take_back >= 0 and (post := one(chosen, self.take_back)):
            site.let_rules_decide(name, post)
        if self.approve and site.inside(name) and site.approve(name) and self.send:
            site.send(name)


@dataclass(frozen=True)
class Editor:
    """An editor approves a draft, or sends, cancels, reopens, resends or corrects an edition, or
    sends one that the mail server refuses at first.
    """

    what: str
    number: int

    def play(self, site: OracleSite) -> None:
        if self.what == "approve":
            ready = [name for name in site.editions(State.DRAFT) if site.inside(name)]
            if name := one(ready, self.number):
                site.approve(name)
        elif self.what in ("send", "split", "stop", "refuse"):
            self._send(site)
        elif self.what in ("reopen", "cancel"):
            if name := one(site.editions(State.APPROVED, State.QUEUED, began=False), self.number):
                site.unlock(name, reopen=self.what == "reopen")
        elif self.what == "resend":
            if name := one(site.editions(State.SENT, State.CANCELLED, began=True), self.number):
                site.resend(name)
        elif name := one(site.editions(State.SENT), self.number):
            site.correct(name)

    def _send(self, site: OracleSite) -> None:
        """Send an approved edition, to one reader at first if it is to be interrupted, and perhaps cancel it then."""
        name = one(site.editions(State.APPROVED), self.number)
        if name is None:
            return
        if self.what in ("send", "refuse"):
            (site.send if self.what == "send" else site.refuse)(name)
            return
        site.send(name, chunks=SPLIT)
        if self.what == "stop":
            site.stop(name)


@dataclass(frozen=True)
class Undo:
    """An editor takes back the last change of the first draft that has one."""

    def play(self, site: OracleSite) -> None:
        any(map(site.undo, site.editions(State.DRAFT)))


@dataclass(frozen=True)
class Schedule:
    """An editor schedules an approved edition, or another time for a scheduled one."""

    number: int
    hours: int

    def play(self, site: OracleSite) -> None:
        if name := one(site.editions(State.APPROVED, State.QUEUED, began=False), self.number):
            site.schedule(name, site.now + timedelta(hours=self.hours))


@dataclass(frozen=True)
class Letter:
    """A letter outside the schedule goes to everybody, with a post that an editor adds, if any."""

    post: int
    segment: str = ""

    def play(self, site: OracleSite) -> None:
        to_segment = site.has_segments and self.segment in (*site.settings.offered, WITHOUT)
        if site.unreadable or site.settings.status == "paused" or (self.segment and not to_segment):
            return
        known = [name for name in site.blog.posts if site.knows(name)]
        post = one(known, self.post)
        name = site.letter(*[post] if post else [], segment=self.segment)
        if site.inside(name) and site.approve(name):
            site.send(name)
