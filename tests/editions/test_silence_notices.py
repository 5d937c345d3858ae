"""Editors are told when a source goes silent, once, and in one notice however many do."""

from datetime import timedelta

import pytest

from newsletter.collecting import collect as collecting
from newsletter.collecting.collect import collect
from newsletter.config import Config
from newsletter.editions import notices
from newsletter.feeds import SourceReading
from newsletter.messages import sources
from newsletter.messages.general import ABOUT, TEXT
from newsletter.models import Notice
from tests.factories import NOW, configured, found, reading

pytestmark = pytest.mark.django_db

SOURCES = [f"https://blog{n}.example/feed" for n in range(5)]
HALF_AN_HOUR = timedelta(minutes=30)


class Blogs:
    """Stands in for reading sources: all of them answer, or none."""

    def __init__(self) -> None:
        self.answer = True

    def read(self, settings: object, *given: object, **more: object) -> SourceReading:
        url = getattr(settings, "url", "")
        if self.answer:
            return reading(found(url))
        return SourceReading(problems=(TEXT(words=f"{url}: does not answer"),), complete=False)


@pytest.fixture
def blogs(monkeypatch: pytest.MonkeyPatch) -> Blogs:
    blogs = Blogs()
    monkeypatch.setattr(collecting, "read", blogs.read)
    return blogs


def told_after(configuration: Config, *halves: int) -> list[int]:
    """The number of notices after collecting at each of these half hours."""
    counts = []
    for half in halves:
        now = NOW + half * HALF_AN_HOUR
        notices.tell_of_sources(collect(configuration, now=now), now)
        counts.append(Notice.objects.filter(kind=notices.SOURCE).count())
    return counts


def test_after_an_hour_and_once_until_it_answered_again(blogs: Blogs) -> None:
    configuration = configured(SOURCES[:1])
    assert told_after(configuration, 0) == [0]
    blogs.answer = False
    assert told_after(configuration, 1, 2, 3, 4, 60, 120) == [0, 1, 1, 1, 1, 1]
    blogs.answer = True
    assert told_after(configuration, 121) == [1]
    blogs.answer = False
    assert told_after(configuration, 122, 123, 124) == [1, 2, 2]


def test_at_the_first_try_for_a_source_that_never_answered(blogs: Blogs) -> None:
    blogs.answer = False
    assert told_after(configured(SOURCES[:1]), 0, 1, 2, 50) == [1, 1, 1, 1]


def test_many_are_one_notice_that_names_a_few(blogs: Blogs) -> None:
    blogs.answer = False
    assert told_after(configured(SOURCES), 0) == [1]
    text = str(Notice.objects.get().text)
    assert text.startswith("5 sources can't be read any more, among them: ")
    assert [url in text for url in SOURCES] == [True, True, True, False, False]


def test_it_is_posted() -> None:
    assert {notices.SOURCE, notices.UNKNOWN} <= set(notices.POSTED)


def test_of_a_source_that_is_gone_for_good_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not read again, so that an hour later there would be no try at which to tell."""
    configuration = configured(SOURCES[:1])
    gone = ABOUT(subject=SOURCES[0], message=sources.GONE())
    answers = [reading(found("a")), SourceReading(problems=(gone,), stop=True, complete=False)]
    monkeypatch.setattr(collecting, "read", lambda *_, **__: answers.pop(0))
    assert told_after(configuration, 0, 1, 2, 60) == [0, 1, 1, 1]
    assert str(Notice.objects.get().text) == (f"{SOURCES[0]}: gone permanently (410); remove it from the sources")
