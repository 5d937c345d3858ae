"""Answers of Ghost's Admin API: newsletters, members and posts."""

from typing import Literal

from newsletter.feeds.accounts.answers import AccountSubscriber, Count, Identifier, ListingPage, ToolAnswer, checked

TOOL = "Ghost"


class GhostNewsletter(ToolAnswer):
    """A newsletter of the site."""

    id: Identifier
    name: str = ""
    slug: str = ""
    status: str = "active"


class _Newsletters(ToolAnswer):
    newsletters: tuple[GhostNewsletter, ...] = ()


class _Pagination(ToolAnswer):
    total: Count
    pages: Count


class _Meta(ToolAnswer):
    pagination: _Pagination


class _Label(ToolAnswer):
    name: str = ""


class _Subscribed(ToolAnswer):
    id: Identifier


class _Information(ToolAnswer):
    reason: str | None = None


class _Suppression(ToolAnswer):
    suppressed: bool = False
    info: _Information | None = None


class _Member(ToolAnswer):
    id: Identifier
    email: str
    name: str | None = None
    created_at: str
    labels: tuple[_Label, ...] | None = None
    newsletters: tuple[_Subscribed, ...] | None = None
    email_suppression: _Suppression | None = None


class _Members(ToolAnswer):
    members: tuple[_Member, ...]
    meta: _Meta


class _Post(ToolAnswer):
    """What an import of old issues reads of a post."""

    id: Identifier
    uuid: str | None = None
    title: str | None = None
    slug: str | None = None
    type: str = "post"
    page: bool = False
    status: str
    visibility: str = "public"
    published_at: str | None = None
    html: str | None = None
    feature_image: str | None = None
    custom_excerpt: str | None = None
    email_only: bool | None = None
    email_subject: str | None = None


class _Posts(ToolAnswer):
    posts: tuple[_Post, ...]
    meta: _Meta


def newsletters_of(body: bytes) -> tuple[GhostNewsletter, ...]:
    """Return the newsletters of a site. Raises AccountProblem."""
    return checked(TOOL, _Newsletters, body).newsletters


def members_of(body: bytes, number: int, newsletter: str) -> ListingPage:
    """Return the members on a page, as they stand to a newsletter. Raises AccountProblem."""
    answer = checked(TOOL, _Members, body)
    rows = tuple(_person(member, newsletter).to_row() for member in answer.members)
    return _page(answer.meta, number, tuple(str(member.id) for member in answer.members), rows)


def posts_of(body: bytes, number: int) -> ListingPage:
    """Return the posts on a page. Raises AccountProblem."""
    answer = checked(TOOL, _Posts, body)
    rows = tuple(post.model_dump_json(exclude_none=True) for post in answer.posts)
    return _page(answer.meta, number, tuple(str(post.id) for post in answer.posts), rows)


def _page(meta: _Meta, number: int, ids: tuple[str, ...], rows: tuple[str, ...]) -> ListingPage:
    return ListingPage(number >= meta.pagination.pages, meta.pagination.total, ids, rows)


def _person(member: _Member, newsletter: str) -> AccountSubscriber:
    return AccountSubscriber(
        member.email,
        member.name or "",
        _status(member, newsletter),
        member.created_at,
        tags=tuple(label.name for label in member.labels or ()),
    )


def _status(member: _Member, newsletter: str) -> Literal["active", "unsubscribed", "complained", "bounced"]:
    suppression = member.email_suppression
    if suppression and suppression.suppressed:
        return "complained" if suppression.info and suppression.info.reason == "spam" else "bounced"
    subscribed = any(str(entry.id) == newsletter for entry in member.newsletters or ())
    return "active" if subscribed else "unsubscribed"
