"""The line below a headline: who wrote a post, when, and how long reading it takes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from newsletter.config.theme import MetaPart
from newsletter.domain.digest import Digest, DigestPost, Group
from newsletter.render.dates import clock, day_of_month, short_date
from newsletter.render.theme.designs import DESIGNS
from newsletter.render.words import number, words

_MOST_CATEGORIES = 3
_LEAST_MINUTES = 2
"""The shortest reading time that is worth telling, unless a publisher asks for it."""
_LONGEST_DAY = timedelta(hours=25)
"""A day on which clocks are set back."""


@dataclass(frozen=True)
class MetaLines:
    """The lines of a digest's posts, with the parts that the theme names, or else those that tell posts apart."""

    digest: Digest

    def parts(self, post: DigestPost, group: Group, *, opens: bool) -> Iterator[str]:
        """Yield the parts of a post's line, in their order; some are empty.

        A post that stands before the heading of its day has the date, unless the heading follows for other posts.
        """
        heading_follows = bool(group.heading) and len(group.posts) > 1
        under_a_day = group.by == "day" and bool(group.heading) and (heading_follows or not opens)
        chosen = self.digest.letterhead.theme.meta is not None
        for part in self._parts:
            if part == "source" and self._names_sources and group.by != "source":
                yield post.source
            elif part == "author" and (chosen or (self._names_authors and post.author != self._usual_author)):
                yield post.author
            elif part == "date" and not (chosen or under_a_day or self._of_one_day):
                yield self._day(post)
            elif part == "date" and chosen:
                yield self.time(post) if self._of_one_day else self.date(post)
            elif part == "time":
                yield self._time_part(post, under_a_day=under_a_day)
            elif part == "reading_time" and post.minutes >= (1 if chosen else _LEAST_MINUTES):
                minutes = words(self._language)["minutes"].format(count=number(post.minutes, self._language))
                yield minutes.replace(" ", "\u00a0")
            elif part == "categories":
                yield ", ".join([name for name in post.categories if name != group.heading][:_MOST_CATEGORIES])

    def time(self, post: DigestPost) -> str:
        """Return the time of day of a post."""
        return clock(post.published, self._zone, self._language) if post.published else ""

    def date(self, post: DigestPost) -> str:
        """Return the day of a post with its year."""
        return short_date(post.published.astimezone(self._zone).date(), self._language) if post.published else ""

    def _time_part(self, post: DigestPost, *, under_a_day: bool) -> str:
        """Return the time of day; with chosen parts, the date in its place where no day is above the post."""
        has_date = "date" in self._parts
        if self.digest.letterhead.theme.meta is None:
            return self.time(post)
        if under_a_day or has_date:
            return "" if self._of_one_day and has_date else self.time(post)
        return self.time(post) if self._of_one_day else self.date(post)

    def _day(self, post: DigestPost) -> str:
        """Return the day of a post, with the year if the edition has posts of several."""
        if not post.published or len(self._years) > 1:
            return self.date(post)
        return day_of_month(post.published.astimezone(self._zone).date(), self._language)

    @cached_property
    def _parts(self) -> tuple[MetaPart, ...]:
        theme = self.digest.letterhead.theme
        if theme.meta is not None:
            return theme.meta
        usual = DESIGNS[theme.design].meta
        return usual if theme.times else tuple(part for part in usual if part != "time")

    @cached_property
    def _of_one_day(self) -> bool:
        """Whether the edition is of a day, and all posts were published on one date, which need not be repeated."""
        days = {post.published.astimezone(self._zone).date() for post in self.digest.posts if post.published}
        return len(days) == 1 and self.digest.until - self.digest.since <= _LONGEST_DAY

    @cached_property
    def _years(self) -> frozenset[int]:
        posts = (post.published for post in self.digest.posts if post.published)
        return frozenset(published.astimezone(self._zone).year for published in posts)

    @cached_property
    def _names_sources(self) -> bool:
        """Whether sources are named: where there are several."""
        return len({post.source for post in self.digest.posts}) > 1

    @cached_property
    def _names_authors(self) -> bool:
        """Whether authors are named: where there are several, who aren't the sources under another name."""
        if self._names_sources and all(post.author in ("", post.source) for post in self.digest.posts):
            return False
        return len({post.author for post in self.digest.posts if post.author}) > 1

    @cached_property
    def _usual_author(self) -> str:
        """The author of at least three quarters of the posts, whose name needs no repetition; "" without one."""
        authors = Counter(post.author for post in self.digest.posts)
        author, posts = authors.most_common(1)[0]
        return author if 4 * posts >= 3 * len(self.digest.posts) else ""

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.digest.letterhead.timezone)

    @cached_property
    def _language(self) -> str:
        return self.digest.letterhead.language
