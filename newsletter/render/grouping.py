"""Groups an edition's posts by day, source or category, in an order, with pinned ones first."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date
from html import escape
from operator import itemgetter
from typing import Literal
from zoneinfo import ZoneInfo

from newsletter.config import ExcerptOf
from newsletter.config.theme import Section
from newsletter.domain.digest import DigestPost, Group, GroupBy
from newsletter.render.content.excerpt import excerpt
from newsletter.render.content.videos import players_of
from newsletter.render.dates import day_heading
from newsletter.render.words import words

Order = Literal["newest", "oldest", "given"]


def body(
    html: str, summary: str, *, length: Literal["full", "excerpt", "title"], of: ExcerptOf, words: int
) -> tuple[str, bool]:
    """Return what is shown of a post's cleaned HTML, and whether that is all of it.

    An excerpt `of` a summary is the source's own, in plain text, if it has one beside the text, below the recordings
    of the post.
    """
    if length == "title":
        return "", False
    if length == "full":
        return html, True
    if of == "summary" and summary:
        return players_of(html) + excerpt(f"<p>{escape(summary, quote=False)}</p>", words)[0], False
    return excerpt(html, words)


def group(
    posts: Sequence[DigestPost],
    *,
    by: GroupBy,
    order: Order,
    zone: ZoneInfo,
    language: str,
    sections: Sequence[Section] = (),
) -> tuple[Group, ...]:
    """Return the posts in groups with headings.

    `order` applies to days and to the posts in them; "given" keeps the order of `posts`. Pinned posts come first in
    their group. A post's `day` has precedence over its `published`; posts with neither come last, without a heading.
    Sources and categories are in the order of `sections`, then of their first posts. A post is listed under the first
    section that is one of its categories; without sections, under its first category.
    """
    with_day = [
        replace(post, day=post.day or (post.published and post.published.astimezone(zone).date())) for post in posts
    ]
    ordered = sorted(_sorted(with_day, order), key=lambda post: not post.pinned)
    if by == "none":
        return (Group("", tuple(ordered)),) if ordered else ()
    if by == "day":
        return _by_day(ordered, order, language)
    if by == "source":
        return tuple(_by_name(ordered, by, lambda post: post.source, sections))
    if not sections:
        return tuple(_by_name(ordered, by, lambda post: "".join(post.categories[:1]), ()))
    more = words(language)["more"]
    return tuple(_by_name(ordered, by, lambda post: _section_of(post, sections) or more, sections))


def _sorted(posts: list[DigestPost], order: Order) -> list[DigestPost]:
    if order == "given":
        return posts
    dated = [(post.published.astimezone(UTC), post) for post in posts if post.published]
    dated.sort(key=itemgetter(0), reverse=order == "newest")
    return [post for _, post in dated] + [post for post in posts if not post.published]


def _collect(posts: Iterable[DigestPost], key: Callable[[DigestPost], object]) -> dict[object, list[DigestPost]]:
    collected: dict[object, list[DigestPost]] = {}
    for post in posts:
        collected.setdefault(key(post), []).append(post)
    return collected


def _by_day(posts: list[DigestPost], order: Order, language: str) -> tuple[Group, ...]:
    by_day = _collect(posts, lambda post: post.day)
    days = [day for day in by_day if isinstance(day, date)]
    if order != "given":
        days.sort(reverse=order == "newest")
    groups = [Group(day_heading(day, language), tuple(by_day[day]), day, by="day") for day in days]
    if None in by_day:
        groups.append(Group("", tuple(by_day[None]), by="day"))
    return tuple(groups)


def _by_name(
    posts: list[DigestPost], by: GroupBy, name: Callable[[DigestPost], str], sections: Sequence[Section]
) -> Iterator[Group]:
    """Yield the groups of the sections, then the others, then posts without a name."""
    by_heading = {str(key): tuple(members) for key, members in _collect(posts, name).items()}
    for section in sections:
        if members := by_heading.pop(section.name, None):
            yield Group(section.heading or section.name, members, None, section.colour, by)
    unnamed = by_heading.pop("", None)
    for heading, members in by_heading.items():
        yield Group(heading, members, by=by)
    if unnamed:
        yield Group("", unnamed, by=by)


def _section_of(post: DigestPost, sections: Sequence[Section]) -> str:
    """Return the name of the first section that is one of the post's categories, in any case, or ""."""
    categories = {category.casefold() for category in post.categories}
    return next((section.name for section in sections if section.name.casefold() in categories), "")
