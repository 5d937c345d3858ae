"""A blog whose newsletter is scheduled."""

import pytest

from newsletter import config
from newsletter.scheduling.schedule import tick
from tests.doubles.feeds import Blog, article, collected_from
from tests.factories import DAY, HOUR, NOW, SOURCE, configured


@pytest.fixture
def blog(monkeypatch: pytest.MonkeyPatch) -> Blog:
    """The newsletter's blog, with one article of yesterday. It was read once, and its editions are scheduled."""
    blog = Blog(SOURCE)
    collected_from(blog, monkeypatch)
    blog.articles.append(article("a", NOW - DAY))
    configured()
    tick(config.current(), NOW - 2 * HOUR)
    return blog
