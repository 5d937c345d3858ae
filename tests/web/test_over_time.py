"""Charts of a newsletter and its sources over time, and the same in words."""

from collections.abc import Iterator
from datetime import UTC, timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation

from newsletter import config
from newsletter.models import Bounce, Edition, SourceDay, State
from newsletter.web.desk.home import over_time as module
from newsletter.web.desk.home.over_time import over_time
from newsletter.web.desk.subscribers.queries import unsubscribed
from subscribers.models import Subscriber, Subscription
from tests.web import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def _subscribe(number: int, days: int, left: int | None = None) -> None:
    """A reader who joined so many days before NOW, and perhaps left."""
    subscriber = Subscriber.objects.named(f"reader{number}@example.org", f"reader{number}@example.org")
    at = None if left is None else make.NOW - timedelta(days=left)
    state = Subscription.State.UNSUBSCRIBED if at else Subscription.State.ACTIVE
    joined = make.NOW - timedelta(days=days)
    Subscription.objects.create(
        subscriber=subscriber, newsletter="kinaforum", state=state, joined=joined, unsubscribed_at=at
    )


def _sent() -> Edition:
    edition = make.draft("First")
    began = make.NOW - timedelta(days=10)
    Edition.objects.update(state=State.SENT, began_at=began, ended_at=began, audience=200)
    for number, kind in enumerate((Bounce.Kind.HARD, Bounce.Kind.HARD, Bounce.Kind.COMPLAINT, Bounce.Kind.SOFT)):
        Bounce.objects.create(edition=edition, number=number, kind=kind, mail=str(number), at=began)
    return edition


def test_the_last_year_of_subscribers_begins_with_the_number_before_it() -> None:
    points = [(make.NOW - timedelta(days=days), count) for days, count in ((800, 5), (400, 7), (100, 9))]
    found = module._recent(points, make.NOW)
    assert [count for _at, count in found] == [7, 9, 9]
    assert found[-1][0] - found[0][0] == module.SHOWN
    assert module._recent([], make.NOW) == []


def test_each_edition_has_what_came_back_from_it() -> None:
    _sent()
    _subscribe(1, 100, left=8)
    found = over_time(config.current().newsletters["kinaforum"], make.NOW)
    assert [figure["heading"] for figure in found["engagement"]] == ["Unsubscribed", "Bounced", "Marked as spam"]
    (row,) = found["editions"]
    cells = ("200", "1 (0.5%)", "2 (1.0%)", "1 (0.5%)")
    assert row == {"name": "Week 6, 2–8 February 2026", "cells": cells}


def test_the_page_of_a_newsletter_has_charts_and_tables(editor: Client) -> None:
    _sent()
    _subscribe(1, 20)
    page = editor.get("/desk/n/kinaforum/").content.decode()
    assert page.count('<svg class="chart"') == 3, "nobody unsubscribed"
    assert "As tables" in page
    assert "2 (1.0%)" in page


def test_a_newsletter_without_history_has_no_charts(editor: Client) -> None:
    assert "Over time" not in editor.get("/desk/n/kinaforum/").content.decode()


def test_sources_show_their_last_days(editor: Client) -> None:
    source, today = make.source(), timezone.now().astimezone(UTC).date()
    for days, tries, failures in ((0, 4, 0), (1, 4, 4), (2, 4, 1), (45, 4, 4)):
        SourceDay.objects.create(source=source, day=today - timedelta(days=days), tries=tries, failures=failures)
    page = editor.get("/desk/sources/").content.decode()
    assert "OK on 1 of 3 days" in page
    assert "4 of 4 checks failed" in page
    assert [page.count(f'<rect class="{state}"') for state in ("ok", "some", "failed", "none")] == [1, 1, 1, 27]


def test_each_edition_of_several_newsletters_has_those_who_left_after_it() -> None:
    first = _sent()
    first.refresh_from_db()
    other = Edition.objects.create(
        newsletter="daily",
        period="2026-01-25",
        since=first.since,
        until=first.until,
        began_at=first.began_at,
        created_at=make.NOW,
        refreshed_at=make.NOW,
    )
    for number, (newsletter, days) in enumerate((("kinaforum", 9), ("kinaforum", 4), ("kinaforum", 2), ("daily", 8))):
        _subscribe(number, 30, days)
        Subscription.objects.filter(subscriber__key=f"reader{number}@example.org").update(newsletter=newsletter)
    assert unsubscribed([first, other]) == {first.pk: 2, other.pk: 1}
    Edition.objects.create(
        newsletter="kinaforum",
        period="letter-2026-01-28",
        since=first.since,
        until=first.until,
        began_at=make.NOW - timedelta(days=5),
        created_at=make.NOW,
        refreshed_at=make.NOW,
    )
    assert unsubscribed([first, other]) == {first.pk: 1, other.pk: 1}
