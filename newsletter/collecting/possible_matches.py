"""Read the posts of the ledger that the posts of a reading could be."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import TypeVar

from newsletter.collecting.comparison import A_DAY, is_comparable
from newsletter.domain.found_post import FoundPost
from newsletter.feeds.html.markup import text_of
from newsletter.feeds.identity import letters, link_key, text_key
from newsletter.models import Listing, Post, Source

MOST_KEYS = 500
"""How many keys one statement names."""

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class PossibleMatches:
    """The posts of a newsletter with the address, title, text, id or date of found posts, read for all of them at once.

    `known` has the primary keys of posts that are none of these. The listings of sources count whose addresses are
    `configured`; this reading of `source` `reached` back so far.

    `redated` has the primary keys of posts by the date that a source gave them last, if the ledger has another one;
    `listed`, those of posts that this source has listed; `gone`, of those that no source lists any more: in this
    reading they would have to be, and are not.
    """

    def __init__(
        self,
        source: Source,
        found_posts: Sequence[FoundPost],
        known: Collection[int],
        configured: Collection[str],
        reached: datetime | None,
    ) -> None:
        self._source, self._configured = source, configured
        self._ledger = Post.objects.filter(newsletter=source.newsletter)
        self.with_id_elsewhere = defaultdict[str, set[int]](set)
        self.redated = defaultdict[datetime | None, set[int]](set)
        keys = {key for batch in batches(found_posts) for key in self._keys(batch)}
        self.by_key: dict[int, Post] = {}
        self.listed: set[int] = set()
        kept: set[int] = set()
        for batch in batches(sorted(keys.difference(known))):
            self.by_key |= self._ledger.in_bulk(batch)
            listings = Listing.objects.filter(post__in=batch)
            for key, lister, url, gone_at in listings.values_list("post_id", "source_id", "source__url", "gone_at"):
                if lister == source.pk:
                    self.listed.add(key)
                published = self.by_key[key].published
                reaches = reached is not None and (published is None or published > reached)
                if gone_at is None and url in configured and not (reaches and lister == source.pk):
                    kept.add(key)
        posts = [self.by_key[key] for key in sorted(self.by_key)]
        self.gone = {post.pk for post in posts if post.gone_at is not None or post.pk not in kept}
        self.by_link = _grouped(posts, lambda post: post.link_key)
        self.by_text_key = _grouped(posts, lambda post: post.text_key)
        self.by_title = _grouped(posts, lambda post: title_key(post.title))
        self.by_title_and_day = _grouped(posts, lambda post: (title_key(post.title), day_of(post.published)))
        gone = (post for post in posts if post.pk in self.gone)
        self.gone_by_text = _grouped(gone, lambda post: letters(text_of(post.html or post.summary)))

    def _keys(self, found_posts: Sequence[FoundPost]) -> set[int]:
        """Return the primary keys of the posts that some found posts could be."""
        listings = Listing.objects.filter(source__newsletter=self._source.newsletter)
        elsewhere = listings.filter(uid__in=[post.uid for post in found_posts]).exclude(source=self._source)
        for uid, key in elsewhere.values_list("uid", "post_id"):
            self.with_id_elsewhere[uid].add(key)
        dates = [post.published for post in found_posts if post.published is not None]
        with_date = listings.filter(published__in=dates)
        for at, key, dated_before in with_date.values_list("published", "post_id", "post__published"):
            if at != dated_before:
                self.redated[at].add(key)
        links = {link_key(post.url) for post in found_posts if post.url}
        texts = {text_key(post.title, post.html) for post in found_posts} - {""}
        titles = {post.title for post in found_posts if post.title and not is_comparable(post)}
        return set[int]().union(
            *self.with_id_elsewhere.values(),
            *self.redated.values(),
            self._ledger.filter(link_key__in=links).values_list("pk", flat=True),
            self._ledger.filter(text_key__in=texts).values_list("pk", flat=True),
            self._ledger.filter(title__in=titles).values_list("pk", flat=True),
            self._keys_by_date({title_key(post.title) for post in found_posts}, dates) if dates else (),
        )

    def _keys_by_date(self, titles: Collection[str], dates: Sequence[datetime]) -> set[int]:
        """Return the primary keys of posts from about the same time that have such a title, or may be gone."""
        near = self._ledger.filter(published__range=(min(dates) - A_DAY, max(dates) + A_DAY))
        there = near.filter(gone_at=None)
        listings = Listing.objects.filter(post__in=there, gone_at=None).exclude(source=self._source)
        kept = {key for key, url in listings.values_list("post_id", "source__url") if url in self._configured}
        posts = near.values_list("pk", "title")
        return {key for key, title in posts if key not in kept or title_key(title) in titles}


def batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield as many values at a time as one statement names."""
    return (values[start : start + MOST_KEYS] for start in range(0, len(values), MOST_KEYS))


def title_key(title: str) -> str:
    """Return what posts of the same title have in common, whatever its punctuation."""
    return letters(title) or title


def day_of(at: datetime | None) -> date | None:
    """Return the day of an instant in UTC."""
    return at and at.astimezone(UTC).date()


def _grouped(posts: Iterable[Post], key: Callable[[Post], K]) -> defaultdict[K, list[Post]]:
    groups = defaultdict[K, list[Post]](list)
    for post in posts:
        groups[key(post)].append(post)
    return groups
