"""Which topics a post is in."""

import pytest

from newsletter.config import Topic
from newsletter.editions.selection.post_topics import topics_of
from tests.factories import SOURCE, collected, configured, found, kinaforum, post

pytestmark = pytest.mark.django_db
OTHER = "https://other.example/feed"


@pytest.mark.parametrize(
    ("topic", "fields", "inside"),
    [
        (Topic(categories=("Film",)), {"categories": ("film", "Oslo")}, True),
        (Topic(categories=("Film",)), {"categories": ("Filmmusic",)}, False),
        (Topic(words=("long march",)), {"html": "<p>The Long\nMarch begins.</p>"}, True),
        (Topic(words=("kino",)), {"title": "At the KINO"}, True),
        (Topic(words=("kino",)), {"title": "Kinoteket", "html": ""}, False),
        (Topic(sources=(SOURCE,)), {}, True),
        (Topic(sources=(OTHER,)), {}, False),
        (Topic(sources=(OTHER,), words=("kino",)), {"title": "Kino"}, True),
    ],
)
def test_a_post_is_in_a_topic_by_category_source_or_word(topic: Topic, fields: dict[str, str], *, inside: bool) -> None:
    configured(sources=(SOURCE, OTHER), topics={"film": topic})
    collected(found("a", **fields))
    assert topics_of(post("a"), kinaforum()) == ({"film"} if inside else set())


def test_a_post_can_be_in_several_topics() -> None:
    configured(topics={"a": Topic(words=("text",)), "b": Topic(sources=(SOURCE,)), "c": Topic(words=("other words",))})
    collected(found("a"))
    assert topics_of(post("a"), kinaforum()) == {"a", "b"}
