"""Recognize which posts of a reading the newsletter already has.

Each post goes to subscribers once: one that is taken for another never arrives, and one that is not recognized arrives
twice. So no rule relies on one sign alone where sources are known to repeat it: identifiers and links are used again,
series have one title, and short texts recur. Two entries that are listed together are never the same post.

A post keeps the date with which it was sent. The one that its source gave last makes it known, too, but tells no two
posts apart, and only if it is exactly the same: some sources date all their posts at each reading.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Min

from newsletter.collecting.comparison import A_DAY, Comparison, is_comparable, is_home_page, path_of
from newsletter.collecting.possible_matches import MOST_KEYS, PossibleMatches, batches, day_of, title_key
from newsletter.domain.found_post import FoundPost
from newsletter.feeds import SourceReading
from newsletter.feeds.html.markup import text_of
from newsletter.feeds.identity import letters, link_key, text_key
from newsletter.models import Listing, Numbering, Post, Source
from newsletter.models.post import NOT_LISTED
from newsletter.models.source import PUSHED


class KnownPosts:
    """Finds the posts of a reading that the newsletter already has.

    `configured` has the addresses of the newsletter's sources: of one that was removed, nothing is listed any more.
    Pushed posts are not gone either.
    """

    def __init__(self, source: Source, reading: SourceReading, configured: Collection[str]) -> None:
        self._source, self._reading = source, reading
        self._configured = {*configured, source.url, PUSHED}
        self._newest_first = reading.kind != "folder"
        self._dates = {post.published for post in reading.posts}
        self._links = Counter(link_key(post.url) for post in reading.posts if post.url)
        uids = [post.uid for post in reading.posts]
        listings = source.listings.filter(uid__in=uids).select_related("post") if uids else ()
        self._listings = {each.uid: each for each in listings}
        self._by_id = {
            found_post.uid: self._listings[found_post.uid].post
            for found_post in reading.posts
            if found_post.uid in self._listings
            and not _uses_id_again(Comparison(found_post, self._listings[found_post.uid].post))
        }
        self._taken = {post.pk for post in self._by_id.values()}
        self._seen: list[int] = []
        self._new: list[Listing] = []
        self._changed: list[Listing] = []
        self._renamed: list[Listing] = []

    @cached_property
    def _ledger(self) -> PossibleMatches:
        """What the other posts could be; none is added to the newsletter meanwhile, through other sources."""
        Numbering.locked(self._source.newsletter)
        others = [post for post in self._reading.posts if post.uid not in self._by_id]
        return PossibleMatches(self._source, others, self._taken, self._configured, self._reading.reached_back_to)

    def find(self, found_post: FoundPost) -> Post | None:
        """Return the post of the ledger that a post of the reading is; None if it is new."""
        return (
            self._by_id.get(found_post.uid)
            or self._by_link(found_post)
            or self._by_title(found_post)
            or self._by_id_elsewhere(found_post)
            or self._by_text(found_post)
            or self._by_page(found_post)
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
        elsewhere = elsewhere.exclude(source__url__in=self._configured, source__problem__isnull=True)
        if not elsewhere.exists():
            return None
        dated = [
            (p.published, self._listed_before(p)) for p in found_posts if p.published is not None and p.published <= now
        ]
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
        if not places and any(self._listed_before(post) for post in found_posts if post.published is not None):
            return frozenset()
        start = places[0] if places else 0
        return frozenset(uid for uid, post in undated[start:] if post is None)

    def _undated(self, found_posts: Sequence[FoundPost]) -> list[tuple[str, Post | None]]:
        """Return the id of each post without a date, in the order of the listing, with the known post that it is."""
        return [(post.uid, self._listed_before(post)) for post in found_posts if post.published is None]

    def _listed_before(self, found_post: FoundPost) -> Post | None:
        """Return the post that a source has listed; None if it is new, or only a page that an editor added."""
        post = self.find(found_post)
        return None if post is None or post.content_hash == NOT_LISTED else post

    def _compared(self, found_post: FoundPost, posts: Iterable[Post]) -> list[Comparison]:
        """Return the comparisons with posts, but for those that other posts of the reading are."""
        return [Comparison(found_post, post) for post in posts if post.pk not in self._taken]

    def _by_link(self, found_post: FoundPost) -> Post | None:
        """Return the post with the same address; if several share it, as a home page, the one with the same text."""
        if not found_post.url:
            return None
        with_link = self._compared(found_post, self._ledger.by_link[link_key(found_post.url)])
        shared = len(with_link) > 1 or is_home_page(found_post.url) or self._links[link_key(found_post.url)] > 1
        for comparison in with_link:
            if shared:
                is_same = comparison.within_a_day and comparison.similar_long_text
            else:
                is_same = not (comparison.nothing_in_common and comparison.post.pk in self._ledger.listed)
            if is_same:
                return comparison.post
        return None

    def _by_title(self, found_post: FoundPost) -> Post | None:
        """Return the post with the same title and text, or date."""
        if key := text_key(found_post.title, found_post.html):
            for comparison in self._compared(found_post, self._ledger.by_text_key[key]):
                if self._is_same_text(comparison):
                    return comparison.post
        return self._by_title_and_date(found_post) or self._by_title_and_path(found_post)

    def _by_title_and_date(self, found_post: FoundPost) -> Post | None:
        """Return the post with the same title and date; that which its source gave last counts with a text, too.

        Where a blog's new engine writes dates without times, the same day counts with a similar text, unless the
        reading has an entry with the post's own date: of two issues of one day, each is itself. Without titles, and
        where only the letters of the titles are the same ("C" and "C++"), other texts are of another post.
        """
        published, titled = found_post.published, bool(found_post.title)
        if published is None:
            return None
        title, redated, gone = title_key(found_post.title), self._ledger.redated[published], self._ledger.gone
        with_title = (post for post in self._ledger.by_title[title] if post.pk in redated)
        for comparison in self._compared(found_post, with_title):
            if comparison.similar_text and comparison.post.pk not in self._ledger.listed:
                return comparison.post
            if (comparison.similar_text or (titled and comparison.without_text)) and comparison.post.pk in gone:
                return comparison.post
        days = (published - A_DAY, published, published + A_DAY)
        near = [post for at in days for post in self._ledger.by_title_and_day[title, day_of(at)]]
        comparisons = [each for each in self._compared(found_post, near) if each.within_a_day]
        for comparison in sorted(comparisons, key=lambda each: (each.dates, each.post.pk)):
            is_there = comparison.post.pk in self._ledger.listed and comparison.post.pk not in gone
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

    def _by_title_and_path(self, found_post: FoundPost) -> Post | None:
        """Return the post with the same title and path that is gone, if neither dates nor texts can be compared."""
        if is_comparable(found_post) or not found_post.title or is_home_page(found_post.url):
            return None
        for comparison in self._compared(found_post, self._ledger.by_title[title_key(found_post.title)]):
            post = comparison.post
            is_same = post.title == found_post.title and comparison.dates is None and comparison.without_text
            same_path = path_of(found_post.url) == path_of(post.url)
            if is_same and same_path and post.pk in self._ledger.gone:
                return post
        return None

    def _is_same_text(self, comparison: Comparison) -> bool:
        """Return whether two posts with the same title and text are one, and no issues of a series such as "Weekly
        links".
        """
        if comparison.post.pk not in self._ledger.listed:
            return comparison.long_texts or comparison.dates is None or self._same_time(comparison)
        is_gone = comparison.post.pk in self._ledger.gone
        if comparison.long_texts:
            return comparison.within_a_day or is_gone
        return is_gone and (comparison.dates is None or self._same_time(comparison))

    def _same_time(self, comparison: Comparison) -> bool:
        """Return whether two posts are dated at most a day apart, or the found one as a source dated the other last."""
        return comparison.within_a_day or comparison.post.pk in self._ledger.redated[comparison.found.published]

    def _by_id_elsewhere(self, found_post: FoundPost) -> Post | None:
        """Return the post that another source of the newsletter listed under the same id: a blog that moved."""
        keys = self._ledger.with_id_elsewhere[found_post.uid] & self._ledger.by_key.keys()
        for comparison in self._compared(found_post, (self._ledger.by_key[key] for key in sorted(keys))):
            undated_and_gone = comparison.dates is None and comparison.post.pk in self._ledger.gone
            same_time = self._same_time(comparison) or undated_and_gone
            if same_time and (comparison.same_title or comparison.similar_text):
                return comparison.post
        return None

    def _by_text(self, found_post: FoundPost) -> Post | None:
        """Return the post with the same long text under another title, if it is gone."""
        if found_post.published is None:
            return None
        gone = self._compared(found_post, self._ledger.gone_by_text[letters(text_of(found_post.html))])
        same = [each for each in gone if each.long_texts and self._same_time(each)]
        return min(same, key=lambda each: not each.within_a_day).post if same else None

    def _by_page(self, found_post: FoundPost) -> Post | None:
        """Return the page that an editor added where the blog was before, whose title is or begins with the post's."""
        title = letters(found_post.title)
        if not title or is_home_page(found_post.url):
            return None
        same_path = (page for page in self._pages if path_of(page.url) == path_of(found_post.url))
        same = (page for page in same_path if letters(page.title).startswith(title) and page.pk not in self._taken)
        return next(same, None)

    @cached_property
    def _pages(self) -> list[Post]:
        posts = Post.objects.filter(newsletter=self._source.newsletter, content_hash=NOT_LISTED)
        return [post for post in posts.order_by("pk") if post.is_page]

    def add(self, found_post: FoundPost, post: Post, now: datetime) -> None:
        """Note that the source lists a post under an id; one that had this id before keeps a listing of its own.

        It keeps the date that the source gives the post, or gave last. `save` writes all that was noted.
        """
        self._taken.add(post.pk)
        listing, published = self._listings.get(found_post.uid), found_post.published
        if listing is not None and listing.post != post:
            listing.uid = f"{listing.uid} (post {listing.post_id})"
            self._renamed.append(listing)
            listing = None
        if listing is None:
            new = Listing(source=self._source, uid=found_post.uid, post=post, last_seen=now, published=published)
            self._new.append(new)
            return
        self._seen.append(listing.pk)
        if listing.gone_at is not None or published not in (None, listing.published or post.published):
            listing.gone_at, listing.published = None, published or listing.published
            self._changed.append(listing)

    def save(self, now: datetime) -> None:
        """Write the listings that were noted."""
        if self._renamed:
            self._source.listings.filter(uid__in=[listing.uid for listing in self._renamed]).delete()
        Listing.objects.bulk_update(self._renamed, ["uid"], batch_size=MOST_KEYS)
        Listing.objects.bulk_create(self._new, batch_size=MOST_KEYS)
        for batch in batches(self._seen):
            Listing.objects.filter(pk__in=batch).update(last_seen=now)
        Listing.objects.bulk_update(self._changed, ["gone_at", "published"], batch_size=MOST_KEYS)


def _uses_id_again(comparison: Comparison) -> bool:
    """Return whether a source gives an id that a post had to another post."""
    is_link = comparison.found.uid in (comparison.found.url, comparison.post.url)
    other_address = not comparison.same_link or (is_link and is_home_page(comparison.found.url))
    return other_address and comparison.nothing_in_common
