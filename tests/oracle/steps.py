"""The steps of random histories: small values that shrink, each of which does something to a site if it can."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol, TypeVar

from tests.oracle.acts import CADENCES
from tests.oracle.blog import Times
from tests.oracle.site import OracleSite

T = TypeVar("T")
TIMES = (Times(), Times(0, 15, 6, 9), Times(6, 28, 20, 23))
CATEGORIES = ("film", "books", "music")
ZONES = ("UTC", "Europe/Oslo", "America/New_York", "Pacific/Auckland")
TOPICS = {name: frozenset({name}) for name in CATEGORIES}
OTHER_TOPICS = {"film": frozenset({"film", "music"}), "books": frozenset({"books"})}
MEANINGS: tuple[dict[str, frozenset[str]], ...] = ({}, TOPICS, OTHER_TOPICS)


def one(things: Sequence[T], number: int) -> T | None:
    return things[number % len(things)] if things else None


class Step(Protocol):
    """Something that happens to a site; it does nothing where it is impossible."""

    def play(self, site: OracleSite) -> None:
        """Let it happen."""


@dataclass(frozen=True)
class Publish:
    """A post is published, dated some hours ago, or ahead if they are negative; in the second blog if `second`."""

    hours_ago: int = 0
    categories: tuple[str, ...] = ()
    second: bool = False

    def play(self, site: OracleSite) -> None:
        site.publish(site.now - timedelta(hours=self.hours_ago, minutes=1), *self.categories, second=self.second)


@dataclass(frozen=True)
class Relist:
    """A listed post gets another id or address, or is listed twice, which makes no other post of it."""

    post: int
    what: str

    def play(self, site: OracleSite) -> None:
        name = one(list(site.blog.posts), self.post)
        if name is None or name in site.blog.unlisted or site.unreadable:
            return
        site.look()
        if self.what == "twice":
            site.blog.twice ^= {name}
        if self.what in ("id", "both"):
            site.blog.ids[name] += 1
        if self.what in ("address", "both"):
            site.blog.paths[name] += 1
        site.look()


@dataclass(frozen=True)
class Clock:
    """The machine's clock is set ahead, or back."""

    hours: int

    def play(self, site: OracleSite) -> None:
        site.off(timedelta(hours=self.hours))


@dataclass(frozen=True)
class Redate:
    """A post gets another date, as many hours from now; not while a blog that moved is read nowhere, as an edit."""

    post: int
    hours: int

    def play(self, site: OracleSite) -> None:
        name = one(list(site.blog.posts), self.post)
        if name and site.blog.host == site.settings.host:
            site.blog.redate(name, site.now + timedelta(hours=self.hours))


@dataclass(frozen=True)
class Edit:
    """A post's text changes; not while a blog that moved is read nowhere, as nothing would tell which post it is."""

    post: int

    def play(self, site: OracleSite) -> None:
        name = one(list(site.blog.posts), self.post)
        if name and site.blog.host == site.settings.host:
            site.blog.texts[name] += " It was edited since."


@dataclass(frozen=True)
class Delete:
    """A post is deleted, or put back if it was deleted."""

    post: int

    def play(self, site: OracleSite) -> None:
        name = one(list(site.blog.posts), self.post)
        if name in site.blog.deleted:
            site.blog.deleted.remove(name)
        elif name:
            site.delete(name)


@dataclass(frozen=True)
class Feed:
    """The feed fails or recovers, or lists another number of posts."""

    down: bool = False
    listing: int = 1_000

    def play(self, site: OracleSite) -> None:
        site.blog.down, site.blog.listing = self.down, self.listing


@dataclass(frozen=True)
class Move:
    """The blog moves to another address, or the address where it is now is configured, and read."""

    follow: bool

    def play(self, site: OracleSite) -> None:
        site.look()
        if not self.follow and not site.unreadable:
            site.blog.move()
        elif self.follow and site.unreadable and not site.blog.down:
            site.configure(replace(site.settings, host=site.blog.host))
            site.look()


@dataclass(frozen=True)
class Wait:
    """Time passes."""

    hours: int

    def play(self, site: OracleSite) -> None:
        site.wait(timedelta(hours=self.hours))


@dataclass(frozen=True)
class Off:
    """The machine is off for some hours."""

    hours: int

    def play(self, site: OracleSite) -> None:
        site.off(timedelta(hours=self.hours))


@dataclass(frozen=True)
class Join:
    """A new reader subscribes, with a cadence if it is offered."""

    cadence: str = ""
    topics: tuple[str, ...] = ()

    def play(self, site: OracleSite) -> None:
        site.look()
        cadence = self.cadence if self.cadence in site.settings.offered else ""
        site.join(f"r{len(site.readers) + site.erased}", cadence, self.topics)


@dataclass(frozen=True)
class ImportList:
    """A list of another tool is imported, and perhaps undone."""

    undo: bool = False

    def play(self, site: OracleSite) -> None:
        site.look()
        site.import_list(undo=self.undo)


@dataclass(frozen=True)
class Change:
    """A reader leaves or comes back, pauses or resumes, chooses a cadence or topics, moves to another address, or has
    all data erased.
    """

    reader: int
    what: str
    cadence: str = ""
    topics: tuple[str, ...] = ()

    def is_of_active(self, site: OracleSite) -> bool:
        """Return whether the reader is there."""
        name = one(sorted(site.readers), self.reader)
        return name is not None and site.readers[name][0]

    def play(self, site: OracleSite) -> None:
        name = one(sorted(site.readers), self.reader)
        if name is None:
            return
        active, paused = site.readers[name]
        if not active:
            site.join(name, self.cadence if self.cadence in site.settings.offered else "", self.topics)
        elif self.what == "leave":
            site.leave(name)
        elif self.what == "pause":
            (site.resume if paused else site.pause)(name)
        elif self.what == "address":
            site.change_address(name)
        elif self.what == "erase":
            site.erase(name)
        elif self.what == "topics":
            site.choose_topics(name, self.topics)
        elif self.cadence in site.settings.offered:
            site.choose_cadence(name, self.cadence)


@dataclass(frozen=True)
class Offer:
    """The period and the cadences change."""

    period: str
    others: tuple[str, ...] = ()

    def play(self, site: OracleSite) -> None:
        cadences = tuple(dict.fromkeys((self.period, *self.others))) if self.others else ()
        site.look()
        site.configure(replace(site.settings, period=self.period, cadences=cadences))
        site.look()
        for cadence in CADENCES:
            if cadence in site.settings.offered and site.readers.get(f"always-{cadence}", (False, False))[0]:
                site.choose_cadence(f"always-{cadence}", cadence)


@dataclass(frozen=True)
class Set:
    """Another key of the configuration changes."""

    key: str
    number: int

    def play(self, site: OracleSite) -> None:
        today = site.now.date()
        values = {
            "topics": MEANINGS,
            "excluded": (frozenset(), frozenset({"film"}), frozenset({"books"})),
            "minimum_posts": (1, 1, 2),
            "maximum_posts": (60, 1, 2),
            "skip": [tuple(today + timedelta(days=day) for day in range(number)) for number in range(4)],
            "timezone": ZONES,
            "approval": ("none", "editor"),
            "times": TIMES,
            "second": (True, False),
            "language": ("en", "nb"),
            "status": ("active", "paused"),
        }
        site.look()
        site.configure(replace(site.settings, **{self.key: values[self.key][self.number % len(values[self.key])]}))


@dataclass(frozen=True)
class Restore:
    """A backup of before some steps takes the place of the database after them; nobody joins meanwhile."""

    steps: tuple[Step, ...]

    def play(self, site: OracleSite) -> None:
        if site.can_be_restored:
            backup = site.back_up()
            for step in self.steps:
                if not isinstance(step, Change) or step.is_of_active(site):
                    step.play(site)
            site.restore(backup)


@dataclass(frozen=True)
class Kill:
    """The program is killed and started again, where it is a process of its own."""

    def play(self, site: OracleSite) -> None:
        site.kill()
