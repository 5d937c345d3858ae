"""listmonk's API: the subscribers of a list and the campaigns, with the token of an API user."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator

from newsletter.feeds.accounts.account_subscriber import AccountSubscriber
from newsletter.feeds.accounts.client import AccountProblem, Client, Json, Pages
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


def people(client: Client, pages: Pages, name: str, expect: Callable[[int], None]) -> Iterator[AccountSubscriber]:
    """Yield the subscribers of a list, which is named by its number, name or UUID; without one, there must be only one.
    `expect` is called with the number of all. Raises AccountProblem.
    """
    lists = _data(client.get("/api/lists", {"per_page": "all", "minimal": "true"}))["results"]
    chosen = _list(lists, name)

    def fetch(page: int) -> Json:
        order = {"order_by": "created_at", "order": "ASC"}
        return client.get("/api/subscribers", {"list_id": chosen["id"], **order, "page": page, "per_page": SUBSCRIBERS})

    known: set[int] = set()
    total = 0
    for page in pages.read("subscribers", fetch, _is_last):
        total = int(_data(page)["total"])
        expect(total)
        for row in _data(page)["results"]:
            if row["id"] not in known:
                known.add(row["id"])
                yield _person(row, chosen)
    if len(known) < total:
        pages.forget("subscribers")
        raise AccountProblem(messages.CHANGED())


def issues(client: Client, pages: Pages) -> tuple[list[Json], int]:
    """Return the answers with the campaigns that were sent, and their number."""

    def fetch(page: int) -> Json:
        order = {"order_by": "created_at", "order": "ASC"}
        return client.get("/api/campaigns", {"status": "finished", **order, "page": page, "per_page": CAMPAIGNS})

    answers = list(pages.read("campaigns", fetch, _is_last))
    return answers, sum(len(_data(each)["results"]) for each in answers)


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
    names = ", ".join(f"{each['id']} ({each['name']})" for each in lists)
    if not name:
        if len(lists) == 1:
            return lists[0]
        raise AccountProblem(messages.WHICH_LIST(tool=TOOL, names=names))
    for each in lists:
        if name.lower() in (str(each.get(key, "")).lower() for key in ("id", "name", "uuid")):
            return each
    raise AccountProblem(messages.NO_LIST(tool=TOOL, list=name, names=names))


def _person(row: Json, chosen: Json) -> AccountSubscriber:
    own: Json = next((each for each in row.get("lists") or () if each.get("id") == chosen["id"]), {})
    status = _status(row, own, double=chosen.get("optin") == "double")
    joined = str(own.get("subscription_created_at") or row.get("created_at") or "")
    left = str(own.get("subscription_updated_at") or "") if status == "unsubscribed" else ""
    return AccountSubscriber(str(row["email"]), str(row.get("name") or ""), status, joined, left)


def _status(row: Json, own: Json, *, double: bool) -> str:
    """Return how a subscriber stands to the list. Of a list with single opt-in, the unconfirmed get campaigns, too."""
    if row.get("status") != "enabled":
        return "blocked"
    word = own.get("subscription_status")
    if word == "unsubscribed":
        return "unsubscribed"
    return "pending" if double and word != "confirmed" else "active"
