"""Read the posts that could be in an edition, and their history, from the ledger and earlier editions."""

from collections.abc import Collection, Iterator

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from newsletter import config
from newsletter.editions.selection.rules import SETTLED, Facts
from newsletter.editions.selection.series import begin, by_marks, holding, periodic, sharing_posts
from newsletter.editions.selection.windows import one_period_before
from newsletter.feeds.html.markup import text_of
from newsletter.messages import posts as reasons
from newsletter.models import Edition, EditionPost, Listing, Post, State


def facts(edition: Edition, newsletter: config.Newsletter) -> Iterator[tuple[Post, Facts]]:
    """Yield each candidate post with the facts that the decision depends on."""
    others = EditionPost.objects.filter(edition__in=holding(newsletter.name).exclude(pk=edition.pk))
    held = _holders(others)
    after = None if edition.standalone else owed_after(newsletter)
    held_here = held if after is None else _holders(others, sharing_posts(edition, newsletter))
    out = others.filter(edition__standalone=False, included=False, reason__code__in=SETTLED)
    settled = {
        e.post_id: reasons.DECIDED_BEFORE(reason=e.reason, edition=e.edition.name)
        for e in out.select_related("edition")
    }
    freed = _freed(newsletter.name)
    choices = {e.post_id: e.choice for e in edition.entries.exclude(choice="")}
    filters = {s.url: (s.include, s.exclude) for s in newsletter.sources}
    for post in _posts(edition, newsletter, freed, list(choices), after):
        owed = after is not None and post.number is not None and post.number > after
        yield (
            post,
            Facts(
                published=post.published,
                first_seen=post.first_seen,
                there_before=post.was_there_before and post.pk not in freed,
                gone=post.gone_at is not None,
                held_by=(held_here if owed else held).get(post.pk, ""),
                owed=owed,
                settled=settled.get(post.pk),
                choice=choices.get(post.pk, ""),
                title=post.title,
                text=text_of(post.html or post.summary),
                categories=tuple(post.categories),
                filters=tuple(filters[x.source.url] for x in post.listings.all() if x.source.url in filters),
            ),
        )


def owed_after(newsletter: config.Newsletter) -> int | None:
    """Return the number after which posts belong to the next edition whatever their date; None: dates decide."""
    return begin(newsletter) if by_marks(newsletter) else None


def _holders(entries: QuerySet[EditionPost], where: Q | None = None) -> dict[int, str]:
    """Return which of these entries' editions has each post."""
    editions = Edition.objects.filter(where) if where else Edition.objects.all()
    found = entries.filter(included=True, edition__in=editions).select_related("edition")
    return {entry.post_id: entry.edition.name for entry in found}


def _freed(newsletter: str) -> set[int]:
    """Return the posts of editions that were never sent; they go to the next one, however old they are.

    Of letters outside the schedule these are only the posts that an edition did without because the letter had them.
    """
    ended = Edition.objects.filter(newsletter=newsletter, state__in=(State.CANCELLED, State.SKIPPED), began_at=None)
    entries = EditionPost.objects.filter(edition__in=ended, included=True)
    left = EditionPost.objects.filter(
        edition__in=periodic(newsletter), included=False, reason__code=reasons.ALREADY_IN.code
    )
    freed = entries.filter(Q(edition__standalone=False) | Q(post_id__in=left.values("post_id")))
    return set(freed.values_list("post_id", flat=True))


def _posts(
    edition: Edition,
    newsletter: config.Newsletter,
    freed: Collection[int],
    chosen: Collection[int],
    after: int | None,
) -> QuerySet[Post]:
    """Return posts of the window, late posts, posts shortly before the first collection, and posts chosen by an editor.

    Items that no source lists were written for one edition, and are only included by choice.
    """
    earliest = one_period_before(edition.since, newsletter.period, newsletter.zone)
    decided = Q(reason__code__in=SETTLED, edition__standalone=False)
    taken = EditionPost.objects.filter(
        Q(included=True) | decided, edition__in=holding(newsletter.name).exclude(pk=edition.pk)
    ).values("post_id")
    posts = Post.objects.filter(newsletter=newsletter.name)
    posts = posts.annotate(dated=Coalesce(F("published"), F("first_seen")))
    late = Q(dated__lt=edition.since) & (Q(was_there_before=False) | Q(pk__in=freed)) & ~Q(pk__in=taken)
    undated = Q(published=None, was_there_before=True) & ~Q(pk__in=taken)
    listed = Exists(Listing.objects.filter(post=OuterRef("pk")))
    owed = Q() if after is None else Q(number__gt=after)
    wanted = (Q(dated__gte=earliest) | late | undated | owed) & listed | Q(pk__in=chosen)
    return posts.filter(wanted).prefetch_related("listings__source").order_by("-dated", "-pk")
