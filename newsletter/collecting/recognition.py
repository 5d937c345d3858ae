"""Recognize which posts of a reading the newsletter already has.

Each post goes to subscribers once: one that is taken for another never arrives, and one that is not recognized arrives
twice. So no rule relies on one sign alone where sources are known to repeat it: identifiers and links are used again,
series have one title, and short texts recur. Two entries that are listed together are never the same post.

A post keeps the date with which it was sent. The one that its source gave last makes it known, too, but tells no two
posts apart, and only if it is exactly the same: some sources date all their posts at each reading.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from itertools import chain

from django.db.models import Min, QuerySet

from newsletter.domain.found_post import FoundPost
from newsletter.feeds import SourceReading
from newsletter.feeds.document import split_address
from newsletter.feeds.html.markup import text_of
from newsletter.feeds.identity import LONG, are_similar, letters, link_key, text_key
from newsletter.models import Listing, Post, Source
from newsletter.models.source import PUSHED

A_DAY = timedelta(days=1)
MOST_KEYS = 500
"""How many keys one statement names."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A post of a reading and one of the ledger, side by side."""

    found: FoundPost
    post: Post

    @property
    def same_title(self) -> bool:
        """Whether both have the same title; posts without one have not."""
        return bool(self.found.title) and letters(self.found.title) == letters(self.post.title)

    @property
    def same_link(self) -> bool:
        """Whether both have the same address."""
        return bool(self.found.url) and link_key(self.found.url) == self.post.link_key

    @property
    def similar_text(self) -> bool:
        """Whether one text is an edited version, or the beginning, of the other."""
        return are_similar(*self._texts)

    @property
    def long_texts(self) -> bool:
        """Whether both texts are too long to recur."""
        return min(map(len, self._texts)) >= LONG

    @property
    def without_text(self) -> bool:
        """Whether a text is missing, so that texts can't be compared."""
        return not all(map(letters, self._texts))

    @property
    def similar_long_text(self) -> bool:
        """Whether the texts are similar, and too long to recur."""
        return self.long_texts and self.similar_text

    @property
    def same_long_text(self) -> bool:
        """Whether both have the same text, which is too long to recur."""
        found_text, text = self._texts
        return self.long_texts and letters(found_text) == letters(text)

    @property
    def dates(self) -> timedelta | None:
        """How far apart the found date and that of the ledger are; None if one is missing."""
        if self.found.published is None or self.post.published is None:
            return None
        return abs(self.found.published - self.post.published)

    @property
    def within_a_day(self) -> bool:
        """Whether both are dated, at most a day apart."""
        return self.dates is not None and self.dates <= A_DAY

    @property
    def same_day(self) -> bool:
        """Whether both have the same date, each by its own clock."""
        if self.found.published is None or self.post.published is None:
            return False
        offset = timezone(timedelta(minutes=self.post.published_offset))
        return self.found.published.date() == self.post.published.astimezone(offset).date()

    @property
    def nothing_in_common(self) -> bool:
        """Whether title, text and date all say that these are two posts."""
        apart = self.dates is not None and self.dates > A_DAY
        return apart and not self.same_title and not self.similar_text

    @property
    def _texts(self) -> tuple[str, str]:
        return text_of(self.found.html or self.found.summary), text_of(self.post.html or self.post.summary)


class KnownPosts:
    """Finds the posts of a reading that the newsletter already has.

    `configured` has the addresses of the newsletter's sources: of one that was removed, nothing is listed any more.
    Pushed posts are not gone either.
    """

    def __init__(self, source: Source, reading: SourceReading, configured: Collection[str]) -> None:
        self._source, self._reached = source, reading.reached_back_to
        self._configured = {*configured, source.url, PUSHED}
        self._newest_first = reading.kind != "folder"
        self._uids = {post.uid for post in reading.posts}
        self._dates = list({post.published for post in reading.posts if post.published is not None})
        self._links = Counter(link_key(post.url) for post in reading.posts if post.url)
        listings = source.listings.filter(uid__in=self._uids).select_related("post")
        self._listings = {listing.uid: listing for listing in listings}
        self._by_id = {
            found_post.uid: self._listings[found_post.uid].post
            for found_post in reading.posts
            if found_post.uid in self._listings
            and not _uses_id_again(Comparison(found_post, self._listings[found_post.uid].post))
        }
        self._taken = {post.pk for post in self._by_id.values()}
        self._unchanged: list[int] = []
        self._with_new_dates: list[Listing] = []

    def find(self, found_post: FoundPost) -> Post | None:
        """Return the post of the ledger that a post of the reading is; None if it is new."""
        if post := self._by_id.get(found_post.uid):
            return post
        posts = Post.objects.filter(newsletter=self._source.newsletter).exclude(pk__in=self._taken).order_by("pk")
        return (
            self._by_link(found_post, posts)
            or self._by_title(found_post, posts)
            or self._by_id_elsewhere(found_post, posts)
            or self._by_text(found_post, posts)
        )

    def moved_at(self, found_posts: Sequence[FoundPost], now: datetime) -> datetime | None:
        """Return from when on the posts of a source are new that is read for the first time and lists known posts.

        It goes on where another source ends that was removed or can't be read: a blog that moved, and perhaps went on
        meanwhile. That is the date of its newest known post, the earlier one if it was given another, or when the other
        source was first read if that is later.
        Returns None if most of the posts up to there are unknown, as in the feed of a whole blog that is read in the
        place of a category's.

        Without dates, the order of the listing counts, from the newest on, and when known posts were first seen.
        """
        elsewhere = Listing.objects.filter(source__newsletter=self._source.newsletter).exclude(source=self._source)
        elsewhere = elsewhere.exclude(source__url__in=self._configured, source__problem=None)
        if not elsewhere.exists():
            return None
        dated = [(p.published, self.find(p)) for p in found_posts if p.published is not None and p.published <= now]
        known_dates = sorted(((at, post.pk) for at, post in dated if post is not None), reverse=True)
        if known_dates:
            (newest_listed, newest_post), (oldest, _post) = known_dates[0], known_dates[-1]
            newest = max(min(at, post.published or at) for at, post in dated if post is not None)
            unknown = sum(post is None and oldest < at < newest_listed for at, post in dated)
            count = len(known_dates)
        elif not self._newest_first:
            return None
        else:
            undated = [post for _uid, post in self._undated(found_posts)]
            known_posts = [post for post in undated if post is not None]
            if not known_posts:
                return None
            newest, newest_post = max(post.published or post.first_seen for post in known_posts), known_posts[0].pk
            places = [place for place, post in enumerate(undated) if post is not None]
            count = len(places)
            unknown = places[-1] - places[0] + 1 - count
        first_read: datetime | None = elsewhere.filter(post=newest_post).aggregate(at=Min("source__first_read_at"))[
            "at"
        ]
        return max(newest, first_read) if first_read is not None and unknown <= count else None

    def undated_there_before(self, found_posts: Sequence[FoundPost]) -> frozenset[str]:
        """Return the ids of new posts without a date that a source had before it is read for the first time.

        They are listed below a known one; if the source lists no known post at all, that goes for all of them. It goes
        for all of a folder, too, whose files are listed by their names.
        """
        undated = self._undated(found_posts)
        if not self._newest_first:
            return frozenset(uid for uid, post in undated if post is None)
        places = [place for place, (_uid, post) in enumerate(undated) if post is not None]
        if not places and any(self.find(post) for post in found_posts if post.published is not None):
            return frozenset()
        start = places[0] if places else 0
        return frozenset(uid for uid, post in undated[start:] if post is None)

    def _undated(self, found_posts: Sequence[FoundPost]) -> list[tuple[str, Post | None]]:
        """Return the id of each post without a date, in the order of the listing, with the known post that it is."""
        return [(post.uid, self.find(post)) for post in found_posts if post.published is None]

    def _by_link(self, found_post: FoundPost, posts: QuerySet[Post]) -> Post | None:
        """Return the post with the same address; if several share it, as a home page, the one with the same text."""
        if not found_post.url:
            return None
        with_link = list(posts.filter(link_key=link_key(found_post.url)))
        shared = len(with_link) > 1 or _is_home_page(found_post.url) or self._links[link_key(found_post.url)] > 1
        for post in with_link:
            comparison = Comparison(found_post, post)
            if shared:
                is_same = comparison.within_a_day and comparison.similar_long_text
            else:
                is_same = not (comparison.nothing_in_common and self._lists(post))
            if is_same:
                return post
        return None

    def _by_title(self, found_post: FoundPost, posts: QuerySet[Post]) -> Post | None:
        """Return the post with the same title and text, or date."""
        if key := text_key(found_post.title, found_post.html):
            for post in posts.filter(text_key=key):
                if self._is_same_text(Comparison(found_post, post)):
                    return post
        return self._by_title_and_date(found_post, posts) or self._by_title_and_path(found_post, posts)

    def _by_title_and_date(self, found_post: FoundPost, posts: QuerySet[Post]) -> Post | None:
        """Return the post with the same title and date; that which its source gave last counts with a text, too.

        Where a blog's new engine writes dates without times, the same day counts with a similar text, unless the
        reading has an entry with the post's own date: of two issues of one day, each is itself. Without titles, and
        where only the letters of the titles are the same ("C" and "C++"), other texts are of another post.
        """
        published, titled = found_post.published, bool(found_post.title)
        if published is None:
            return None
        for comparison in self._with_title(found_post, posts.filter(pk__in=self._redated_to(published))):
            if comparison.similar_text and not self._lists(comparison.post):
                return comparison.post
            if (comparison.similar_text or (titled and comparison.without_text)) and self._is_gone(comparison.post):
                return comparison.post
        near = posts.filter(published__range=(published - A_DAY, published + A_DAY))
        for comparison in sorted(self._with_title(found_post, near), key=lambda each: each.dates or timedelta()):
            is_there = self._lists(comparison.post) and not self._is_gone(comparison.post)
            if comparison.dates != timedelta():
                is_without_entry = comparison.post.published not in self._dates
                is_same = is_without_entry and comparison.same_day and comparison.similar_long_text and not is_there
            elif titled and found_post.title == comparison.post.title:
                is_same = comparison.similar_text or comparison.without_text or not is_there
            else:
                is_same = (comparison.similar_text or (titled and comparison.without_text)) and not is_there
            if is_same:
                return comparison.post
        return None

    def _with_title(self, found_post: FoundPost, posts: QuerySet[Post]) -> Iterator[Comparison]:
        """Yield the comparisons with posts of the same title, whatever its punctuation."""
        title = letters(found_post.title)
        titles = posts.values_list("pk", "title")
        same = [pk for pk, other in titles if (letters(other) == title if title else other == found_post.title)]
        for post in posts.filter(pk__in=same) if same else ():
            yield Comparison(found_post, post)

    def _by_title_and_path(self, found_post: FoundPost, posts: QuerySet[Post]) -> Post | None:
        """Return the post with the same title and path that is gone, if neither dates nor texts can be compared."""
        comparable = found_post.published is not None and bool(found_post.html or found_post.summary)
        if comparable or not found_post.title or _is_home_page(found_post.url):
            return None
        for post in posts.filter(title=found_post.title):
            comparison = Comparison(found_post, post)
            same_path = _path(found_post.url) == _path(post.url)
            if comparison.dates is None and comparison.without_text and same_path and self._is_gone(post):
                return post
        return None

    def _is_same_text(self, comparison: Comparison) -> bool:
        """Return whether two posts with the same title and text are one, and no issues of a series such as "Weekly
        links".
        """
        if not self._lists(comparison.post):
            return comparison.same_long_text or comparison.dates is None or self._same_time(comparison)
        if comparison.same_long_text:
            return comparison.within_a_day or self._is_gone(comparison.post)
        return self._is_gone(comparison.post) and (comparison.dates is None or self._same_time(comparison))

    def _same_time(self, comparison: Comparison) -> bool:
        """Return whether two posts are dated at most a day apart, or the found one as a source dated the other last."""
        return comparison.within_a_day or comparison.post.pk in self._redated_to(comparison.found.published)

    def _redated_to(self, at: datetime | None) -> frozenset[int]:
        """Return the primary keys of posts that a source gave this date last; the ledger has another one."""
        return self._redated.get(at, frozenset()) if at is not None else frozenset()

    @cached_property
    def _redated(self) -> Mapping[datetime, frozenset[int]]:
        posts = defaultdict[datetime, set[int]](set)
        listings = Listing.objects.filter(source__newsletter=self._source.newsletter)
        for start in range(0, len(self._dates), MOST_KEYS):
            dated = listings.filter(published__in=self._dates[start : start + MOST_KEYS])
            for at, post, dated_before in dated.values_list("published", "post_id", "post__published"):
                if at is not None and at != dated_before:
                    posts[at].add(post)
        return {at: frozenset(keys) for at, keys in posts.items()}

    def _by_id_elsewhere(self, found_post: FoundPost, posts: QuerySet[Post]) -> Post | None:
        """Return the post that another source of the newsletter listed under the same id: a blog that moved."""
        listings = Listing.objects.filter(source__newsletter=self._source.newsletter, uid=found_post.uid)
        for post in posts.filter(pk__in=listings.exclude(source=self._source).values("post_id")):
            comparison = Comparison(found_post, post)
            same_time = self._same_time(comparison) or (comparison.dates is None and self._is_gone(post))
            if same_time and (comparison.same_title or comparison.similar_text):
                return post
        return None

    def _by_text(self, found_post: FoundPost, posts: QuerySet[Post]) -> Post | None:
        """Return the post with the same long text under another title, if it is gone."""
        if found_post.published is None or len(text_of(found_post.html)) < LONG:
            return None
        near = posts.filter(published__range=(found_post.published - A_DAY, found_post.published + A_DAY))
        redated = posts.filter(pk__in=self._redated_to(found_post.published))
        candidates = chain(near, redated)
        return next((p for p in candidates if Comparison(found_post, p).same_long_text and self._is_gone(p)), None)

    def _lists(self, post: Post) -> bool:
        """Return whether this source has listed a post."""
        return self._source.listings.filter(post=post).exists()

    def _is_gone(self, post: Post) -> bool:
        """Return whether no source lists a post any more: in this reading it would have to be, and is not."""
        if post.gone_at is not None:
            return True
        listings = post.listings.filter(gone_at=None, source__url__in=self._configured).select_related("source")
        return all(self._has_dropped(listing, post) for listing in listings)

    def _has_dropped(self, listing: Listing, post: Post) -> bool:
        reaches = self._reached is not None and (post.published is None or post.published > self._reached)
        return listing.source_id == self._source.pk and listing.uid not in self._uids and reaches

    def add(self, found_post: FoundPost, post: Post, now: datetime) -> None:
        """Record that the source lists a post under an id; one that had this id before keeps a listing of its own.

        It keeps the date that the source gives the post, or gave last. Listings that are as they were, except for that,
        wait for `mark_seen`.
        """
        listing = self._listings.get(found_post.uid)
        if listing is not None and listing.post_id == post.pk and listing.gone_at is None:
            self._unchanged.append(listing.pk)
            self._taken.add(post.pk)
            if found_post.published not in (None, listing.published or post.published):
                listing.published = found_post.published
                self._with_new_dates.append(listing)
            return
        if listing is not None and listing.post_id != post.pk:
            former = f"{listing.uid} (post {listing.post_id})"
            self._source.listings.filter(uid=former).delete()
            self._source.listings.filter(pk=listing.pk).update(uid=former)
        dates = {} if found_post.published is None else {"published": found_post.published}
        self._listings[found_post.uid] = Listing.objects.update_or_create(
            source=self._source, uid=found_post.uid, defaults={"post": post, "last_seen": now, "gone_at": None, **dates}
        )[0]
        self._taken.add(post.pk)

    def mark_seen(self, now: datetime) -> None:
        """Record when the listings were seen that are as they were, and their new dates."""
        for start in range(0, len(self._unchanged), MOST_KEYS):
            Listing.objects.filter(pk__in=self._unchanged[start : start + MOST_KEYS]).update(last_seen=now)
        Listing.objects.bulk_update(self._with_new_dates, ["published"], batch_size=MOST_KEYS)


def _uses_id_again(comparison: Comparison) -> bool:
    """Return whether a source gives an id that a post had to another post."""
    is_link = comparison.found.uid in (comparison.found.url, comparison.post.url)
    other_address = not comparison.same_link or (is_link and _is_home_page(comparison.found.url))
    return other_address and comparison.nothing_in_common


def _path(url: str) -> tuple[str, str, str]:
    parts = split_address(url)
    return parts.path, parts.query, parts.fragment


def _is_home_page(url: str) -> bool:
    parts = split_address(url)
    return parts.path in ("", "/") and not parts.query and not parts.fragment
