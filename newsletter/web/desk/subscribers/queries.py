"""Queries for subscribers: search, counts, and all about one, with the posts that they were offered."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import reduce
from operator import or_
from typing import Any
from uuid import uuid4

from django.core.cache import cache
from django.db.models import CharField, Count, Q, QuerySet
from django.db.models.functions import Cast, Substr
from django.urls import reverse

from newsletter.domain.offers import offered
from newsletter.models import ApprovedContent, Delivery, Edition, Post, Result
from newsletter.sending import progress
from newsletter.transactional.offered_posts import due_posts, editions_of, posts_with, set_of
from newsletter.web.converters import whole_number
from newsletter.web.desk import formatting
from subscribers.models import Consent, Folded, Subscriber, Subscription, Suppression, fold
from subscribers.models.people import clean_tag

PAGE, EDITIONS, KEPT_SECONDS = 50, 25, 600
FILTERS = ("text", "newsletter", "state", "tag")
"""The fields of a filter, as addresses have them."""

BLOCKED = "blocked"
"""The state that a filter names beside those of subscriptions."""


def find(filters: Mapping[str, str], before: str = "") -> tuple[list[Subscription], str]:
    """Return a page of subscriptions, newest first, without counting them all, and what `before` continues below it,
    "" at the end.
    """
    rows = matching(filters).select_related("subscriber").order_by("-pk")
    if (below := whole_number(before)) is not None:
        rows = rows.filter(pk__lt=below)
    page = list(rows[: PAGE + 1])
    return page[:PAGE], str(page[PAGE - 1].pk) if len(page) > PAGE else ""


def matching(filters: Mapping[str, str]) -> QuerySet[Subscription]:
    """Return the subscriptions that a filter finds; fields that it lacks may be anything."""
    rows = Subscription.objects.blocked() if filters.get("state") == BLOCKED else Subscription.objects.all()
    if text := fold(filters.get("text", "").strip()):
        rows = rows.alias(folded_name=Folded("subscriber__name"))
        rows = rows.filter(Q(subscriber__key__contains=text) | Q(folded_name__contains=text))
    if newsletter := filters.get("newsletter"):
        rows = rows.filter(newsletter=newsletter)
    if filters.get("state") in Subscription.State.values:
        rows = rows.filter(state=filters["state"])
    if tag := clean_tag(filters.get("tag", "")):
        rows = rows.filter(tags__contains=f"|{tag}|")
    return rows


def changed(newsletters: Iterable[str]) -> None:
    """Forget the cached numbers of these newsletters: somebody was added, or left."""
    for name in newsletters:
        cache.delete(f"growth-{name}")
        cache.set(f"audience-{name}", uuid4().hex, KEPT_SECONDS)
    cache.delete("subscription-counts")


def blocked(subscriptions: Iterable[Subscription]) -> set[int]:
    """Return the numbers of those subscriptions whose address gets nothing, itself or by its domain."""
    keys = {subscription.pk: subscription.subscriber.key for subscription in subscriptions}
    suppressed = Suppression.objects.suppressed(keys.values()) if keys else {}
    return {pk for pk, key in keys.items() if key in suppressed}


def counts() -> dict[tuple[str, str], int]:
    """Return how many subscriptions there are of each newsletter in each state; one look a minute."""
    counted: dict[tuple[str, str], int] | None = cache.get_or_set("subscription-counts", _counts, 60)
    return counted or {}


def _counts() -> dict[tuple[str, str], int]:
    rows = Subscription.objects.values_list("newsletter", "state").annotate(n=Count("pk")).order_by()
    return {(newsletter, state): n for newsletter, state, n in rows}


def growth(newsletter: str) -> list[tuple[datetime, int]]:
    """Return how many were active at the end of each day on which that changed; looked up every ten minutes."""
    points: list[tuple[datetime, int]] | None = cache.get_or_set(
        f"growth-{newsletter}", lambda: list(_growth(newsletter)), KEPT_SECONDS
    )
    return points or []


def _growth(newsletter: str) -> Iterable[tuple[datetime, int]]:
    changes: dict[str, int] = {}
    for field, sign in (("joined", 1), ("unsubscribed_at", -1)):
        dated = Subscription.objects.filter(newsletter=newsletter).exclude(joined=None).exclude(**{field: None})
        days = dated.annotate(day=Substr(Cast(field, CharField()), 1, 10)).values("day").annotate(n=Count("pk"))
        for row in days.order_by():
            changes[row["day"]] = changes.get(row["day"], 0) + sign * row["n"]
    total = 0
    for day in sorted(changes):
        total += changes[day]
        parsed = date.fromisoformat(day)
        yield datetime(parsed.year, parsed.month, parsed.day, tzinfo=UTC), total


def records_of(subscriber: Subscriber) -> dict[str, Any]:
    """Return what a person gets, what they consented to, what suppresses them, and the last editions to them."""
    subscriptions = list(subscriber.subscriptions.select_related("offered").order_by("newsletter"))
    consents = Consent.objects.filter(subscription__in=subscriptions).select_related("subscription").order_by("-at")
    return {
        "subscriptions": subscriptions,
        "consents": list(consents),
        "suppressions": list(Suppression.objects.covering(subscriber.key)),
        "got": deliveries(subscriptions),
    }


def deliveries(subscriptions: list[Subscription]) -> list[dict[str, Any]]:
    """Return the last editions of these subscriptions, each with its subject, the outcome and the server's words.

    Each edition is one query by an index, not a scan.
    """
    names = [subscription.newsletter for subscription in subscriptions]
    begun = Edition.objects.filter(newsletter__in=names, began_at__isnull=False, welcome=None)
    editions = list(begun.order_by("-began_at")[:EDITIONS])
    mine = Delivery.objects.filter(
        edition__in=editions, subscription__in=[subscription.pk for subscription in subscriptions]
    )
    numbers = dict(mine.values_list("edition_id", "number"))
    # Numbers of other editions come with them: a condition for each pair costs more.
    kept = Result.objects.filter(edition__in=numbers, number__in=set(numbers.values()))
    results = {(result.edition_id, result.number): result for result in kept}
    subjects = dict(ApprovedContent.objects.filter(edition__in=list(numbers)).values_list("edition_id", "subject"))
    return [
        {
            "edition": edition,
            "subject": subjects.get(edition.pk, ""),
            "outcome": result.kind if result else progress.state_without_result(edition),
            "text": formatting.stored(result.text) if result else "",
        }
        for edition in editions
        if edition.pk in numbers
        for result in (results.get((edition.pk, numbers[edition.pk])),)
    ]


def unsubscribed(editions: Iterable[Edition]) -> dict[int, int]:
    """Return how many left between each edition's first mail and its newsletter's next one, or a week after; in one
    look.
    """
    begun = [(edition.pk, edition.newsletter, edition.began_at) for edition in editions if edition.began_at]
    if not begun:
        return {}
    names, earliest = {name for _pk, name, _began in begun}, min(began for _pk, _name, began in begun)
    later = Edition.objects.filter(newsletter__in=names, began_at__gt=earliest, welcome=None).order_by("began_at")
    starts = {name: list[datetime]() for name in names}
    for name, at in later.values_list("newsletter", "began_at"):
        if at:
            starts[name].append(at)
    within = {
        f"e{pk}": Q(newsletter=name, unsubscribed_at__gte=began, unsubscribed_at__lt=_next(began, starts[name]))
        for pk, name, began in begun
    }
    left = Subscription.objects.filter(reduce(or_, within.values()))
    counts = left.aggregate(**{key: Count("pk", filter=span) for key, span in within.items()})
    return {int(key[1:]): count for key, count in counts.items()}


def _next(began: datetime, starts: Sequence[datetime]) -> datetime:
    return next((at for at in starts if at > began), began + timedelta(days=7))


SHOWN = 50
"""So many offered posts are listed, the newest first."""


def posts_of(
    subscription: Subscription, now: datetime, zone: tzinfo, *, lists_offered: bool
) -> dict[str, object] | None:
    """Return the posts that are due and how many were offered; None if a subscription was never active.

    With `lists_offered`, the newest of them are listed, and `hidden` older ones are left out. An `edition` is None if
    it is not known or not kept. `zone` is the newsletter's time zone.
    """
    if subscription.state == Subscription.State.PENDING:
        return None
    had = set_of(subscription)
    ordinals = offered(had)
    newest = posts_with(subscription.newsletter, list(ordinals)[-SHOWN:])[::-1] if lists_offered else []
    editions = editions_of(subscription, newest)
    links = {
        edition: {
            "url": reverse("desk:edition", args=[edition.newsletter, edition.period]),
            "period": formatting.period(edition, zone),
        }
        for edition in set(editions.values())
    }
    listed = [{**_row(post), "edition": links[editions[post.pk]] if post.pk in editions else None} for post in newest]
    return {
        "due": [_row(post) for post in due_posts(subscription, had, now)],
        "offered": listed,
        "count": len(ordinals),
        "hidden": len(ordinals) - len(listed),
    }


def _row(post: Post) -> dict[str, object]:
    return {"title": post.title or post.url, "url": post.url}
