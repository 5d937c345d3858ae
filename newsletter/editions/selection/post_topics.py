"""Which topics of a newsletter a post is in, by its categories, its sources and its words."""

from newsletter import config
from newsletter.editions.selection.rules import has_word
from newsletter.feeds.html.markup import text_of
from newsletter.models import Post


def topics_of(post: Post, newsletter: config.Newsletter) -> frozenset[str]:
    """Return the names of the topics that a post is in. Its listings with their sources should be prefetched."""
    if not newsletter.topics:
        return frozenset()
    categories = {category.casefold() for category in post.categories}
    sources = {listing.source.url for listing in post.listings.all()}
    text = text_of(post.html or post.summary) if any(topic.words for topic in newsletter.topics.values()) else ""
    return frozenset(
        name
        for name, topic in newsletter.topics.items()
        if categories & {category.casefold() for category in topic.categories}
        or sources & set(topic.sources)
        or has_word(topic.words, post.title, text)
    )
