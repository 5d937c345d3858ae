"""The candidates of an approved edition as they were when it was approved, for variants that are rendered later."""

import zlib
from collections.abc import Iterable, Sequence

from django.core import serializers

from newsletter.editions.render_cache import cached, values_of
from newsletter.models import Edition, EditionPost, Post


def pack(posts: Sequence[Post]) -> bytes:
    """Return posts as they are now, as compressed JSON."""
    key, source = ("locked posts", tuple(post.pk for post in posts)), [values_of(post) for post in posts]
    return cached(key, source, lambda: zlib.compress(serializers.serialize("json", posts).encode()))


def entries_of(edition: Edition, packed: bytes, primary_keys: Iterable[int]) -> list[EditionPost]:
    """Return the entries of an approved edition for some of its candidates, by their primary keys.

    Without a packed content, as for an edition that an earlier version approved, the posts are those of the ledger.
    """
    keys = set(primary_keys)
    entries = {entry.post_id: entry for entry in edition.entries.filter(post__in=keys)}
    posts = {post.pk: post for post in Post.objects.filter(pk__in=keys)} | (_unpacked(packed) if packed else {})
    chosen = []
    for key in keys & posts.keys():
        entry = entries.get(key) or EditionPost(edition=edition, post_id=key, included=True)
        entry.included, entry.post = True, posts[key]
        chosen.append(entry)
    return chosen


def _unpacked(packed: bytes) -> dict[int, Post]:
    rows = serializers.deserialize("json", zlib.decompress(packed).decode(), ignorenonexistent=True)
    return {row.object.pk: row.object for row in rows if isinstance(row.object, Post)}
