"""What a source has whose first reading succeeds only after an edition was sent without it, judged by the emails."""

import pytest

from newsletter import config
from newsletter.config import SourceSettings
from newsletter.editions import approval, draft
from newsletter.editions.selection import link_check
from newsletter.editions.selection.windows import RequestedWindow
from newsletter.feeds import SourceReading
from newsletter.messages.sources import STOPPED
from tests.factories import DAY, NOW, SOURCE, configured, found, kinaforum, reading
from tests.sending.emailed import Newsletter

pytestmark = pytest.mark.django_db

OTHER = "https://other.example/feed"


@pytest.mark.parametrize("tried", [True, False], ids=["could not be read", "was not configured"])
def test_an_edition_without_a_source_that_could_not_be_read_leaves_its_posts_to_the_next(
    tried: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = Newsletter(NOW - 60 * DAY)
    listed = {SOURCE: [found("own", NOW - DAY)], OTHER: [found("before", NOW - DAY), found("since", NOW + 5 * DAY)]}
    up = {SOURCE}

    def read(source: SourceSettings, *_: object, **__: object) -> SourceReading:
        there = [post for post in listed[source.url] if post.published and post.published <= paper.now]
        return reading(*there) if source.url in up else reading(problems=(STOPPED(),))

    def send(*sources: str) -> None:
        configured(sources, period="week", minimum_posts=1)
        window = RequestedWindow(until=paper.now)
        edition = draft.make(config.current(), kinaforum(), window, now=paper.now)
        paper.deliver(approval.approve(config.current(), edition, now=paper.now))

    monkeypatch.setattr("newsletter.collecting.collect.read", read)
    monkeypatch.setattr(link_check, "missing", lambda *_, **__: frozenset())
    paper.configure("week")
    paper.read()
    paper.now = NOW
    paper.subscribe("r")
    send(SOURCE)
    listed[SOURCE] += [found("second", NOW + 6 * DAY), found("third", NOW + 8 * DAY)]
    paper.wait(days=7)
    send(SOURCE, *([OTHER] if tried else []))
    paper.wait(days=2)
    up.add(OTHER)
    send(SOURCE, OTHER)
    assert sorted(paper.mailed["r"]) == sorted(["own", "second", "third", *(["since"] if tried else [])])
