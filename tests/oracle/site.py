"""What histories do to a newsletter, whatever form it runs in; what happens is logged for the judge."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from newsletter.models import State
from tests.oracle import acts
from tests.oracle.acts import Act
from tests.oracle.blog import SECOND, Blog, Settings

WHOLE = 100
"""How many chunks are sent at once."""
SPLIT = 1
"""So many emails of an edition are sent before it is interrupted."""


class OracleSite(ABC):
    """A newsletter, its blog and its readers, at a time of their own.

    `readers` says of each whether they are active, and paused. With `editor_at_work`, editors approve and send what
    waits.
    """

    has_segments = False
    """Whether letters can go to a segment."""
    can_be_restored = False
    """Whether a backup can take the place of the database at any time."""

    def __init__(self, start: datetime, settings: Settings) -> None:
        self.now, self.settings = start, settings
        self.blog = Blog()
        self.second = Blog(host=SECOND, first=1_001)
        self.log: list[Act] = []
        self.added: dict[str, set[str]] = {}
        self.out: dict[str, set[str]] = {}
        self.readers: dict[str, tuple[bool, bool]] = {}
        self.left_elsewhere: list[str] = []
        self.imports = 0
        self.erased = 0
        self.editor_at_work = False

    @contextmanager
    @abstractmethod
    def open(self) -> Iterator[None]:
        """Let it run."""

    # The configuration and the blog.

    def configure(self, settings: Settings) -> None:
        """Put another configuration in force."""
        if settings.host != self.settings.host:
            self.log.append(acts.ReadElsewhere(self.now))
        self.settings = settings
        self._put_in_force()
        self.log.append(settings.act(self.now))

    @abstractmethod
    def _put_in_force(self) -> None: ...

    @property
    def unreadable(self) -> bool:
        """Whether the blog can't be read: it is down, or has moved from where it is configured."""
        return self.blog.down or self.blog.host != self.settings.host

    def publish(self, dated: datetime | None = None, *categories: str, second: bool = False) -> str:
        """Publish a post, dated now unless another date is given; in the second blog if `second`."""
        return (self.second if second else self.blog).publish(dated or self.now, frozenset(categories))

    def delete(self, name: str) -> None:
        """Delete a post at its source, a moment after the last reading."""
        self.now += timedelta(seconds=1)
        self.blog.deleted.add(name)
        self.log.append(acts.Deleted(self.now, name))

    @abstractmethod
    def collect(self) -> None:
        """Read the blog."""

    @abstractmethod
    def wait(self, time: timedelta) -> None:
        """Let time pass, and look at the schedule whenever it has something to do."""

    @abstractmethod
    def skip(self, cadence: str, end: datetime) -> None:
        """Let time pass to the next moment of a cadence, or to the end: nothing is due for readers of others."""

    @abstractmethod
    def look(self) -> None:
        """Let the program do what it has to do now."""

    @abstractmethod
    def off(self, time: timedelta) -> None:
        """Let time pass while the machine is off."""

    # Readers.

    def join(self, reader: str, cadence: str = "", topics: Sequence[str] = ()) -> None:
        """A reader subscribes, also again."""
        had = self._subscribe(reader, cadence, topics)
        self.readers[reader] = (True, False)
        self.log.append(acts.Joined(self.now, reader, *had))

    @abstractmethod
    def _subscribe(self, reader: str, cadence: str, topics: Sequence[str]) -> tuple[str, frozenset[str]]:
        """Return the cadence and the topics that the reader has now."""

    def import_list(self, *, undo: bool = False) -> None:
        """A list of another tool is imported: a new reader, one who left there, and as active everybody of older lists,
        also those who left here or there. It may be undone at once.
        """
        self.imports += 1
        new, left = f"i{self.imports}", f"l{self.imports}"
        lines = [(each, "active") for each in (*self.readers, *self.left_elsewhere, new)]
        if not self._import([*lines, (left, "unsubscribed")], undo=undo):
            return
        self.log.append(acts.Joined(self.now, new))
        if undo:
            self.log.append(acts.Left(self.now, new))
        else:
            self.readers[new] = (True, False)
            self.left_elsewhere.append(left)

    def _import(self, lines: Sequence[tuple[str, str]], *, undo: bool) -> bool:
        """Import readers with their states, and perhaps undo it; return whether it was possible."""
        return False

    def leave(self, reader: str) -> None:
        """A reader unsubscribes."""
        self._unsubscribe(reader)
        self.readers[reader] = (False, False)
        self.log.append(acts.Left(self.now, reader))

    @abstractmethod
    def _unsubscribe(self, reader: str) -> None: ...

    def change_address(self, reader: str) -> bool:
        """A reader moves to another address, which changes nothing else; return whether it was possible."""
        return False

    def erase(self, reader: str) -> None:
        """A reader has all data erased, and never comes back, though older lists have the address."""
        if self._forget(reader):
            del self.readers[reader]
            self.erased += 1
            self.left_elsewhere.append(reader)
            self.log.append(acts.Left(self.now, reader))

    def _forget(self, reader: str) -> bool:
        """Erase the data of a reader; return whether it was possible."""
        return False

    def pause(self, reader: str) -> None:
        """A reader pauses the newsletter for long."""
        if self._set_pause(reader, on=True):
            self.readers[reader] = (True, True)
            self.log.append(acts.Paused(self.now, reader))

    def resume(self, reader: str) -> None:
        """A reader ends the pause."""
        if self._set_pause(reader, on=False):
            self.readers[reader] = (True, False)
            self.log.append(acts.Resumed(self.now, reader))

    @abstractmethod
    def _set_pause(self, reader: str, *, on: bool) -> bool:
        """Return whether it was possible."""

    def choose_cadence(self, reader: str, cadence: str) -> None:
        """A reader chooses how often to get the newsletter."""
        self._choose(reader, cadence, None)
        self.log.append(acts.ChoseCadence(self.now, reader, cadence))

    def choose_topics(self, reader: str, topics: Sequence[str]) -> None:
        """A reader picks topics."""
        self._choose(reader, "", topics)
        self.log.append(acts.ChoseTopics(self.now, reader, frozenset(topics)))

    @abstractmethod
    def _choose(self, reader: str, cadence: str, topics: Sequence[str] | None) -> None: ...

    # Editors.

    @abstractmethod
    def draft(self, cadence: str, how: str = "next") -> str:
        """Make or refresh a draft: of the next window, of the calendar's period, or of all until now.

        Return the edition's name; "" if there is none.
        """

    @abstractmethod
    def editions(self, *states: State, began: bool | None = None) -> list[str]:
        """Return the names of the editions in some states."""

    @abstractmethod
    def inside(self, name: str) -> list[str]:
        """Return the posts that an edition shows to editors."""

    @abstractmethod
    def left_out(self, name: str) -> list[str]:
        """Return the posts that an edition lists as out."""

    def leave_out(self, name: str, post: str) -> None:
        """Leave a post out by name."""
        if self._decide(name, post, "out"):
            self.out.setdefault(name, set()).add(post)
            self.added.get(name, set()).discard(post)

    def include(self, name: str, post: str) -> None:
        """Include a post by name."""
        if self._decide(name, post, "in"):
            self.added.setdefault(name, set()).add(post)
            self.out.get(name, set()).discard(post)

    def let_rules_decide(self, name: str, post: str) -> None:
        """Take back what was chosen for a post."""
        if self._decide(name, post, "rules"):
            self.added.get(name, set()).discard(post)
            self.out.get(name, set()).discard(post)

    @abstractmethod
    def _decide(self, name: str, post: str, choice: str) -> bool:
        """Make an editor's choice, "in", "out" or "rules"; return whether it was possible."""

    def add_page(self, name: str, post: str) -> None:
        """Add a post to a draft by the address of its page."""
        if self.knows(post):
            self.include(name, post)
        elif self._add_page(name, post):
            self.log.append(acts.PageAdded(self.now, post))
            self.added.setdefault(name, set()).add(post)

    def _add_page(self, name: str, post: str) -> bool:
        """Add a page that no source has listed; return whether it was possible."""
        return False

    def undo(self, name: str) -> bool:
        """Take back the last change of a draft; return whether it was possible."""
        return False

    def schedule(self, name: str, at: datetime) -> bool:
        """Schedule an approved edition for a time, or for another one; return whether it was possible."""
        return False

    @abstractmethod
    def approve(self, name: str) -> bool:
        """Approve a draft; return whether that was possible."""

    @abstractmethod
    def refresh(self, name: str) -> None:
        """Refresh a draft from its sources."""

    def approve_or_refresh(self, name: str) -> bool:
        """Approve a draft; if it is refused, as one that has a post of another edition, refresh it and approve that."""
        if self.approve(name):
            return True
        self.refresh(name)
        return bool(self.inside(name)) and self.approve(name)

    @abstractmethod
    def send(self, name: str, *, chunks: int = WHOLE) -> None:
        """Send an approved edition now, or fix its audience and send only some chunks."""

    @abstractmethod
    def deliver(self) -> None:
        """Send what is being sent."""

    @abstractmethod
    def unlock(self, name: str, *, reopen: bool = True) -> None:
        """Reopen an approved edition, or cancel it."""

    @abstractmethod
    def stop(self, name: str) -> None:
        """Cancel an edition that is being sent."""

    @abstractmethod
    def refuse(self, name: str) -> None:
        """Send an approved edition whose emails the mail server refuses until it is repaired, and then resume it."""

    @abstractmethod
    def resend(self, name: str) -> None:
        """Send an edition to those who were skipped or refused."""

    @abstractmethod
    def correct(self, name: str) -> None:
        """Correct an edition, for those who got it."""

    @abstractmethod
    def letter(self, *posts: str, segment: str = "") -> str:
        """Make a letter outside the schedule with some posts, for the readers of a cadence if it is given, or for those
        `WITHOUT` them; return its name.
        """

    @abstractmethod
    def knows(self, post: str) -> bool:
        """Return whether a reading has found a post."""

    @abstractmethod
    def kill(self) -> None:
        """Kill the program and start it again, if it is a process of its own."""

    @abstractmethod
    def back_up(self) -> str:
        """Make a backup, and return its name."""

    @abstractmethod
    def restore(self, backup: str) -> None:
        """Replace the database by a backup, complete it from the recovery log, and let sending go on."""

    def see_approval(
        self,
        at: datetime,
        name: str,
        cadence: str,
        kind: acts.Kind,
        refreshed: datetime,
        until: datetime,
        since: datetime | None = None,
        segment: str = "",
    ) -> None:
        """Log that an edition was approved; `since` is given if a person asked for the edition of a time."""
        shown, added, out = map(frozenset, (self.inside(name), self.added.get(name, ()), self.out.get(name, ())))
        reaches = min(until, refreshed)
        self.log.append(acts.Approved(at, name, cadence, kind, refreshed, reaches, shown, added, out, since, segment))
