"""Store readings in the ledger: new posts, known posts and posts that are gone.

A post is one row of its newsletter, however many sources list it and under whatever ids. Rows are never deleted.
A reading is stored completely or not at all.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import F, Q

from newsletter import config
from newsletter.collecting import gaps, since_restore
from newsletter.collecting.possible_matches import MOST_KEYS
from newsletter.collecting.recognition import KnownPosts
from newsletter.domain.found_post import FoundPost
from newsletter.feeds import SourceReading
from newsletter.feeds.identity import content_hash, link_key, text_key
from newsletter.feeds.model import EVERYTHING
from newsletter.messages import Message, sources as messages
from newsletter.messages.general import ABOUT
from newsletter.messages.posts import OUTSIDE
from newsletter.models import HOLDING, Edition, EditionPost, Listing, Numbering, Post, Source, SourceDay
from newsletter.models.post import NOT_LISTED
from newsletter.models.source import PUSHED

_BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stored:
    """The numbers of new posts in a reading, and of known posts whose content has changed; why it could not be read."""

    new: int = 0
    changed: int = 0
    problem: Message | None = None


def source_row(newsletter: str, url: str) -> Source:
    """Return the row of a configured source, created when it is first collected."""
    return Source.objects.get_or_create(newsletter=newsletter, url=url)[0]


def note_removed(newsletter: str, configured: Collection[str], now: datetime) -> None:
    """Store which sources of a newsletter are configured no longer."""
    present = Source.objects.filter(newsletter=newsletter, removed_at=None)
    present.exclude(url__in=[*configured, PUSHED]).update(removed_at=now)


def store(
    source: Source,
    settings: config.SourceSettings,
    reading: SourceReading,
    now: datetime,
    configured: Collection[str] = (),
) -> Stored:
    """Store the posts of a reading, and the state of its source; `configured` are the newsletter's sources."""
    reading = replace(reading, posts=_without_repetitions(reading.posts))
    with transaction.atomic():
        source = Source.objects.select_for_update().get(pk=source.pk)
        is_first = source.first_read_at is None or _was_removed(source)
        known_posts = KnownPosts(source, reading, configured)
        if is_first:
            source.first_read_at = known_posts.moved_at(reading.posts, now)
        goes_on = source.first_read_at is not None and (is_first or source.read_at is None)
        undated_before = known_posts.undated_there_before(reading.posts) if goes_on else frozenset()
        stored = _store_posts(source, settings, reading, now, known_posts, undated_before)
        _mark_gone(source, reading, now, configured, replaces=is_first and source.first_read_at is not None)
        gaps.record(source, reading, now)
        _update_source(source, reading, now, is_first=is_first)
    return replace(stored, problem=source.problem)


@transaction.atomic
def push(newsletter: str, post: FoundPost, now: datetime) -> tuple[Post, bool]:
    """Store a post that another program pushes, or its new content if it is known; return it, and whether it is new.

    A source that is never read lists it, so that it follows the same rules as all others. No pushed post counts as
    older than the source, whenever it was published.
    """
    source, _ = Source.objects.get_or_create(
        newsletter=newsletter,
        url=PUSHED,
        defaults={"first_read_at": _BEGINNING, "first_reached_back_to": _BEGINNING, "read_at": now},
    )
    stored = store(source, config.SourceSettings(url=PUSHED), SourceReading(kind=PUSHED, posts=(post,)), now)
    return source.listings.select_related("post").get(uid=post.uid).post, stored.new > 0


def _without_repetitions(posts: Sequence[FoundPost]) -> tuple[FoundPost, ...]:
    """Join posts that are listed again under another id, with the same link, date and text, as under each category."""
    unique: dict[object, FoundPost] = {}
    for post in posts:
        text = (link_key(post.url), post.published, post.title, post.html, post.summary)
        key = text if post.url and post.published else post.uid
        if (first := unique.setdefault(key, post)) is not post:
            unique[key] = replace(first, categories=tuple(dict.fromkeys((*first.categories, *post.categories))))
    return tuple(unique.values())


def _was_removed(source: Source) -> bool:
    """Return whether a source was removed, and an edition was approved since then."""
    if source.removed_at is None:
        return False
    since = Edition.objects.filter(HOLDING, newsletter=source.newsletter, approved_at__gt=source.removed_at)
    return since.filter(standalone=False, corrects=None).exists()


def _store_posts(
    source: Source,
    settings: config.SourceSettings,
    reading: SourceReading,
    now: datetime,
    known_posts: KnownPosts,
    undated_before: Collection[str],
) -> Stored:
    new: list[Post] = []
    changed = 0
    for found_post in reading.posts:
        post = known_posts.find(found_post)
        if post is None or post.content_hash == NOT_LISTED:
            post = _new(source, settings, found_post, now, undated_before, post)
            new.append(post)
        elif post.content_hash != content_hash(found_post) or _has_another_date(post, found_post, now):
            _update(post, settings, found_post, now)
            changed += 1
        elif post.gone_at:
            Post.objects.filter(pk=post.pk).update(gone_at=None)
        if post.first_seen > now:  # the clock was ahead
            Post.objects.filter(pk=post.pk).update(first_seen=now)
        known_posts.add(found_post, post, now)
    if new:
        _save(source, new)
    known_posts.save(now)
    return Stored(len(new), changed)


def _fields(settings: config.SourceSettings, found_post: FoundPost) -> dict[str, object]:
    offset = found_post.published.utcoffset() if found_post.published else None
    return {
        "url": found_post.url,
        "link_key": link_key(found_post.url),
        "text_key": text_key(found_post.title, found_post.html),
        "content_hash": content_hash(found_post),
        "title": found_post.title,
        "html": found_post.html,
        "summary": found_post.summary,
        "author": found_post.author,
        "categories": list(found_post.categories),
        "language": settings.language or found_post.language,
        "image": asdict(found_post.image) if found_post.image else None,
        "partial": found_post.partial,
        "comments_url": found_post.comments_url,
        "dropped": dict(found_post.dropped),
        "published": found_post.published,
        "published_offset": int(offset.total_seconds() // 60) if offset else 0,
        "updated": found_post.updated,
    }


def _new(
    source: Source,
    settings: config.SourceSettings,
    found_post: FoundPost,
    now: datetime,
    undated_before: Collection[str],
    page: Post | None,
) -> Post:
    """Return a new post. If an editor added its `page` to a draft, it is that one from now on, and judged as new."""
    return Post(
        pk=page.pk if page else None,
        ordinal=page.ordinal if page else 0,
        newsletter=source.newsletter,
        first_seen=now,
        changed_at=now,
        was_there_before=_was_there_before(source, found_post, now, undated_before),
        **_fields(settings, found_post),
    )


def _save(source: Source, posts: Sequence[Post]) -> None:
    """Store new posts."""
    added = [post for post in posts if not post.pk]
    if added:
        Numbering.number(source.newsletter, added)
        since_restore.hold_back(source, added)
    pages = [post for post in posts if post.pk]
    Post.objects.bulk_create(added, batch_size=MOST_KEYS)
    for page in pages:
        page.save()
    forget_removals(pages)


def forget_removals(pages: Sequence[Post]) -> None:
    """Forget that editors removed pages that a source lists for the first time: it decided nothing about the posts."""
    removed = EditionPost.objects.filter(post__in=pages, included=False)
    removed.exclude(edition__state="draft").update(reason=OUTSIDE())


def _was_there_before(source: Source, found_post: FoundPost, now: datetime, undated_before: Collection[str]) -> bool:
    """Return whether a post existed before the first reading; `undated_before` has the ids of those without a date that
    did.

    These are all posts of that reading, except ones dated in the future or since a blog moved; later, posts older than
    it reached. An empty listing has reached all posts.
    """
    if found_post.published is not None and found_post.published >= (source.first_read_at or now):
        return False
    if source.first_read_at is None:
        return True
    if found_post.published is None:
        return found_post.uid in undated_before
    return source.first_reached_back_to is None or found_post.published < source.first_reached_back_to


def _update(post: Post, settings: config.SourceSettings, found_post: FoundPost, now: datetime) -> None:
    """Update a post with new content; a date that the source no longer gives is kept."""
    fields = _fields(settings, found_post)
    if found_post.published is None or _is_in_an_edition(post):
        del fields["published"], fields["published_offset"]
    Post.objects.filter(pk=post.pk).update(changed_at=now, gone_at=None, **fields)


def _has_another_date(post: Post, found_post: FoundPost, now: datetime) -> bool:
    """Return whether a post is put off, or comes sooner than it was dated.

    Other changes of a mere date are left: some sources date all their posts at each reading.
    """
    if found_post.published is None or post.published is None or found_post.published == post.published:
        return False
    return max(found_post.published, post.published) > now and not _is_in_an_edition(post)


def _is_in_an_edition(post: Post) -> bool:
    """Return whether an approved edition has a post, whose date is fixed by that."""
    approved = Edition.objects.filter(HOLDING, corrects=None, welcome=None)
    return EditionPost.objects.filter(post=post, included=True, edition__in=approved).exists()


def _mark_gone(
    source: Source, reading: SourceReading, now: datetime, configured: Collection[str], *, replaces: bool
) -> None:
    """Mark listings as gone that a reading should have reached but doesn't have; posts without a listing are gone.

    What a source listed that is no longer configured doesn't count; if this one `replaces` such sources, whose posts it
    lists, it says what is gone of theirs. A reading without any post says nothing: sites whose posts all disappear have
    a fault.
    """
    if reading.reached_back_to is None or not reading.posts:
        return
    reached = Q(post__published__gt=reading.reached_back_to)
    if reading.reached_back_to == EVERYTHING:
        reached |= Q(post__published=None)
    counted = {*configured, source.url, PUSHED}
    sources = [source.pk]
    if replaces:
        listed_here = Source.objects.filter(listings__post__listings__source=source).distinct()
        sources += [pk for pk, url in listed_here.values_list("pk", "url") if url not in counted]
    missing = Listing.objects.filter(reached, source__in=sources, gone_at=None)
    missing = missing.exclude(source=source, uid__in=[p.uid for p in reading.posts])
    missing = missing.exclude(post__listings__last_seen=now)
    posts = set(missing.values_list("post_id", flat=True))
    missing.update(gone_at=now)
    listings = Listing.objects.filter(post_id__in=posts, gone_at=None).values_list("post_id", "source__url")
    posts -= {post for post, url in listings if url in counted}
    Post.objects.filter(pk__in=posts, gone_at=None).update(gone_at=now)


def _update_source(source: Source, reading: SourceReading, now: datetime, *, is_first: bool) -> None:
    if (is_first and source.configured_at is None) or source.removed_at:
        source.configured_at = now
    source.tried_at, source.removed_at = now, None
    problem = _problem(source, reading)
    source.memory = asdict(replace(reading.memory, etag="", last_modified="") if problem else reading.memory)
    source.kind = reading.kind or source.kind
    source.title = reading.title or source.title
    source.stopped = reading.stop
    source.retry_at = now + reading.retry_after if reading.retry_after else None
    source.problem = problem
    source.notes = [] if problem else list(reading.problems)
    read = problem is None
    if read:
        source.read_at = now
        source.listed_at = source.listed_at if reading.not_modified else now
        source.reached_back_to = _clamped(reading.reached_back_to) or source.reached_back_to
    if read and is_first:
        source.first_read_at = source.first_read_at or now
        lists_posts = reading.posts or reading.not_modified
        source.first_reached_back_to = _clamped(reading.reached_back_to if lists_posts else EVERYTHING)
    source.save()
    _count(source, now, failed=not read)


def _problem(source: Source, reading: SourceReading) -> Message | None:
    """Return why a reading does not count as one: it failed, or has no post though the source listed some before."""
    if reading.posts or reading.not_modified:
        return None
    if reading.problems:
        return reading.problems[0]
    lists_none = reading.reached_back_to in (None, EVERYTHING)
    if lists_none and source.listings.filter(gone_at=None).exists():
        return ABOUT(subject=source.url, message=messages.LISTS_NONE())
    return None


def _count(source: Source, now: datetime, *, failed: bool) -> None:
    """Count a reading for its day. The caller holds the source's lock."""
    day = now.astimezone(UTC).date()
    days = SourceDay.objects.filter(source=source, day=day)
    if not days.update(tries=F("tries") + 1, failures=F("failures") + int(failed)):
        SourceDay.objects.create(source=source, day=day, tries=1, failures=int(failed))


def _clamped(at: datetime | None) -> datetime | None:
    """Clamp an instant to the year 1900: complete readings reach back to year 1, which local times can't represent."""
    return max(at, _BEGINNING) if at else None
