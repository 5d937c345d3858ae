"""Readers of the state machine in test_readers_choose.py, followed with sets of posts; they know no marks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.config import Topic
from newsletter.editions.approved_content import unpack
from newsletter.models import Edition, EditionPost, Post, Variant

CATEGORIES = ("film", "books", "music")
Meaning = Mapping[str, frozenset[str]]
"""The categories of each topic that is configured."""


@dataclass(eq=False)
class Reader:
    """A reader; `owed` has the posts that were published since and are wanted, and `got` those of emails.

    `earlier` has the topics before each change, with its time.
    """

    key: int
    cadence: str
    topics: set[str]
    earlier: list[tuple[datetime, set[str]]] = field(default_factory=list)
    owed: set[str] = field(default_factory=set)
    got: list[str] = field(default_factory=list)
    active: bool = True
    paused: bool = False

    def wants(self, categories: set[str], meaning: Meaning, at: datetime) -> bool:
        """Return whether the reader wants a post in these categories, by what was picked at a time.

        Topics that are not configured are ignored.
        """
        picked = next((before for changed, before in self.earlier if changed > at), self.topics) & set(meaning)
        return not picked or any(categories & meaning[topic] for topic in picked)


def topics_of(meaning: Meaning) -> dict[str, Topic]:
    """Return the topics as they are configured."""
    return {name: Topic(categories=tuple(sorted(categories))) for name, categories in meaning.items()}


def name_of(post: Post) -> str:
    """Return the short name of a post."""
    return post.url.rpartition("/")[2].removesuffix(".html")


def names_of(posts: list[int]) -> list[str]:
    """Return the short names of posts by their primary keys."""
    return [name_of(post) for post in Post.objects.filter(pk__in=posts)]


def covered(edition: Edition) -> set[str]:
    """Return the posts up to the end of an edition."""
    return {name_of(post) for post in Post.objects.filter(number__lte=edition.end or 0)}


def is_periodic(edition: Edition) -> bool:
    """Return whether an edition belongs to the series of its cadence; letters and corrections don't."""
    return not edition.standalone and edition.corrects_id is None


def passed(edition: Edition) -> set[str]:
    """Return the posts that are not owed any more to a reader for whom an edition was not meant, or who is paused."""
    if is_periodic(edition):
        return covered(edition)
    letter = EditionPost.objects.filter(edition=edition, included=True).values_list("post_id", flat=True)
    return set(names_of(list(letter)))


def posts_in(edition: Edition, email: object) -> list[str]:
    """Return the posts of an email of an edition, by the variant that it is."""
    for variant in Variant.objects.filter(edition=edition).exclude(segments=b""):
        if unpack(bytes(variant.segments)) == email:
            return names_of(variant.posts)
    return names_of(list(edition.entries.filter(included=True).values_list("post_id", flat=True)))
