"""A blog whose newsletter is scheduled."""

import pytest

from newsletter import config
from newsletter.scheduling.schedule import tick
from tests.doubles.feeds import Blog, Web, article
from tests.factories import DAY, HOUR, NOW, SOURCE, configured


@pytest.fixture
def blog(monkeypatch: pytest.MonkeyPatch) -> Blog:
    """The newsletter's blog, with one article of yesterday. It was read once, and its editions are scheduled."""
    blog = Blog(SOURCE)
    web = Web({SOURCE: blog})
    monkeypatch.setattr("newsletter.collecting.collect.read", web.read)
    monkeypatch.setattr("newsletter.editions.selection.link_check.missing", lambda *_, **__: frozenset())
    blog.articles.append(article("a", NOW - DAY))
    configured()
    tick(config.current(), NOW - 2 * HOUR)
    return blog
