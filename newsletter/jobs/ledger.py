"""From a source's reading to the ledger: which posts are new, which are known again, which are gone.

Promises: a post is one row of its newsletter however many sources list it, under whatever ids; a row is never deleted;
a reading is stored whole or not at all.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from newsletter import config
from newsletter.feeds import Reading
from newsletter.feeds.identity import content_hash, link_key, text_key
from newsletter.mail import FoundPost
from newsletter.models import Listing, Post, Source


@dataclass(frozen=True, slots=True)
class Stored:
    """How many posts a reading brought: new ones, and known ones whose text differs now."""

    new: int = 0
    changed: int = 0


def source_row(newsletter: str, url: str) -> Source:
    """The row of a configured source, made at its first collection."""
    return Source.objects.get_or_create(newsletter=newsletter, url=url)[0]


def store(source: Source, settings: config.Source, reading: Reading, now: datetime) -> Stored:
    """Put a reading into the ledger, and what it says of its source beside it."""
    with transaction.atomic():
        source = Source.objects.select_for_update().get(pk=source.pk)
        first = source.first_read_at is None
        stored = _store_posts(source, settings, reading, now) if reading.posts else Stored()
        _mark_gone(source, reading, now)
        _remember(source, reading, now, first=first)
    return stored


def _store_posts(source: Source, settings: config.Source, reading: Reading, now: datetime) -> Stored:
    known = _Known(source, reading.posts)
    new = changed = 0
    for found in reading.posts:
        post = known.find(found)
        if post is None:
            post = _add(source, settings, found, now)
            new += 1
        elif post.content_hash != content_hash(found):
            _bring_up_to_date(post, settings, found, now)
            changed += 1
        elif post.gone_at:
            Post.objects.filter(pk=post.pk).update(gone_at=None)
        known.add(found, post, now)
    return Stored(new, changed)


class _Known:
    """The posts that this newsletter knows already, looked up as a reading is gone through.

    A post is known by this source's id; else by its link, its title and text, or its title and instant, but then only
    if this source does not list it under another id at the same time: two posts of one source are two.
    """

    def __init__(self, source: Source, posts: Iterable[FoundPost]) -> None:
        self.source = source
        uids = [p.uid for p in posts]
        self.listings = {x.uid: x for x in source.listings.filter(uid__in=uids).select_related("post")}
        self.taken = {x.post_id for x in self.listings.values()}

    def find(self, found: FoundPost) -> Post | None:
        if listing := self.listings.get(found.uid):
            return listing.post
        posts = Post.objects.filter(newsletter=self.source.newsletter).exclude(pk__in=self.taken).order_by("pk")
        if post := posts.filter(link_key=link_key(found.url)).first() if found.url else None:
            return post
        if (key := text_key(found.title, found.html)) and (post := posts.filter(text_key=key).first()):
            return post
        if found.title and found.published:
            return posts.filter(title=found.title, published=found.published).first()
        return None

    def add(self, found: FoundPost, post: Post, now: datetime) -> None:
        self.listings[found.uid] = Listing.objects.update_or_create(
            source=self.source, uid=found.uid, defaults={"post": post, "last_seen": now, "gone_at": None}
        )[0]
        self.taken.add(post.pk)


def _fields(settings: config.Source, found: FoundPost) -> dict[str, object]:
    offset = found.published.utcoffset() if found.published else None
    return {
        "url": found.url,
        "link_key": link_key(found.url),
        "text_key": text_key(found.title, found.html),
        "content_hash": content_hash(found),
        "title": found.title,
        "html": found.html,
        "summary": found.summary,
        "author": found.author,
        "categories": list(found.categories),
        "language": settings.language or found.language,
        "image": asdict(found.image) if found.image else None,
        "dropped": dict(found.dropped),
        "published": found.published,
        "published_offset": int(offset.total_seconds() // 60) if offset else 0,
        "updated": found.updated,
    }


def _add(source: Source, settings: config.Source, found: FoundPost, now: datetime) -> Post:
    return Post.objects.create(
        newsletter=source.newsletter,
        first_seen=now,
        changed_at=now,
        was_there_before=_was_there_before(source, found, now),
        **_fields(settings, found),
    )


def _was_there_before(source: Source, found: FoundPost, now: datetime) -> bool:
    """At the first reading everything was, but for what is dated ahead; later, what is older than that one reached."""
    if found.published is not None and found.published >= (source.first_read_at or now):
        return False
    if source.first_read_at is None:
        return True
    if found.published is None:
        return False
    return source.first_reached_back_to is None or found.published < source.first_reached_back_to


def _bring_up_to_date(post: Post, settings: config.Source, found: FoundPost, now: datetime) -> None:
    """The newest text counts; a date that a source stops giving is kept."""
    fields = _fields(settings, found)
    if found.published is None:
        del fields["published"], fields["published_offset"]
    Post.objects.filter(pk=post.pk).update(changed_at=now, gone_at=None, **fields)


def _mark_gone(source: Source, reading: Reading, now: datetime) -> None:
    """What the listing reached back past, and does not show, is no longer listed; listed nowhere, a post is gone."""
    if reading.reached_back_to is None or reading.not_modified:
        return
    missing = source.listings.filter(gone_at=None, post__published__gt=reading.reached_back_to)
    missing = missing.exclude(uid__in=[p.uid for p in reading.posts]).exclude(post__listings__last_seen=now)
    posts = list(missing.values_list("post_id", flat=True))
    missing.update(gone_at=now)
    still = Listing.objects.filter(post_id__in=posts, gone_at=None).values("post_id")
    Post.objects.filter(pk__in=posts, gone_at=None).exclude(pk__in=still).update(gone_at=now)


def _remember(source: Source, reading: Reading, now: datetime, *, first: bool) -> None:
    source.tried_at = now
    source.memory = asdict(reading.memory)
    source.kind = reading.kind or source.kind
    source.title = reading.title or source.title
    source.stopped = reading.stop
    source.retry_at = now + reading.retry_after if reading.retry_after else None
    read = bool(reading.posts) or reading.not_modified or not reading.problems
    source.problem = "" if read else reading.problems[0]
    source.notes = list(reading.problems) if read else []
    if read:
        source.read_at = now
        source.reached_back_to = _in_the_years(reading.reached_back_to) or source.reached_back_to
    if read and first:
        source.first_read_at = now
        source.first_reached_back_to = _in_the_years(reading.reached_back_to)
    source.save()


def _in_the_years(at: datetime | None) -> datetime | None:
    """A listing that was read to its end reached back to the year 1, which a local time zone can't always show."""
    return max(at, datetime(1900, 1, 1, tzinfo=at.tzinfo)) if at else None
