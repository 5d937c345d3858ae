"""Topics that editors configure, rename, regroup or remove while an approved edition waits, judged by emails."""

from dataclasses import replace

import pytest

from newsletter import config
from newsletter.config import Topic
from newsletter.editions import approval, draft
from newsletter.editions.variants import listing
from newsletter.models import Edition, Post
from subscribers import preferences
from subscribers.models import Subscription
from tests.factories import DAY, NOW, found, kinaforum
from tests.sending.emailed import Newsletter

pytestmark = pytest.mark.django_db
FILM, BOOKS = Topic(categories=("film",)), Topic(categories=("books",))
EVERYTHING = ["books", "essay", "film", "later", "laterbooks", "laterfilm"]


@pytest.fixture
def paper() -> Newsletter:
    """Return a weekly newsletter without topics, with a post about film, one about books and one about neither."""
    paper = Newsletter(NOW - 60 * DAY)
    paper.configure()
    paper.read()
    paper.now = NOW
    paper.subscribe("all")
    for name in ("film", "books"):
        paper.listed[name] = found(name, paper.now, categories=(name,))
    paper.publish("essay")
    return paper


def approved(paper: Newsletter) -> Edition:
    made = draft.make(config.current(), kinaforum(), now=paper.now, read_sources=False)
    edition = approval.approve(config.current(), made, now=paper.now)
    paper.wait(hours=1)
    return edition


def join(paper: Newsletter, name: str, *topics: str) -> None:
    paper.subscribe(name)
    Subscription.objects.filter(pk=paper.subscription(name).pk).update(topics=",".join(topics))


def sent(paper: Newsletter, edition: Edition) -> dict[str, list[str]]:
    """Send an edition, then one with a post about each topic; return what each subscriber got in all.

    The first one has the numbers of posts that the desk said before.
    """
    expected = listing.post_counts(config.current(), edition, Subscription.objects.all())
    paper.deliver(edition)
    assert sorted({len(posts) for posts in paper.mailed.values() if posts}) == expected
    paper.wait(days=7)
    for name in ("film", "books"):
        paper.listed[f"later{name}"] = found(f"later{name}", paper.now, categories=(name,))
    paper.publish("later")
    paper.send()
    return {name: sorted(posts) for name, posts in paper.mailed.items()}


def test_topics_are_configured_for_the_first_time(paper: Newsletter) -> None:
    edition = approved(paper)
    paper.configure(topics={"film": FILM, "books": BOOKS})
    join(paper, "fan", "film")
    join(paper, "reader", "film", "books")
    preferences.choose_topics(paper.subscription("all"), ["books"], paper.now)
    assert sent(paper, edition) == {
        "all": ["books", "essay", "film", "laterbooks"],
        "fan": ["film", "laterfilm"],
        "reader": ["books", "film", "laterbooks", "laterfilm"],
    }


def test_a_topic_is_renamed(paper: Newsletter) -> None:
    paper.configure(topics={"film": FILM, "books": BOOKS})
    join(paper, "fan", "film")
    join(paper, "both", "film", "books")
    edition = approved(paper)
    paper.configure(topics={"cinema": FILM, "books": BOOKS})
    join(paper, "new", "cinema")
    assert sent(paper, edition) == {
        "all": EVERYTHING,
        "fan": EVERYTHING,
        "both": ["books", "film", "laterbooks"],
        "new": ["film", "laterfilm"],
    }


def test_topics_are_regrouped(paper: Newsletter) -> None:
    """A subscriber gets what is in the topics that they picked as it was approved, and as it is configured now."""
    paper.configure(topics={"film": FILM, "books": BOOKS})
    join(paper, "fan", "film")
    edition = approved(paper)
    paper.configure(topics={"film": replace(BOOKS, words=("essay",)), "books": FILM})
    join(paper, "new", "books")
    got = sent(paper, edition)
    assert got["fan"] == ["books", "essay", "film", "laterbooks"]
    assert got["new"] == ["books", "film", "laterfilm"]


@pytest.mark.parametrize("left", [{}, {"film": FILM}])
def test_topics_are_removed(paper: Newsletter, left: dict[str, Topic]) -> None:
    paper.configure(topics={"film": FILM, "books": BOOKS})
    join(paper, "fan", "film")
    join(paper, "reader", "books")
    join(paper, "both", "film", "books")
    edition = approved(paper)
    paper.configure(topics=left)
    got = sent(paper, edition)
    assert got["reader"] == EVERYTHING
    assert got["fan"] == (["film", "laterfilm"] if left else EVERYTHING)
    assert got["both"] == (["books", "film", "laterfilm"] if left else EVERYTHING)


def test_a_topic_is_added(paper: Newsletter) -> None:
    paper.configure(topics={"film": FILM})
    join(paper, "fan", "film")
    edition = approved(paper)
    paper.configure(topics={"film": FILM, "books": BOOKS})
    join(paper, "new", "books")
    got = sent(paper, edition)
    assert (got["fan"], got["new"]) == (["film", "laterfilm"], ["books", "laterbooks"])


def test_a_variant_that_was_not_foreseen_has_what_was_approved(paper: Newsletter) -> None:
    edition = approved(paper)
    paper.configure(topics={"film": FILM})
    join(paper, "fan", "film")
    Post.objects.filter(title="Post film").update(html="<p>This is the text of another, which nobody approved.</p>")
    paper.deliver(edition)
    assert paper.mailed["fan"] == ["film"]
