"""A source that is removed and added again later begins as one that is added then, judged by the emails."""

import pytest

from newsletter import config
from newsletter.collecting.collect import collect
from newsletter.config import SourceSettings
from newsletter.feeds import SourceReading
from tests.factories import DAY, NOW, SOURCE, found, reading
from tests.sending.emailed import Newsletter

pytestmark = pytest.mark.django_db

OTHER = "https://other.example/feed"


@pytest.mark.parametrize(
    ("editions", "missed"),
    [(3, ["other0", "other1", "other2"]), (0, [])],
    ids=["editions were sent without it", "it was removed for a moment"],
)
def test_only_what_is_newer_than_the_last_edition_comes_of_a_source_that_was_removed(
    editions: int, missed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = Newsletter(NOW - 60 * DAY)
    listed = {SOURCE: [found("own", NOW + DAY)], OTHER: [found("other", NOW + DAY)]}

    def read(source: SourceSettings, *_: object, **__: object) -> SourceReading:
        there = [post for post in listed[source.url] if post.published and post.published <= paper.now]
        return reading(*there)

    def look(*sources: str) -> None:
        paper.configure("week", sources=sources)
        collect(config.current(), now=paper.now)

    monkeypatch.setattr("newsletter.collecting.collect.read", read)
    look(SOURCE, OTHER)
    paper.now = NOW + 2 * DAY
    paper.subscribe("r")
    look(SOURCE, OTHER)
    paper.send()
    for number in range(3):
        listed[SOURCE].append(found(f"own{number}", paper.now + 3 * DAY))
        listed[OTHER].append(found(f"other{number}", paper.now + 3 * DAY))
        paper.wait(days=7)
        look(SOURCE)
        if number < editions:
            paper.send()
    listed[OTHER].append(found("new", paper.now))
    paper.wait(days=1)
    look(SOURCE, OTHER)
    paper.send()
    expected = {"own", "other", "own0", "own1", "own2", "other0", "other1", "other2", "new"} - set(missed)
    assert sorted(paper.mailed["r"]) == sorted(expected)
