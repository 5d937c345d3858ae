"""Read the posts that could be in an edition or are due, and their history, from the ledger and earlier editions."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.functions import Coalesce

from newsletter import config
from newsletter.config import Filter
from newsletter.domain.offers import not_due
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.offers.groups import Lacking
from newsletter.editions.selection.rules import SETTLED, Facts
from newsletter.editions.selection.series import deciding, holding, of_cadence, periodic
from newsletter.editions.selection.windows import one_period_before
from newsletter.feeds.html.markup import text_of
from newsletter.messages import Message, posts as messages
from newsletter.models import Edition, EditionPost, Listing, Numbering, Post
from newsletter.models.source import PUSHED

AT_FIRST_SIGHT = (messages.TOO_LATE.code, messages.THERE_BEFORE.code)
"""The codes of reasons for which a post is out from the beginning."""
HELD_BACK = (messages.MAY_HAVE_GONE.code, messages.SENT_BEFORE_RESTORE.code)
"""The codes of reasons for which a post is out since the database was restored without its recovery log."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The decision about a post in the last edition that made one."""

    included: bool
    reason: Message | None
    edition: str


def facts(edition: Edition, newsletter: config.Newsletter, lacking: Lacking) -> Iterator[tuple[Post, Facts]]:
    """Yield each candidate post with the facts that the decision depends on."""
    settled = settled_of(edition, newsletter)
    # An edition that is only considered, as for a backlog, is not stored, and editors have chosen nothing in it.
    choices = {e.post_id: e.choice for e in edition.entries.exclude(choice="")} if edition.pk else {}
    filters = {s.url: (s.include, s.exclude) for s in newsletter.sources}
    posts = list(_posts(edition, newsletter, lacking, settled, list(choices)))
    holders = holders_of(edition, newsletter, posts)
    for post in posts:
        decided = settled.get(post.pk)
        is_listed = lacking.is_shown(post.ordinal)
        yield (
            post,
            Facts(
                published=post.published,
                first_seen=post.first_seen,
                refusal=None if decided and decided.included else post.refusal,
                gone=post.gone_at is not None,
                offered=not is_listed,
                lacked=is_listed or bool(lacking.by_anyone([post.ordinal])),
                held_by=holders.get(post.pk, ""),
                settled=_out(decided),
                choice=choices.get(post.pk, ""),
                by_dates=edition.by_request,
                title=post.title,
                text=text_of(post.html or post.summary),
                categories=tuple(post.categories),
                filters=_filters_of(post, filters),
            ),
        )


def _filters_of(post: Post, filters: Mapping[str, tuple[Filter, Filter]]) -> tuple[tuple[Filter, Filter], ...]:
    """Return what the sources that list a post include and exclude.

    A post that only a removed source lists, such as the former address of a blog, is judged by the present sources.
    """
    urls = [listing.source.url for listing in post.listings.all()]
    present = tuple(filters[url] for url in urls if url in filters)
    is_from_removed_source = bool(urls) and not present and PUSHED not in urls
    return tuple(filters.values()) if is_from_removed_source else present


def settled_of(
    edition: Edition, newsletter: config.Newsletter, posts: Collection[Post] | None = None
) -> dict[int, Settled]:
    """Return what other approved editions decided about posts, or all posts, the last one to be approved about each.

    A look at the schedule approves several editions at one time. Then a post that one of them leaves out is out, unless
    an editor included it in another. After an editor included it by name, what was decided at first sight no longer
    counts: an edition that is approved later may have been drafted before. What was held back when the database was
    restored is not due because an edition of before had it.
    """
    decided = Q(included=True) | Q(included=False, reason__code__in=SETTLED, edition__standalone=False)
    entries = EditionPost.objects.filter(decided, edition__in=deciding(newsletter.name).exclude(pk=edition.pk))
    restored_at = Numbering.objects.filter(newsletter=newsletter.name).values_list("restored_at", flat=True).first()
    if restored_at is not None:
        held = Q(post__refusal__isnull=False, post__refusal__code__in=HELD_BACK)
        entries = entries.exclude(held & Q(included=True, edition__approved_at__lte=restored_at))
    if posts is not None:
        entries = entries.filter(post__in=posts)
    weight = Case(When(included=False, then=1), When(choice="", then=0), default=2)
    rows = entries.order_by("edition__approved_at", weight, "edition__pk")
    decisions: dict[int, Settled] = {}
    by_name: set[int] = set()
    fields = ("post_id", "included", "reason", "edition__period", "choice")
    for post, included, why, period, choice in rows.values_list(*fields):
        if choice and included:
            by_name.add(post)
        elif not included and post in by_name and why.code in AT_FIRST_SIGHT:
            continue
        decisions[post] = Settled(included, why, f"{newsletter.name}/{period}")
    return decisions


def _out(decided: Settled | None) -> Message | None:
    if decided is None or decided.included or decided.reason is None:
        return None
    return messages.DECIDED_BEFORE(reason=decided.reason, edition=decided.edition)


def holders_of(edition: Edition, newsletter: config.Newsletter, posts: Collection[Post]) -> dict[int, str]:
    """Return the name of an approved edition that has each of these posts, of the same cadence if there is one."""
    editions = holding(newsletter.name).exclude(pk=edition.pk)
    entries = EditionPost.objects.filter(edition__in=editions, included=True, post__in=posts)
    ours = Q() if edition.standalone else of_cadence(newsletter) | Q(standalone=True)
    same = set(editions.filter(ours).values_list("pk", flat=True))
    rows = entries.values_list("edition_id", "post_id", "edition__period")
    return {post: f"{newsletter.name}/{period}" for key, post, period in sorted(rows, key=lambda r: (r[0] in same, r))}


def _posts(
    edition: Edition,
    newsletter: config.Newsletter,
    lacking: Lacking,
    settled: dict[int, Settled],
    chosen: Collection[int],
) -> QuerySet[Post]:
    """Return posts of the window, posts that a subscriber lacks, what is newly out, and what an editor chose.

    Items that no source lists were written for one edition, and are only included by choice.
    """
    earliest = one_period_before(edition.since, newsletter.period, newsletter.zone)
    posts = Post.objects.filter(newsletter=newsletter.name)
    posts = posts.annotate(dated=Coalesce(F("published"), F("first_seen")))
    out = {pk for pk, decided in settled.items() if not decided.included}
    lifted = {pk for pk, decided in settled.items() if decided.included}
    accepted = posts.filter(Q(refusal__isnull=True) | Q(pk__in=lifted)).exclude(pk__in=out)
    due = lacking.by_anyone(accepted.values_list("ordinal", flat=True).order_by("ordinal"))
    undecided = Q(refusal__code__in=(messages.TOO_LATE.code, messages.MAY_HAVE_GONE.code)) | Q(
        published=None, refusal__code=messages.THERE_BEFORE.code
    )
    listed = Exists(Listing.objects.filter(post=OuterRef("pk")))
    new = undecided & ~Q(pk__in=periodic_decisions(edition, newsletter))
    condition = (Q(dated__gte=earliest) | Q(ordinal__in=due) | new) & listed | Q(pk__in=chosen)
    return posts.filter(condition).prefetch_related("listings__source").order_by("-dated", "-pk")


def periodic_decisions(edition: Edition, newsletter: config.Newsletter) -> QuerySet[EditionPost, Any]:
    """Return the posts about which another edition by schedule has decided."""
    editions = periodic(newsletter.name).exclude(pk=edition.pk)
    decided = Q(included=True) | Q(reason__code__in=SETTLED)
    return EditionPost.objects.filter(decided, edition__in=editions).values("post_id")


def due(had: Mapping[str, Ordinals], now: datetime) -> dict[str, list[int]]:
    """Return the primary keys of the posts that the next edition of each newsletter has, the newest first.

    They are those for people with the set `had` of a newsletter, whatever their topics.
    """
    settled = {name: not_due(ordinals) for name, ordinals in had.items()}
    included = EditionPost.objects.filter(edition__in=holding(*had), included=True)
    out = EditionPost.objects.filter(edition__in=periodic(*had), reason__code__in=SETTLED, included=False)
    later = (Q(newsletter=name, ordinal__gte=ordinals.first_missing) for name, ordinals in settled.items())
    # A whole archive can be refused: its posts are left out by the database, and their keys in no statement.
    posts = Post.objects.filter(
        reduce(or_, later, Q(pk__in=())),
        Q(pk__in=included.values("post_id")) | Q(refusal__isnull=True) & ~Q(pk__in=out.values("post_id")),
        Q(published__isnull=True) | Q(published__lte=now),
        Exists(Listing.objects.filter(post=OuterRef("pk"))),
        gone_at=None,
        first_seen__lte=now,
    ).exclude(refusal__isnull=False, refusal__code__in=HELD_BACK)
    rows = posts.values_list("newsletter", "pk", "ordinal", "published")
    keys: dict[str, list[int]] = {name: [] for name in had}
    for newsletter, key, ordinal, _published in sorted(rows, key=lambda row: (bool(row[3]), row[3]), reverse=True):
        if ordinal not in settled[newsletter]:
            keys[newsletter].append(key)
    return keys
