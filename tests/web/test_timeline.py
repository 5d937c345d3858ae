"""What the first page says of the next edition and the audience."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from newsletter import config
from newsletter.domain.ordinals import Ordinals
from newsletter.editions import draft
from newsletter.editions.composing import standalone
from newsletter.editions.offers import bases
from newsletter.models import Edition, Post, Source, State
from newsletter.web.desk.home import timeline
from subscribers.models import Subscriber, Subscription, locked_bases
from tests import settings
from tests.web import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 2, 4, 12, tzinfo=UTC)
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def kinaforum() -> config.Newsletter:
    return config.current().newsletters["kinaforum"]


def headlines(edition: Edition | None) -> tuple[tuple[str, ...], int]:
    return timeline.headlines(config.current(), {"kinaforum": edition}, make.NOW)["kinaforum"]


def subscription(number: int, joined: datetime, left: datetime | None = None) -> None:
    subscriber = Subscriber.objects.named(f"reader{number}@example.org", f"reader{number}@example.org")
    state = Subscription.State.UNSUBSCRIBED if left else Subscription.State.ACTIVE
    Subscription.objects.create(
        subscriber=subscriber, newsletter="kinaforum", state=state, joined=joined, unsubscribed_at=left
    )


def test_without_a_draft_the_steps_are_those_of_the_schedule() -> None:
    assert timeline.steps(kinaforum(), None, NOW) == (
        timeline.Step("Draft", "Fri 6 Feb, 15:00", done=False),
        timeline.Step("Approval", "by Fri 6 Feb, 18:00", done=False),
        timeline.Step("Sending", "Fri 6 Feb, 18:00", done=False),
    )


def test_each_cadence_has_its_steps() -> None:
    newsletter = replace(kinaforum(), cadences=("week", "post"))
    post = Edition(state=State.DRAFT, until=NOW, created_at=NOW, cadence="post")
    weekly, single = timeline.series(newsletter, [post], NOW)
    assert (weekly.name, single.name) == ("Weekly", "Every post")
    assert [step.done for step in weekly.steps] == [False] * 3
    assert single.steps == (
        timeline.Step("Draft", "Wed 4 Feb, 13:00", done=True),
        timeline.Step("Approval", "", done=False),
        timeline.Step("Sending", "at once", done=False),
    )
    assert timeline.series(newsletter, [], NOW)[1].steps[0].when == "when a post is found"


def test_with_one_cadence_the_steps_have_no_name() -> None:
    assert [each.name for each in timeline.series(kinaforum(), [], NOW)] == [""]


def test_an_approved_edition_only_has_to_be_sent() -> None:
    edition = make.draft("First")
    Edition.objects.update(state=State.QUEUED, due_at=NOW, approved_at=NOW)
    edition.refresh_from_db()
    found = timeline.steps(kinaforum(), edition, NOW)
    assert [(step.what, step.done) for step in found] == [("Draft", True), ("Approval", True), ("Sending", False)]


def test_the_edition_that_is_due_first_comes_next() -> None:
    one, other = Edition(state=State.DRAFT, until=NOW), Edition(state=State.QUEUED, until=NOW, due_at=NOW)
    assert timeline.being_prepared([one, other], kinaforum()) is other
    assert timeline.being_prepared([one], kinaforum()) is one
    assert timeline.being_prepared([Edition(state=State.SENT, until=NOW)], kinaforum()) is None


def test_a_letter_beside_the_schedule_does_not_come_next() -> None:
    assert timeline.being_prepared([Edition(state=State.DRAFT, until=NOW, standalone=True)], kinaforum()) is None


def test_headlines_go_on_after_a_letter_was_sent(editor: Client) -> None:
    make.post("Written before the letter", hours=30)
    letter = standalone.make(config.current(), kinaforum(), now=make.NOW, subject="Good news")
    Edition.objects.filter(pk=letter.pk).update(state=State.SENT, ended_at=make.NOW)
    assert "Written before the letter" in editor.get("/desk/").content.decode()


def test_headlines_are_those_of_the_draft() -> None:
    edition = make.draft("First", "Second", "Third", "Fourth", "Fifth", "Sixth")
    found, more = headlines(edition)
    assert (len(found), more) == (timeline.HEADLINES, 2)


def test_headlines_without_a_draft_are_those_that_it_would_have() -> None:
    """Also those that the last edition missed."""
    make.post("Sent", hours=100)
    bases.update(kinaforum(), make.NOW - 99 * HOUR)
    [base] = bases.on(locked_bases("kinaforum"))
    bases.grow(base, Ordinals.of(Post.objects.values_list("ordinal", flat=True)))
    make.post("Missed", hours=80)
    make.post("New", hours=1)
    assert headlines(None) == (("New", "Missed"), 0)
    edition = draft.make(config.current(), kinaforum(), now=make.NOW, read_sources=False)
    assert headlines(edition) == (("New", "Missed"), 0)


def test_headlines_before_the_first_edition_are_those_of_a_whole_period() -> None:
    make.source()
    Source.objects.update(first_read_at=make.NOW - HOUR)
    for title, hours in (("New", 2), ("Of the day on which it is sent", 24 * 7 - 2), ("Old", 24 * 8)):
        make.post(title, hours=hours)
    bases.update(kinaforum(), make.NOW)
    expected = (("New", "Of the day on which it is sent"), 0)
    assert headlines(None) == expected
    edition = draft.make(config.current(), kinaforum(), now=make.NOW, read_sources=False)
    assert headlines(edition) == expected


def test_the_audience_is_counted_back_week_by_week() -> None:
    subscription(1, NOW - 20 * WEEK)
    subscription(2, NOW - 3 * WEEK)
    subscription(3, NOW - 2 * WEEK)
    subscription(4, NOW - 20 * WEEK, left=NOW - WEEK)
    total, change, weeks = timeline._counts(["kinaforum"], NOW)["kinaforum"]
    assert (total, change) == (3, 1)
    assert [count for _at, count in weeks] == [2, 2, 3, 4, 3]
    assert weeks[-1] == (NOW, 3)


def test_the_first_page_asks_as_little_of_many_newsletters_as_of_one(admin: Client) -> None:
    known, counts = replace(config.current(), delivery=config.DeliverySettings(provider="file")), []
    for number in (1, 5):
        newsletters = {f"{number}-{each}": replace(kinaforum(), name=f"{number}-{each}") for each in range(number)}
        config.use(replace(known, newsletters={**known.newsletters, **newsletters}))
        for name in newsletters:
            make.post(f"New in {name}", newsletter=name)
        admin.get("/desk/")
        with CaptureQueriesContext(connection) as queries:
            page = admin.get("/desk/").content.decode()
        assert all(f"New in {name}" in page for name in newsletters)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_first_page_shows_them(editor: Client) -> None:
    make.draft("First headline")
    subscription(1, timezone.now() - WEEK)
    page = " ".join(editor.get("/desk/").content.decode().split())
    for text in ("First headline", "1 subscriber", "+1 in 30 days", "Next edition"):
        assert text in page
    subscription(2, timezone.now())
    assert "2 subscribers" in editor.get("/desk/").content.decode()


def test_the_first_page_shows_the_next_email_once_it_has_posts(editor: Client) -> None:
    assert "<iframe" not in editor.get("/desk/").content.decode()
    edition = make.draft("First headline")
    page = editor.get("/desk/").content.decode()
    address = f"/desk/editions/kinaforum/{edition.period}/frame/?r={edition.revision}"
    assert f'src="{address}"' in page
    assert "First headline" in editor.get(address).content.decode()


@pytest.mark.parametrize(
    ("rhythm", "period", "name"),
    [
        ("week", "2026-02-04", "2026-W06"),
        ("month", "2026-02-04", "2026-02"),
        ("day", "2026-02-04", "2026-02-04"),
        ("week", "2026-W06", "2026-W06"),
    ],
)
def test_a_draft_is_of_the_period_that_the_day_lies_in(editor: Client, rhythm: str, period: str, name: str) -> None:
    text = settings.TEXT.replace("[newsletters.kinaforum]", f'[newsletters.kinaforum]\nperiod = "{rhythm}"')
    config.use(config.parse(text, settings.FOLDER / "config.toml"))
    make.post("First")
    answer = editor.post("/desk/n/kinaforum/draft/", {"period": period}, follow=True)
    assert answer.redirect_chain[-1] == (f"/desk/editions/kinaforum/{name}/", 302)


def test_a_period_that_has_not_begun_is_refused_in_the_language_of_the_page(editor: Client) -> None:
    norwegian = {"Accept-Language": "nb"}
    page = editor.post("/desk/n/kinaforum/draft/", {"period": "2999-W06"}, headers=norwegian, follow=True)
    assert "2999-W06 har ikke begynt" in page.content.decode()
