"""Blogs that never touch a socket: what `newsletter.feeds.sources.read` would give of them, for thousands of cases a
minute.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from newsletter import config
from newsletter.domain.found_post import FoundPost
from newsletter.feeds import Memory, SourceReading
from newsletter.feeds.model import EVERYTHING
from newsletter.messages.general import TEXT


@dataclass
class Article:
    """What a blog published. `name` tells it from every other, wherever and however it is listed."""

    name: str
    published: datetime
    appeared: datetime
    edits: int = 0
    listed: bool = True

    @property
    def text(self) -> str:
        """Its text as it stands now, unlike that of any other article."""
        return f"<p>The text of {self.name}, long enough to be told from others, after {self.edits} edits.</p>"


@dataclass
class Blog:
    """Articles behind an address; `engine` makes their ids, `address` their links; `page` is how many a feed shows."""

    address: str
    engine: str = "blogger"
    page: int = 1000
    up: bool = True
    articles: list[Article] = field(default_factory=list)

    def found(self, article: Article) -> FoundPost:
        """An article as this blog's feed gives it."""
        return FoundPost(
            uid=f"{self.engine}:{article.name}",
            url=f"{self.address}/{article.name}.html",
            title=f"Title of {article.name}",
            html=article.text,
            published=article.published,
        )

    def reading(self, memory: Memory, since: datetime | None) -> SourceReading:
        """Its newest page; with `since` as many more articles as reach back past it."""
        if not self.up:
            return SourceReading(
                problems=(TEXT(words=f"{self.address}: does not answer"),), memory=memory, complete=False
            )
        listed = sorted((a for a in self.articles if a.listed), key=lambda a: a.published, reverse=True)
        shown = listed[: max(self.page, sum(since is not None and a.published >= since for a in listed) + 1)]
        reached = EVERYTHING if len(shown) == len(listed) else shown[-1].published
        return SourceReading(
            "feed",
            "A blog",
            self.address,
            tuple(map(self.found, shown)),
            memory=replace(memory, kind="feed"),
            reached_back_to=reached,
        )


@dataclass
class Web:
    """All blogs there are, by the address that the configuration names."""

    blogs: dict[str, Blog] = field(default_factory=dict)

    def read(
        self,
        source: config.SourceSettings,
        collect: config.Collect,
        memory: Memory | None = None,
        *,
        now: datetime,
        since: datetime | None = None,
        **_: object,
    ) -> SourceReading:
        """Stands in for `newsletter.feeds.sources.read`."""
        return self.blogs[source.url].reading(memory or Memory(), since)


def article(name: str, published: datetime, *, seen_after: timedelta = timedelta()) -> Article:
    """An article that its blog shows only a while after the time that it says."""
    return Article(name, published, published + seen_after)


def collected_from(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sources be read from this blog, and its posts be found at their addresses."""
    monkeypatch.setattr("newsletter.collecting.collect.read", Web({blog.address: blog}).read)
    monkeypatch.setattr("newsletter.editions.selection.link_check.missing", lambda *_, **__: frozenset())
