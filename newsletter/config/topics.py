"""`[newsletters.NAME.topics]`: topics of a newsletter that its readers pick from."""

import re
from collections.abc import Collection, Mapping
from dataclasses import field

from pydantic.dataclasses import dataclass

from newsletter.config.fields import RULES, Text, Words
from newsletter.config.values import InvalidValue
from newsletter.messages import configuration as messages

TOPIC_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True, kw_only=True, config=RULES)
class Topic:
    """Has the posts with one of the categories, from one of the sources, or with one of the words in title or text."""

    title: Text = ""
    categories: Words = field(default=())
    sources: Words = field(default=())
    words: Words = field(default=())


def combinations(topics: int) -> int:
    """Return in how many ways readers can pick from this many topics, with none picked as one of them."""
    return int(2**topics)


def check_topics(topics: Mapping[str, Topic], sources: Collection[str], maximum: int) -> None:
    """Raise InvalidValue if a topic can't have posts, or if readers could pick too many combinations."""
    for name, topic in topics.items():
        if not TOPIC_NAME.fullmatch(name):
            raise InvalidValue(messages.TOPIC_NAME(name=name))
        if not (topic.categories or topic.sources or topic.words):
            raise InvalidValue(messages.TOPIC_WITHOUT_POSTS(name=name))
        if unknown := next((url for url in topic.sources if url not in sources), None):
            raise InvalidValue(messages.TOPIC_SOURCE(name=name, url=unknown))
    if topics and combinations(len(topics)) > maximum:
        raise InvalidValue(
            messages.TOO_MANY_TOPICS(count=len(topics), combinations=combinations(len(topics)), maximum=maximum)
        )
