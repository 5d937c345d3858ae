"""listmonk's API: the subscribers of a list and the campaigns, with the token of an API user."""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence

from newsletter.feeds.accounts.answers import AccountProblem, ListingPage
from newsletter.feeds.accounts.client import LONGEST_NAME, Client, names_of
from newsletter.feeds.accounts.listings import Listings, Step
from newsletter.feeds.accounts.listmonk_answers import TOOL, ListmonkList, campaigns_of, lists_of, subscribers_of
from newsletter.messages import tool_accounts as messages
from newsletter.sandbox import Sandbox

ISSUES_BEGIN, ISSUES_END = '{"data": {"results": [', "]}}"
"""What is before and behind the campaigns in a document of all, which has the form of an answer of listmonk."""

KEY = re.compile(r"[^\s:]+:\S+")
SUBSCRIBERS, CAMPAIGNS = 500, 20
"""How many a page has; campaigns come with their whole text."""


def authorization(key: str) -> str:
    """Return the header for a request (RFC 7617). Raises AccountProblem if it isn't `user:token`."""
    if not KEY.fullmatch(key):
        raise AccountProblem(messages.BAD_LISTMONK_KEY())
    return f"Basic {b64encode(key.encode()).decode()}"


def people(client: Client, listings: Listings, sandbox: Sandbox, name: str, step: Step) -> Iterator[str]:
    """Yield the subscribers of a list, which is named by its number, name or UUID; without one, there must be only one.
    Raises AccountProblem.
    """
    body = client.get("/api/lists", {"per_page": "all", "minimal": "true"})
    chosen = _list(sandbox.read(len(body), lists_of, body), name)

    def fetch(number: int) -> ListingPage:
        order = {"order_by": "created_at", "order": "ASC"}
        body = client.get("/api/subscribers", {"list_id": chosen.id, **order, "page": number, "per_page": SUBSCRIBERS})
        return sandbox.read(len(body), subscribers_of, body, number, chosen)

    return listings.rows("subscribers", fetch, whole=True, step=step)


def issues(client: Client, listings: Listings, sandbox: Sandbox) -> Iterator[str]:
    """Yield the campaigns that were sent. Raises AccountProblem."""

    def fetch(number: int) -> ListingPage:
        order = {"order_by": "created_at", "order": "ASC"}
        body = client.get("/api/campaigns", {"status": "finished", **order, "page": number, "per_page": CAMPAIGNS})
        return sandbox.read(len(body), campaigns_of, body, number)

    return listings.rows("campaigns", fetch, whole=False)


def _list(lists: Sequence[ListmonkList], name: str) -> ListmonkList:
    """Return the list that moves."""
    names = names_of([f"{entry.id} ({entry.name[:LONGEST_NAME]})" for entry in lists])
    if name:
        for entry in lists:
            if name.lower() in (str(entry.id), entry.name.lower(), entry.uuid.lower()):
                return entry
        raise AccountProblem(messages.NO_LIST(tool=TOOL, list=name, names=names))
    if len(lists) == 1:
        return lists[0]
    raise AccountProblem(messages.WHICH_LIST(tool=TOOL, names=names))
