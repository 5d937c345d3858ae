"""Answers of listmonk's API: lists, subscribers and campaigns."""

from typing import Annotated, Literal

from pydantic import Field

from newsletter.feeds.accounts.answers import AccountSubscriber, Count, Identifier, ListingPage, ToolAnswer, checked

TOOL = "listmonk"

Number = Annotated[int, Field(ge=0, lt=2**63)]


class ListmonkList(ToolAnswer):
    """A list of subscribers."""

    id: Number
    name: str
    uuid: str = ""
    optin: str = ""


class _Results(ToolAnswer):
    total: Count
    per_page: Count = 0


class _Lists(ToolAnswer):
    results: tuple[ListmonkList, ...]


class _ListsAnswer(ToolAnswer):
    data: _Lists


class _Membership(ToolAnswer):
    id: Number
    subscription_status: str | None = None
    subscription_created_at: str | None = None
    subscription_updated_at: str | None = None


class _Subscriber(ToolAnswer):
    id: Number
    email: str
    name: str | None = None
    status: str
    created_at: str | None = None
    lists: tuple[_Membership, ...] | None = None


class _Subscribers(_Results):
    results: tuple[_Subscriber, ...]


class _SubscribersAnswer(ToolAnswer):
    data: _Subscribers


class _Campaign(ToolAnswer):
    """What an import of old issues reads of a campaign."""

    id: Identifier | None = None
    uuid: Annotated[str, Field(max_length=100)]
    subject: str
    name: str | None = None
    archive_slug: str | None = None
    body: str | None = None
    content_type: str | None = None
    type: str = "regular"
    status: str
    started_at: str | None = None
    send_at: str | None = None
    created_at: str | None = None


class _Campaigns(_Results):
    results: tuple[_Campaign, ...]


class _CampaignsAnswer(ToolAnswer):
    data: _Campaigns


def lists_of(body: bytes) -> tuple[ListmonkList, ...]:
    """Return the lists. Raises AccountProblem."""
    return checked(TOOL, _ListsAnswer, body).data.results


def subscribers_of(body: bytes, number: int, subscriber_list: ListmonkList) -> ListingPage:
    """Return the subscribers on a page of a list, as they stand to it. Raises AccountProblem."""
    data = checked(TOOL, _SubscribersAnswer, body).data
    rows = tuple(_person(row, subscriber_list).to_row() for row in data.results)
    return _page(data, number, tuple(str(row.id) for row in data.results), rows)


def campaigns_of(body: bytes, number: int) -> ListingPage:
    """Return the campaigns on a page. Raises AccountProblem."""
    data = checked(TOOL, _CampaignsAnswer, body).data
    rows = tuple(campaign.model_dump_json(exclude={"id"}) for campaign in data.results)
    return _page(data, number, tuple(campaign.uuid for campaign in data.results), rows)


def _page(data: _Results, number: int, ids: tuple[str, ...], rows: tuple[str, ...]) -> ListingPage:
    size = data.per_page or len(rows)
    return ListingPage(not rows or number * size >= data.total, data.total, ids, rows)


def _person(row: _Subscriber, chosen: ListmonkList) -> AccountSubscriber:
    membership = next((entry for entry in row.lists or () if entry.id == chosen.id), None)
    status = _status(row, membership, double=chosen.optin == "double")
    joined_at = (membership and membership.subscription_created_at) or row.created_at or ""
    left_at = (membership and membership.subscription_updated_at) or ""
    return AccountSubscriber(row.email, row.name or "", status, joined_at, left_at if status == "unsubscribed" else "")


def _status(
    row: _Subscriber, membership: _Membership | None, *, double: bool
) -> Literal["active", "pending", "unsubscribed", "blocked"]:
    """Return how a subscriber stands to the list. Of a list with single opt-in, the unconfirmed get campaigns, too."""
    if row.status != "enabled":
        return "blocked"
    word = membership.subscription_status if membership else None
    if word == "unsubscribed":
        return "unsubscribed"
    return "pending" if double and word != "confirmed" else "active"
