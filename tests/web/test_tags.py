"""Tags of all subscriptions that a filter finds, and undoing that."""

from typing import Any

import lxml.html
import pytest
from django.test import Client

from newsletter import config
from newsletter.models import Act, Job, JobState
from newsletter.web.desk import jobs, urls
from subscribers.models import Subscriber, Subscription

pytestmark = pytest.mark.django_db
TAGS = "/desk/subscribers/tags/"


@pytest.fixture(autouse=True)
def readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.web.desk.subscribers.tags.PORTION", 2)
    for number, tags in enumerate([("film",), (), ("film", "press"), (), ()]):
        subscriber = Subscriber.objects.named(f"r{number}@reader.example", f"r{number}@reader.example")
        newsletter = "daily" if number == 4 else "kinaforum"
        Subscription.objects.create(subscriber=subscriber, newsletter=newsletter, state="active", tags=tags)


def tags() -> list[tuple[str, ...]]:
    return [row.tags for row in Subscription.objects.order_by("pk")]


def post(client: Client, path: str = TAGS, **given: Any) -> str:
    content = client.post(path, given, follow=True).content
    return " ".join(lxml.html.fromstring(content).text_content().split())


def test_all_matches_get_the_tag_and_it_is_undone_exactly(admin: Client) -> None:
    before = tags()
    page = post(admin, newsletter="kinaforum", word=" Film ", act="add")
    assert "Tag “film” added to 2 subscriptions." in page
    assert tags() == [("film",), ("film",), ("film", "press"), ("film",), ()]
    act = Act.objects.get(what__code="act.tags-changed")
    assert (act.about, act.after) == ("kinaforum", {"added": "film", "count": 2})
    job = Job.objects.get()
    assert "Tag “film” removed from 2 subscriptions." in post(admin, f"{TAGS}{job.pk}/undo/")
    assert tags() == before
    assert admin.post(f"{TAGS}{job.pk}/undo/").status_code == 404
    assert "Undo" not in admin.get(f"/desk/jobs/{job.pk}/").content.decode()


def test_a_tag_is_removed_from_those_that_have_it(admin: Client) -> None:
    page = post(admin, tag="film", word="film", act="remove")
    assert "Tag “film” removed from 2 subscriptions." in page
    assert tags() == [(), (), ("press",), (), ()]
    assert "none of these subscriptions has the tag “film”" in post(admin, word="film", act="remove")


def test_the_number_of_matches_is_shown_first(admin: Client) -> None:
    assert "Subscriptions that match your filter: 2" in admin.get(TAGS, {"tag": "film"}).content.decode()
    assert "All subscriptions: 5" in admin.get(TAGS).content.decode()
    assert f"{TAGS}?tag=film" in admin.get("/desk/subscribers/?tag=film").content.decode()


def test_a_tag_is_required(admin: Client) -> None:
    assert "Enter a tag." in post(admin, word=" | ", act="add")
    assert not Job.objects.exists()


def test_an_interrupted_change_continues_with_the_next_subscription(admin: Client) -> None:
    numbers = list(Subscription.objects.order_by("pk").values_list("pk", flat=True))
    Subscription.objects.filter(pk=numbers[1]).update(tags=("new",))
    job = Job.objects.create(
        kind="tags",
        by="admin@example.org",
        place=jobs.place(config.current()),
        order={"filter": {}, "word": "new", "act": "add"},
        state=JobState.RUNNING,
        result={"changed": [numbers[1]], "after": numbers[1]},
    )
    jobs.resume(config.current(), lambda: urls)
    job.refresh_from_db()
    assert (job.state, job.result["changed"]) == (JobState.DONE, numbers[1:])
    assert "new" not in tags()[0]


def test_other_jobs_are_not_undone(admin: Client) -> None:
    job = Job.objects.create(kind="collect", place="", order={}, state=JobState.DONE)
    assert admin.post(f"{TAGS}{job.pk}/undo/").status_code == 404
