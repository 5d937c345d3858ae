"""The blog of a history: what its feed lists at a time, and the configuration of the newsletter that reads it."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from tests.oracle.acts import Configured, ListedPost

HOST = "kinaforum.example"
SECOND = f"second.{HOST}"


@dataclass(slots=True)
class Blog:
    """A blog that can be changed at any time; its feed lists the `listing` newest posts, only at its present host.

    It does not list those yet that are `unlisted`. `ids` and `paths` has those that were given another id or address,
    and `twice` those that it lists twice.
    """

    posts: dict[str, ListedPost] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    down: bool = False
    listing: int = 1_000
    host: str = HOST
    moves: int = 0
    first: int = 1
    unlisted: set[str] = field(default_factory=set)
    ids: Counter[str] = field(default_factory=Counter)
    paths: Counter[str] = field(default_factory=Counter)
    twice: set[str] = field(default_factory=set)

    def publish(self, dated: datetime, categories: frozenset[str] = frozenset()) -> str:
        """Add a post, and return its name, which is the last part of its address."""
        name = f"post-{len(self.posts) + self.first}-x"
        self.posts[name] = ListedPost(name, dated, categories)
        self.texts[name] = " ".join(f"Of {name}, sentence {number} says what no other says." for number in range(1, 6))
        return name

    def move(self) -> None:
        """Move to another host, with other ids for the posts; the one before answers no more."""
        self.moves += 1
        self.host = f"{self.moves}.{HOST}"

    def redate(self, name: str, dated: datetime) -> None:
        """Give a post another date."""
        self.posts[name] = replace(self.posts[name], dated=dated)

    def listed(self) -> tuple[ListedPost, ...]:
        """Return what the feed lists, newest first."""
        there = [post for post in self.posts.values() if post.name not in self.deleted | self.unlisted]
        return tuple(sorted(there, key=lambda post: post.dated, reverse=True)[: self.listing])

    def reaches_back_to(self) -> datetime | None:
        """Return the date of the oldest post that the feed lists; None if it lists all."""
        there = self.listed()
        whole = len(there) == len(self.posts) - len(self.deleted | self.unlisted)
        return None if whole or not there else there[-1].dated


@dataclass(frozen=True, slots=True)
class Times:
    """When drafts are made and editions sent, in all cadences: day of the week from 0, day of the month, and hours."""

    weekday: int = 4
    day: int = 1
    draft: int = 15
    send: int = 18

    def keys(self, cadence: str) -> str:
        """Return the keys of a cadence in config.toml; none for the defaults."""
        if self == Times() or cadence == "post":
            return ""
        weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[self.weekday]
        on = {"day": "", "week": f"{weekday} ", "month": f"{self.day} "}[cadence]
        return f'draft = "{on}{self.draft:02}:00"\nsend = "{on}{self.send:02}:00"'


@dataclass(frozen=True, slots=True)
class Settings:
    """The keys of the newsletter that histories change, as they are written in config.toml."""

    period: str = "week"
    cadences: tuple[str, ...] = ()
    approval: str = "none"
    timezone: str = "UTC"
    minimum_posts: int = 1
    maximum_posts: int = 60
    skip: tuple[date, ...] = ()
    late_days: int = 30
    topics: Mapping[str, frozenset[str]] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()
    body: str = "title"
    host: str = HOST
    times: Times = Times()
    second: bool = False
    language: str = "en"
    status: str = "active"

    @property
    def offered(self) -> tuple[str, ...]:
        """The cadences that readers can choose from."""
        return self.cadences or (self.period,)

    def act(self, at: datetime) -> Configured:
        """Return the act of putting them in force."""
        return Configured(
            at,
            self.period,
            self.cadences,
            self.minimum_posts,
            self.late_days,
            self.topics,
            self.excluded,
            self.timezone,
            self.second,
        )

    def text(self, source: str, second: str = "", site: str = "", rest: str = "") -> str:
        """Return a config.toml; `site` has further keys of [site], and `rest` further tables."""
        sources = "".join(
            f"""[[newsletters.kinaforum.sources]]
url = "{url}"
language = "en"
exclude = {{ categories = {_list(self.excluded)} }}
"""
            for url in ((source, second) if self.second else (source,))
        )
        topics = "".join(
            f"[newsletters.kinaforum.topics.{name}]\ncategories = {_list(categories)}\n"
            for name, categories in self.topics.items()
        )
        cadences = "".join(
            f"[newsletters.kinaforum.cadence.{cadence}]\n{self.times.keys(cadence)}\n"
            for cadence in self.offered
            if cadence != self.period and self.times.keys(cadence)
        )
        return f"""[site]
url = "http://localhost:8000"
{site}
[newsletters.kinaforum]
title = "Kinaforum"
language = "{self.language}"
status = "{self.status}"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
editors = ["editor@desk.example"]
timezone = "{self.timezone}"
period = "{self.period}"
cadences = {_list(self.cadences)}
approval = "{self.approval}"
minimum_posts = {self.minimum_posts}
maximum_posts = {self.maximum_posts}
skip = [{", ".join(day.isoformat() for day in self.skip)}]
late_posts = "{self.late_days}d"
body = "{self.body}"
{self.times.keys(self.period)}
{topics}
{cadences}
{sources}
{rest}
"""


def _list(words: Collection[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in sorted(words) if word) + "]" if words else "[]"
