"""The bases of a newsletter's cadences: kept in step with its configuration and with the posts that are found.

Everything happens under the newsletter's lock, which the fixing of an audience holds too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from newsletter import config
from newsletter.config import Cadence
from newsletter.domain.cadence import CADENCES
from newsletter.domain.offers import behind
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.offers import sent_elsewhere
from newsletter.editions.selection.series import deciding, frozen_untils
from newsletter.editions.selection.windows import one_period_before
from newsletter.messages import Message, posts as messages
from newsletter.models import EditionPost, Numbering, Post, Source
from newsletter.models.post import NOT_LISTED
from newsletter.models.source import PUSHED
from subscribers.models import Base, OfferedSet, Subscription, add_base, bases_of, in_base, locked_bases, replace_sets


def follow(newsletter: config.Newsletter, now: datetime) -> None:
    """Bring the bases in step with the configured cadences and the posts found, before anyone joins."""
    if _unjudged(newsletter).exists() or _as_stored(bases_of(newsletter.name)) != _as_configured(newsletter):
        update(newsletter, now)


def _as_stored(bases: Mapping[str, Base]) -> tuple[set[str], set[str]]:
    on = {cadence for cadence, base in bases.items() if base.is_on}
    return on, {cadence for cadence in on if bases[cadence].is_default}


def _as_configured(newsletter: config.Newsletter) -> tuple[set[str], set[str]]:
    return set(newsletter.offered), {newsletter.default_cadence}


@transaction.atomic
def update(newsletter: config.Newsletter, now: datetime) -> dict[str, Base]:
    """Bring the bases in step and return them, with the newsletter locked until the caller's transaction ends.

    Cadences that are offered now are switched on and others off; new posts are judged; and people who left or came back
    since the last time get sets of their own.
    """
    Numbering.locked(newsletter.name)
    bases = locked_bases(newsletter.name)
    if _as_stored(bases) != _as_configured(newsletter):
        bases = _switch(newsletter, bases, now)
    if _unjudged(newsletter).exists():
        _judge(newsletter, bases)
    _store_sets_of_leavers_and_returned(newsletter, bases)
    return bases


def restore_behind(
    newsletter: config.Newsletter, bases: Mapping[str, Base], posts: set[int], offered: Ordinals
) -> None:
    """Let cadences have behind them again what they had of posts that a restored database got with an edition.

    What the edition `offered` was not behind the newsletter's cadence. Whether a post is out was stored with it.
    """
    earlier: dict[str, list[int]] = {base.cadence: [] for base in on(bases)}
    eligible = Post.objects.filter(pk__in=posts, newsletter=newsletter.name, refusal__isnull=True)
    ends = {cadence: frozen_untils(newsletter.at(cadence)) for cadence in newsletter.offered}
    for post, first_read in _with_first_reading(eligible):
        for cadence in _cadences_behind(post, newsletter, first_read, ends):
            if cadence != newsletter.period or post.ordinal not in offered:
                earlier[cadence].append(post.ordinal)
    _put_behind(newsletter, bases, earlier)


def on(bases: Mapping[str, Base]) -> list[Base]:
    """Return the bases of the cadences that are offered."""
    return [base for base in bases.values() if base.is_on]


def grow(base: Base, posts: Ordinals) -> None:
    """Add posts to a base."""
    ordinals = base.ordinals | posts
    if ordinals != base.ordinals:
        base.offered = OfferedSet.objects.get(pk=OfferedSet.objects.key_of(base.newsletter, ordinals))
        base.save(update_fields=["offered"])


def _switch(newsletter: config.Newsletter, stored: Mapping[str, Base], now: datetime) -> dict[str, Base]:
    """Switch cadences on and off, so that nobody's set changes."""
    was_on = _as_stored(stored)[0]
    _store_sets_of_moved(newsletter, stored)
    everywhere = Ordinals()
    for base in stored.values():
        everywhere |= base.ordinals
    offered = newsletter.offered
    for cadence in offered:
        if cadence not in stored:
            empty = OfferedSet.objects.key_of(newsletter.name, Ordinals())
            Base.objects.create(newsletter=newsletter.name, cadence=cadence, offered_id=empty)
    bases = locked_bases(newsletter.name)
    for base in bases.values():
        base.is_on, base.is_default = base.cadence in offered, base.cadence == newsletter.default_cadence
        base.save(update_fields=["is_on", "is_default"])
    for cadence in offered:
        if stored and cadence not in was_on:
            grow(bases[cadence], everywhere)
            _begin(bases[cadence], _dated_before_a_period(newsletter, cadence, now), alone=len(offered) == 1)
    return bases


def _begin(base: Base, earlier: Ordinals, *, alone: bool) -> None:
    """Let a cadence that is switched on have earlier posts behind it.

    To the subscribers of a newsletter with one cadence, all of whom had another one until now, these posts are still
    due. So they count as offered for newcomers, and everybody has the same set once they were sent.
    """
    posts = earlier - base.ordinals
    grow(base, posts if alone else behind(posts))


def _store_sets_of_moved(newsletter: config.Newsletter, stored: Mapping[str, Base]) -> None:
    """Give those a set of their own whose cadence becomes another one by the configuration."""
    for base in on(stored):
        subscriptions = Subscription.objects.filter(in_base(base, stored), newsletter=newsletter.name)
        if base.cadence in newsletter.offered:
            stay = Subscription.objects.in_cadence(newsletter.at(base.cadence))
            subscriptions = subscriptions.exclude(pk__in=stay.filter(newsletter=newsletter.name).values("pk"))
        add_base(subscriptions.filter(state=Subscription.State.ACTIVE, returns=True), base)
        subscriptions.exclude(state=Subscription.State.PENDING).filter(offered=None).update(offered=base.offered)


def _dated_before_a_period(newsletter: config.Newsletter, cadence: Cadence, now: datetime) -> Ordinals:
    """Return the posts that a cadence which is switched on now has behind it. A page is judged once it is listed."""
    eligible_here = Q(refusal__isnull=True) | Q(refusal__code=messages.SENT_ELSEWHERE.code)  # an import can be undone
    posts = Post.objects.filter(eligible_here, newsletter=newsletter.name).exclude(content_hash=NOT_LISTED)
    eligible = posts.annotate(dated=Coalesce("published", "first_seen"), eligible=eligible_at())
    return Ordinals.of(
        eligible.filter(eligible__lte=now, dated__lt=_beginning(newsletter, cadence, now)).values_list(
            "ordinal", flat=True
        )
    )


def eligible_at() -> Greatest:
    """Return the expression for when a post may be sent: when it was first seen, or at its date if that is later."""
    return Greatest(F("first_seen"), Coalesce(F("published"), F("first_seen")))


def _beginning(newsletter: config.Newsletter, cadence: Cadence, at: datetime) -> datetime:
    """Return when the first period of a cadence begins that is set up at a time; `post` has none."""
    return at if cadence == "post" else one_period_before(at, cadence, newsletter.zone)


def _unjudged(newsletter: config.Newsletter) -> QuerySet[Post]:
    return Post.objects.filter(newsletter=newsletter.name, judged=False).exclude(content_hash=NOT_LISTED)


def _judge(newsletter: config.Newsletter, bases: Mapping[str, Base]) -> None:
    """Judge posts once, when a source first lists them: which are out in every cadence, and which in some.

    A page that an approved edition for everyone has by then is due for all who lack it, unless the edition is reopened.
    """
    earlier: dict[str, list[int]] = {base.cadence: [] for base in on(bases)}
    ends = {cadence: frozen_untils(newsletter.at(cadence)) for cadence in newsletter.offered}
    unjudged = _unjudged(newsletter)
    entries = EditionPost.objects.filter(post__in=unjudged, included=True, edition__in=deciding(newsletter.name))
    in_editions = set(entries.values_list("post_id", flat=True))
    for post, first_read in _with_first_reading(unjudged):
        cadences = _cadences_behind(post, newsletter, first_read, ends)
        if refusal := _refusal(post, newsletter, first_read, everywhere=len(cadences) == len(newsletter.offered)):
            Post.objects.filter(pk=post.pk).update(refusal=refusal)
        elif post.pk not in in_editions:
            for cadence in cadences:
                earlier[cadence].append(post.ordinal)
    _put_behind(newsletter, bases, earlier)
    sent_elsewhere.refuse(unjudged)
    unjudged.update(judged=True)


def _with_first_reading(posts: QuerySet[Post]) -> Iterator[tuple[Post, datetime]]:
    """Yield posts with the time at which the first of their sources was first read; those of no source are left out.

    What appears late where a blog has moved to is judged by the newsletter's first source, as if it had not moved.
    """
    listed = posts.prefetch_related("listings__source").defer("html", "summary").order_by("ordinal")
    for post in listed.iterator(chunk_size=500):
        sources = [x.source for x in post.listings.all() if x.source.first_read_at]
        if not post.was_there_before and any(_goes_on(source) for source in sources):
            sources = list(Source.objects.filter(newsletter=post.newsletter).exclude(url=PUSHED))
        if times := [source.first_read_at for source in sources if source.first_read_at]:
            yield post, min(times)


def _goes_on(source: Source) -> bool:
    """Return whether a source counts as the new address of a blog: it counts as read before it was configured."""
    first_read, configured = source.first_read_at, source.configured_at
    return first_read is not None and configured is not None and first_read < configured and source.url != PUSHED


def _cadences_behind(
    post: Post, newsletter: config.Newsletter, first_read: datetime, ends: Mapping[Cadence, Sequence[datetime]]
) -> list[Cadence]:
    """Return the cadences that have a post behind them; `ends` has those of their editions."""
    last_ends = {cadence: _last_without(untils, post) for cadence, untils in ends.items()}
    return [
        cadence
        for cadence in newsletter.offered
        if _is_behind(post, newsletter.at(cadence), first_read, last_ends[cadence])
    ]


def _put_behind(newsletter: config.Newsletter, bases: Mapping[str, Base], earlier: Mapping[str, Sequence[int]]) -> None:
    """Add posts to the bases of cadences, and to the sets of their subscribers, as ones that are behind."""
    for base in on(bases):
        if posts_behind := behind(Ordinals.of(earlier[base.cadence])):
            subscriptions = Subscription.objects.filter(in_base(base, bases), newsletter=newsletter.name)
            grow(base, posts_behind)
            replace_sets(subscriptions, newsletter.name, posts_behind.__or__, base.ordinals)


def _last_without(untils: Iterable[datetime], post: Post) -> datetime | None:
    """Return the last of these ends of editions before a post's source was configured, or of all if that is unknown."""
    tried = [x.source.configured_at for x in post.listings.all() if x.source.configured_at]
    return max((until for until in untils if not tried or until < min(tried)), default=None)


def _refusal(post: Post, newsletter: config.Newsletter, first_read: datetime, *, everywhere: bool) -> Message | None:
    """Return why a post is out in every cadence; `everywhere`: it precedes what each of them has."""
    longest = max(newsletter.offered, key=CADENCES.index)
    dated = post.published or post.first_seen
    undated = post.published is None and post.was_there_before
    if undated or everywhere or dated < _beginning(newsletter, longest, first_read):
        return messages.THERE_BEFORE()
    return messages.TOO_LATE() if dated < post.first_seen - newsletter.late_posts else None


def _is_behind(post: Post, newsletter: config.Newsletter, first_read: datetime, end: datetime | None) -> bool:
    """Return whether a post precedes what a cadence has of its source: one period before that was first read.

    For `post` it is what was there before. Of a source that is added later, what was there before has no place in a
    cadence whose last edition until then, up to `end`, could not have it.
    """
    dated = post.published or post.first_seen
    there_before = post.was_there_before and dated < first_read
    if newsletter.by_post:
        return there_before
    is_older = there_before and end is not None and dated < end
    return is_older or dated < _beginning(newsletter, newsletter.period, first_read)


def _store_sets_of_leavers_and_returned(newsletter: config.Newsletter, bases: Mapping[str, Base]) -> None:
    """Give those a set of their own who have unsubscribed, before the base grows without them, and add the base to the
    sets of those who came back.
    """
    subscriptions = Subscription.objects.filter(newsletter=newsletter.name)
    left = Q(state=Subscription.State.UNSUBSCRIBED, offered=None)
    returned = Q(state=Subscription.State.ACTIVE, returns=True)
    if not subscriptions.filter(left | returned).exists():  # one scan of all subscriptions in place of many
        return
    for base in on(bases):
        members = subscriptions.filter(in_base(base, bases))
        members.filter(left).update(offered=base.offered)
        add_base(members.filter(returned), base)
