"""Editions of cadences besides the default: their pages at the desk, their public pages, and what the archive lists."""

import re
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.test import Client

from newsletter import config
from newsletter.editions import approval, draft
from newsletter.editions.selection.windows import RequestedWindow
from newsletter.models import Edition, Job
from tests.factories import configured
from tests.web import make

pytestmark = pytest.mark.django_db
DAILY = "kinaforum/day-2026-02-06"


@pytest.fixture(autouse=True)
def several() -> None:
    url = config.current().newsletters["kinaforum"].sources[0].url
    configured((url,), cadences=("week", "day", "month"))
    config.use(replace(config.current(), allow_local_links=True))


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(User.objects.filter(is_superuser=True).first() or make.person(admin=True))
    return client


def daily() -> Edition:
    """The draft of the daily edition, with one post."""
    make.post("First", hours=7)
    newsletter = config.current().newsletters["kinaforum"].at("day")
    asked = RequestedWindow(until=make.NOW)
    return draft.make(config.current(), newsletter, asked, now=make.NOW, read_sources=False)


def begun() -> Edition:
    edition = approval.queue(config.current(), approval.approve(config.current(), daily()))
    make.first_accepted()
    return edition


@pytest.mark.parametrize(
    "path", ["", "editions/{}/", "editions/{}/history/", "editions/{}/more/", "editions/{}/preview/"]
)
def test_desk_pages_of_a_daily_edition(desk: Client, path: str) -> None:
    daily()
    answer = desk.get(f"/desk/{path.format(DAILY)}")
    assert answer.status_code == 200
    assert "6 February 2026 · Daily" in answer.content.decode()


def test_the_list_of_editions_says_the_cadence(desk: Client) -> None:
    daily()
    make.draft("Second")
    body = desk.get("/desk/n/kinaforum/").content.decode()
    assert "6 February 2026 · Daily" in body
    assert "Week 6, 2–8 February 2026<" in body


def test_the_home_page_says_what_comes_next_in_each_cadence(desk: Client) -> None:
    body = desk.get("/desk/").content.decode()
    for name in ("Daily", "Weekly", "Monthly"):
        assert f'<h4 class="small">{name}</h4>' in body


def test_a_draft_of_a_cadence_is_made_at_the_desk(desk: Client) -> None:
    make.post("First", hours=7)
    assert '<option value="day">Daily</option>' in desk.get("/desk/n/kinaforum/").content.decode()
    desk.post("/desk/n/kinaforum/draft/", {"cadence": "day", "period": "2026-02-06"})
    assert Job.objects.get().order == {"until": "2026-02-06T23:00:00+00:00", "period": "2026-02-06", "cadence": "day"}


def single_post() -> Edition:
    configured((make.source().url,), cadences=("week", "post"))
    config.use(replace(config.current(), allow_local_links=True))
    make.post("First", hours=7)
    newsletter = config.current().newsletters["kinaforum"].at("post")
    return draft.make(config.current(), newsletter, now=make.NOW, read_sources=False)


def test_an_edition_with_a_single_post_is_sent_when_it_is_approved(desk: Client) -> None:
    edition = single_post()
    path = f"/desk/editions/{edition.name}/"
    assert "Posts published" not in desk.get(path).content.decode()
    shown = desk.get(f"{path}preview/").content.decode()
    assert "Approve – goes to 0 subscribers at once" in shown
    form = re.search(r"<form[^>]*/approve/.*?</form>", shown, re.DOTALL)
    assert form is not None
    given = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    answer = desk.post(f"{path}approve/", given, follow=True)
    assert "It will be sent at once" in answer.content.decode()


def test_a_daily_edition_has_a_public_page(client: Client) -> None:
    assert begun().name == DAILY
    assert client.get(f"/n/{DAILY}/").status_code == 200


@pytest.mark.parametrize("path", ["/n/kinaforum/", "/n/kinaforum/?q=First", "/n/kinaforum/feed.atom"])
def test_the_archive_and_the_feed_list_the_default_cadence(client: Client, path: str) -> None:
    begun()
    assert "day-2026-02-06" not in client.get(path).content.decode()
