"""Which posts a subscriber was offered and which are due, on their page."""

import html
import re

import pytest
from django.test import Client

from newsletter.web.desk.subscribers import queries
from subscribers import preferences
from tests.factories import DAY, NOW
from tests.sending.emailed import Newsletter

pytestmark = pytest.mark.django_db


@pytest.fixture
def paper() -> Newsletter:
    """Return a newsletter with a daily and a weekly reader; the daily one had posts one and two."""
    paper = Newsletter(NOW - 60 * DAY)
    paper.configure("week", "week", "day")
    paper.read()
    paper.now = NOW
    paper.subscribe("weekly")
    paper.subscribe("daily", "day")
    for name in ("one", "two"):
        paper.publish(name)
        paper.send("day")
        paper.wait(days=1)
    paper.publish("three")
    return paper


def _lists(client: Client, paper: Newsletter, name: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the titles that the page lists as due, and the offered ones with their edition."""
    page = html.unescape(_page(client, paper, name))
    _before, due, *offered = re.split(r"Due in the next edition|already offered", page.partition('id="h-got"')[0])
    rows = re.findall(r"<li>(.*?)</li>", offered[0]) if offered else []
    found = [
        (_title(row), edition[1] if (edition := re.search(r'href="/desk/editions/(.*?)/"', row)) else "")
        for row in rows
    ]
    return re.findall(r">(Post \w+)<", due.partition("<details")[0]), found


def _page(client: Client, paper: Newsletter, name: str) -> str:
    """Return the page of a subscriber, with the offered posts where there are any, by the link to them."""
    page = client.get(f"/desk/subscribers/{paper.subscription(name).subscriber_id}/").content.decode()
    links = re.findall(r'href="(/desk/subscribers/\d+/\?offered=\w+)#', page)
    return client.get(links[0]).content.decode() if links else page


def _title(row: str) -> str:
    [title] = re.findall(r">(Post \w+)<", row)
    return str(title)


def test_a_subscribers_page_lists_what_was_offered_and_what_is_due(admin: Client, paper: Newsletter) -> None:
    assert _lists(admin, paper, "weekly") == (["Post one", "Post two", "Post three"], [])
    editions = [("Post two", "kinaforum/day-2026-02-07"), ("Post one", "kinaforum/day-2026-02-06")]
    assert _lists(admin, paper, "daily") == (["Post three"], editions)


def test_a_newcomers_page_lists_what_was_dealt_with_before_without_an_edition(admin: Client, paper: Newsletter) -> None:
    paper.subscribe("newcomer", "day")
    assert _lists(admin, paper, "newcomer") == (["Post three"], [("Post two", ""), ("Post one", "")])


def test_somebody_who_unsubscribed_keeps_what_was_offered_and_is_due_nothing(admin: Client, paper: Newsletter) -> None:
    preferences.unsubscribe(paper.subscription("daily").pk, paper.now)
    page = admin.get(f"/desk/subscribers/{paper.subscription('daily').subscriber_id}/").content.decode()
    assert "Due in the next edition" not in page
    assert "2 posts already offered" in page


def test_only_the_newest_posts_are_listed(admin: Client, paper: Newsletter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "SHOWN", 1)
    assert _lists(admin, paper, "daily")[1] == [("Post two", "kinaforum/day-2026-02-07")]
    page = _page(admin, paper, "daily")
    assert "1 older post is listed by" in page
