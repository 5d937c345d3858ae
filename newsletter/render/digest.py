"""How an edition's posts are arranged: under days, sources or categories, in an order, pinned ones first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from newsletter.mail import DigestPost, Group
from newsletter.render.dates import day_heading
from newsletter.render.excerpt import excerpt

__all__ = ["GroupBy", "Order", "day_heading", "excerpt", "group"]

GroupBy = Literal["day", "source", "category", "none"]
Order = Literal["newest", "oldest", "given"]


def group(
    posts: Sequence[DigestPost], *, by: GroupBy, order: Order, zone: ZoneInfo, language: str
) -> tuple[Group, ...]:
    """The posts under their headings.

    `order` holds for days and for the posts in them; "given" keeps the order of `posts`. Pinned posts come first in
    their group. A post's `day` wins over its `published`; posts that have neither stand last, without a heading.
    Sources and categories come in the order in which their first post does; a post goes under its first category.
    """
    dated = [replace(post, day=post.day or _local_day(post, zone)) for post in posts]
    ordered = _pinned_first(_sorted(dated, order))
    if by == "none":
        return (Group("", tuple(ordered)),) if ordered else ()
    if by == "day":
        return _by_day(ordered, order, language)
    return _by_name(ordered, (lambda p: p.source) if by == "source" else _first_category)


def _local_day(post: DigestPost, zone: ZoneInfo) -> date | None:
    return post.published.astimezone(zone).date() if post.published else None


def _first_category(post: DigestPost) -> str:
    return post.categories[0] if post.categories else ""


def _sorted(posts: list[DigestPost], order: Order) -> list[DigestPost]:
    if order == "given":
        return posts
    dated = [p for p in posts if p.published]
    undated = [p for p in posts if not p.published]
    dated.sort(key=_instant, reverse=order == "newest")
    return dated + undated


def _instant(post: DigestPost) -> datetime:
    assert post.published is not None
    return post.published.astimezone(UTC)


def _pinned_first(posts: list[DigestPost]) -> list[DigestPost]:
    return sorted(posts, key=lambda p: not p.pinned)


def _collect(posts: Iterable[DigestPost], key: Callable[[DigestPost], object]) -> dict[object, list[DigestPost]]:
    found: dict[object, list[DigestPost]] = {}
    for post in posts:
        found.setdefault(key(post), []).append(post)
    return found


def _by_day(posts: list[DigestPost], order: Order, language: str) -> tuple[Group, ...]:
    found = _collect(posts, lambda p: p.day)
    days = [day for day in found if isinstance(day, date)]
    if order != "given":
        days.sort(reverse=order == "newest")
    groups = [Group(day_heading(day, language), tuple(found[day]), day) for day in days]
    if None in found:
        groups.append(Group("", tuple(found[None])))
    return tuple(groups)


def _by_name(posts: list[DigestPost], name: Callable[[DigestPost], str]) -> tuple[Group, ...]:
    found = _collect(posts, name)
    unnamed = found.pop("", None)
    groups = [Group(str(heading), tuple(members)) for heading, members in found.items()]
    return (*groups, Group("", tuple(unnamed))) if unnamed else tuple(groups)
