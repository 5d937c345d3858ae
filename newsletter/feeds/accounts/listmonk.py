"""listmonk's API: the subscribers of a list and the campaigns, with the token of an API user."""

import re
from base64 import b64encode
from collections.abc import Iterator

from newsletter.feeds.accounts.client import AccountProblem, AccountSubscriber, Client, Json, Pages, Step, named
from newsletter.messages import tool_accounts as messages

TOOL = "listmonk"
KEY = re.compile(r"[^\s:]+:\S+")
SUBSCRIBERS, CAMPAIGNS = 500, 20
"""How many a page has; campaigns come with their whole text."""


def authorization(key: str) -> str:
    """Return the header for a request (RFC 7617). Raises AccountProblem if it isn't `user:token`."""
    if not KEY.fullmatch(key):
        raise AccountProblem(messages.BAD_LISTMONK_KEY())
    return f"Basic {b64encode(key.encode()).decode()}"


def people(client: Client, pages: Pages, name: str, step: Step) -> Iterator[AccountSubscriber]:
    """Yield the subscribers of a list, which is named by its number, name or UUID; without one, there must be only one.
    Raises AccountProblem.
    """
    subscriber_list = _list(_data(client.get("/api/lists", {"per_page": "all", "minimal": "true"}))["results"], name)

    def fetch(page: int) -> Json:
        order = {"order_by": "created_at", "order": "ASC"}
        return client.get(
            "/api/subscribers", {"list_id": subscriber_list["id"], **order, "page": page, "per_page": SUBSCRIBERS}
        )

    def content(page: Json) -> tuple[list[Json], int]:
        return _data(page)["results"], int(_data(page)["total"])

    for row in pages.rows("subscribers", fetch, _is_last, content, step):
        yield _person(row, subscriber_list)


def issues(client: Client, pages: Pages) -> tuple[list[Json], int]:
    """Return the answers with the campaigns that were sent, and their number."""

    def fetch(page: int) -> Json:
        order = {"order_by": "created_at", "order": "ASC"}
        return client.get("/api/campaigns", {"status": "finished", **order, "page": page, "per_page": CAMPAIGNS})

    answers = list(pages.read("campaigns", fetch, _is_last))
    return answers, sum(len(_data(answer)["results"]) for answer in answers)


def _data(document: Json) -> Json:
    data = document.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("results"), list):
        raise AccountProblem(messages.NOT_AN_ANSWER(tool=TOOL))
    return data


def _is_last(page: Json, number: int) -> bool:
    data = _data(page)
    size = int(data.get("per_page") or len(data["results"]) or 1)
    return not data["results"] or number * size >= int(data.get("total") or 0)


def _list(lists: list[Json], name: str) -> Json:
    """Return the list that moves."""
    names = ", ".join(f"{entry['id']} ({entry['name']})" for entry in lists)
    if name:
        return named(TOOL, lists, name, ("id", "name", "uuid"), names)
    if len(lists) == 1:
        return lists[0]
    raise AccountProblem(messages.WHICH_LIST(tool=TOOL, names=names))


def _person(row: Json, chosen: Json) -> AccountSubscriber:
    membership: Json = next((entry for entry in row.get("lists") or () if entry.get("id") == chosen["id"]), {})
    status = _status(row, membership, double=chosen.get("optin") == "double")
    joined_at = str(membership.get("subscription_created_at") or row.get("created_at") or "")
    left_at = str(membership.get("subscription_updated_at") or "") if status == "unsubscribed" else ""
    return AccountSubscriber(str(row["email"]), str(row.get("name") or ""), status, joined_at, left_at)


def _status(row: Json, membership: Json, *, double: bool) -> str:
    """Return how a subscriber stands to the list. Of a list with single opt-in, the unconfirmed get campaigns, too."""
    if row.get("status") != "enabled":
        return "blocked"
    word = membership.get("subscription_status")
    if word == "unsubscribed":
        return "unsubscribed"
    return "pending" if double and word != "confirmed" else "active"
