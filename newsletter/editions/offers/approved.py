"""What subscribers are offered by an approved edition, whatever became of the topics since it was approved."""

from collections.abc import Callable, Mapping, Sequence, Set

from newsletter import config
from newsletter.domain.offers import Offer, offer
from newsletter.domain.ordinals import Ordinals
from newsletter.domain.picks import ALL, wants
from newsletter.editions.offers.groups import SubscriberGroup, minimum_of
from newsletter.models import Edition, EditorChoice, Post

OfferTo = Callable[[SubscriberGroup], Offer]
"""What a group of subscribers is offered."""


def offers_of(edition: Edition, newsletter: config.Newsletter) -> OfferTo:
    """Return what each group of subscribers is offered by an approved edition.

    Editors may configure, rename, regroup or remove topics while it waits. So a post is in the topics that it had when
    the edition was approved, and in those that it has by the configuration in force: nobody misses a post that they
    want by either. The topics of a page that an editor added are unknown until a source lists it. Until then it remains
    due for those who picked topics.
    """
    candidates, minimum = edition.candidate_ordinals, minimum_of(edition, newsletter)
    topics, pages = _topics(edition, newsletter)
    chosen = edition.entries.filter(included=True, choice=EditorChoice.IN)
    by_name = Ordinals.of(chosen.values_list("post__ordinal", flat=True))

    def offer_to(group: SubscriberGroup) -> Offer:
        picks = group.picks if group.topics else ALL  # those of topics that were removed count, too
        remaining = Ordinals.of(page for page in pages if not wants(picks, topics[page]))
        return offer(candidates - remaining, group.had, picks, topics, minimum, by_name)

    return offer_to


def _topics(edition: Edition, newsletter: config.Newsletter) -> tuple[Mapping[int, Set[str]], Sequence[int]]:
    """Return the topics of an approved edition's candidates by their ordinals, and those that are pages; none if no
    topics are configured.
    """
    if not newsletter.topics or not edition.candidates:
        return {}, ()
    # Imported here, because sending processes need the reading of HTML only for this.
    from newsletter.editions.selection.post_topics import topics_of

    keys = [post for _ordinal, post, _names in edition.candidates]
    posts = Post.objects.prefetch_related("listings__source").in_bulk(keys)
    now = {key: topics_of(post, newsletter) for key, post in posts.items()}
    topics = {ordinal: now.get(post, frozenset()) | set(names) for ordinal, post, names in edition.candidates}
    return topics, [ordinal for ordinal, key, _names in edition.candidates if key in posts and posts[key].is_page]
