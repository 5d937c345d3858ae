"""The next steps of a newsletter, the headlines so far, and the growth of its audience."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncWeek
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _, ngettext

from newsletter.config import Config, Newsletter, next_moment
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.offers.candidate_posts import due
from newsletter.editions.offers.groups import expected
from newsletter.editions.selection.series import holding
from newsletter.models import Edition, EditionPost, Post, State
from newsletter.web.desk import charts, formatting
from subscribers.models import Base, Subscription

WEEKS = 12
HEADLINES = 4
RECENT = timedelta(days=30)
AUDIENCE_SECONDS = 60
MANY = 1_000
"""From so many subscribers on, their count is kept for a while, because counting them takes long."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the next edition: what, when, and whether it is done."""

    what: str
    when: str
    done: bool


@dataclass(frozen=True, slots=True)
class Series:
    """What happens next in one cadence; its name is empty while there is only one."""

    name: str
    steps: tuple[Step, ...]


def series(newsletter: Newsletter, editions: Sequence[Edition], now: datetime) -> tuple[Series, ...]:
    """Return what happens next in each cadence, the default first; in none if the newsletter is not active."""
    offered = newsletter.offered if newsletter.status == "active" else (newsletter.default_cadence,)
    newsletters = [newsletter.at(cadence) for cadence in offered]
    return tuple(
        Series(
            formatting.cadence(one.period) if len(newsletters) > 1 else "",
            steps(one, being_prepared(editions, one), now),
        )
        for one in newsletters
    )


def steps(newsletter: Newsletter, edition: Edition | None, now: datetime) -> tuple[Step, ...]:
    """Return the steps of the next edition; `edition` is the one that is being prepared, if any.

    `newsletter` is that of its cadence.
    """
    zone = newsletter.zone
    if newsletter.status != "active":
        return (Step(_("Paused") if newsletter.status == "paused" else _("Archived"), "", False),)
    if not newsletter.has_schedule:
        return ()
    if newsletter.by_post:
        return _steps_of_post(newsletter, edition)
    if edition is None:
        drafted = next_moment(newsletter.draft_moment, zone, now)
        due: datetime | None = next_moment(newsletter.send_moment, zone, drafted)
    else:
        drafted, due = edition.created_at, edition.due_at
    approved = edition is not None and edition.state != State.DRAFT
    if edition is not None and edition.state == State.APPROVED and edition.waiting:
        due = None  # its time has passed, and someone has to decide
    when = formatting.moment(due, zone) if due else _("when you send it")
    result = [Step(_("Draft"), formatting.moment(drafted, zone), edition is not None)]
    if newsletter.approval == "editor":
        done_at = formatting.moment(edition.approved_at, zone) if edition and edition.approved_at else ""
        by = done_at if approved else _("by %(when)s") % {"when": when} if due else ""
        result.append(Step(_("Approval"), by, approved))
    return (*result, Step(_("Sending"), when, False))


def _steps_of_post(newsletter: Newsletter, edition: Edition | None) -> tuple[Step, ...]:
    """Return the steps of an edition with a single post, which has no times."""
    drafted = formatting.moment(edition.created_at, newsletter.zone) if edition else _("when a post is found")
    result = [Step(_("Draft"), drafted, edition is not None)]
    if newsletter.approval == "editor":
        done_at = edition.approved_at if edition else None
        result.append(Step(_("Approval"), formatting.moment(done_at, newsletter.zone), done_at is not None))
    return (*result, Step(_("Sending"), _("at once"), False))


def headlines(
    configuration: Config, coming: Mapping[str, Edition | None], now: datetime
) -> dict[str, tuple[tuple[str, ...], int]]:
    """Return the first headlines of the next edition of each newsletter, and how many more there are.

    Where none is `coming`, they are those of the posts that it would have for someone who was offered what the cadence
    was.
    """
    titles: dict[str, list[str]] = {name: [] for name in coming}
    drafts = {edition.pk: name for name, edition in coming.items() if edition}
    entries = EditionPost.objects.filter(edition__in=drafts, included=True).order_by("position")
    for edition, *texts in entries.values_list("edition_id", "title", "post__title", "post__url"):
        titles[drafts[edition]].append(next(filter(None, texts), ""))
    had = _had([configuration.newsletters[name] for name, edition in coming.items() if edition is None])
    keys = due(had, now)
    posts = Post.objects.only("title", "url").in_bulk([key for each in keys.values() for key in each[:HEADLINES]])
    counts = {name: len(each) for name, each in titles.items()}
    for name, each in keys.items():
        titles[name] = [posts[key].title or posts[key].url for key in each[:HEADLINES]]
        counts[name] = min(len(each), configuration.newsletters[name].maximum_posts)
    return {name: (tuple(each[:HEADLINES]), max(counts[name] - HEADLINES, 0)) for name, each in titles.items()}


def _had(newsletters: Sequence[Newsletter]) -> dict[str, Ordinals]:
    """Return what the cadence of each newsletter was offered, and what approved editions are expected to offer it."""
    names = [newsletter.name for newsletter in newsletters]
    bases = Base.objects.filter(newsletter__in=names).select_related("offered")
    had = {(base.newsletter, base.cadence): base.ordinals for base in bases}
    approved = set(holding(*names).filter(began_at=None).values_list("newsletter", flat=True))
    return {
        each.name: had.get((each.name, each.period), Ordinals())
        | (expected(each) if each.name in approved else Ordinals())
        for each in newsletters
    }


def audiences(newsletters: Mapping[str, Newsletter], now: datetime) -> dict[str, dict[str, str]]:
    """Return how many subscribe to each newsletter, how that changed in 30 days, and a chart of twelve weeks.

    The numbers of a large newsletter are at most a minute old.
    """
    keys = {name: f"desk-audience-{name}" for name in newsletters}
    counts = cache.get_many(keys.values())
    counted = _counts([name for name, key in keys.items() if key not in counts], now)
    large = {keys[name]: each for name, each in counted.items() if each[0] >= MANY}
    cache.set_many(large, AUDIENCE_SECONDS)
    return {
        name: _audience(newsletter, *(counted[name] if name in counted else counts[keys[name]]))
        for name, newsletter in newsletters.items()
    }


def _audience(newsletter: Newsletter, total: int, change: int, weeks: Sequence[tuple[datetime, int]]) -> dict[str, str]:
    text = ngettext("%(count)s subscriber", "%(count)s subscribers", total) % {"count": formatting.number(total)}
    sign = "+" if change > 0 else ""
    sentence = _("%(change)s in 30 days") % {"change": f"{sign}{formatting.number(change)}"} if change else ""
    title = _("Subscribers over the last 12 weeks")
    chart = charts.curve(weeks, newsletter.zone, title) if any(count for _at, count in weeks) else SafeString("")
    return {"subscribers": text, "change": sentence, "chart": chart}


def _counts(names: Collection[str], now: datetime) -> dict[str, tuple[int, int, list[tuple[datetime, int]]]]:
    """Return the number of subscribers of each newsletter, its change in 30 days, and the number at the end of each of
    the last weeks.
    """
    subscriptions = Subscription.objects.filter(newsletter__in=names)
    recent, since = now - RECENT, now - timedelta(weeks=WEEKS)
    rows = subscriptions.values_list("newsletter").annotate(
        active=Count("pk", filter=Q(state=Subscription.State.ACTIVE)),
        new=Count("pk", filter=Q(joined__gte=recent)),
        gone=Count("pk", filter=Q(unsubscribed_at__gte=recent, joined__isnull=False)),
    )
    counted = {name: (active, new - gone) for name, active, new, gone in rows.order_by()}
    joined = _by_week(subscriptions.filter(joined__gte=since), "joined")
    left = _by_week(subscriptions.filter(unsubscribed_at__gte=since, joined__isnull=False), "unsubscribed_at")
    return {
        name: (total, change, _backwards(total, joined[name], left[name], now))
        for name in names
        for total, change in (counted.get(name, (0, 0)),)
    }


def _by_week(subscriptions: QuerySet[Subscription], field: str) -> defaultdict[str, dict[datetime, int]]:
    rows = subscriptions.annotate(week=TruncWeek(field)).values_list("newsletter", "week").annotate(Count("pk"))
    weeks = defaultdict[str, dict[datetime, int]](dict)
    for name, week, count in rows.order_by("week"):
        weeks[name][week] = count
    return weeks


def _backwards(
    total: int, joined: dict[datetime, int], left: dict[datetime, int], now: datetime
) -> list[tuple[datetime, int]]:
    """Go back week by week from the present number."""
    points = [(now, total)]
    for week in sorted({*joined, *left}, reverse=True):
        total += left.get(week, 0) - joined.get(week, 0)
        points.append((week, max(total, 0)))
    oldest = now - timedelta(weeks=WEEKS)
    if points[-1][0] > oldest:
        points.append((oldest, points[-1][1]))
    return points[::-1]


def being_prepared(editions: Sequence[Edition], newsletter: Newsletter) -> Edition | None:
    """Return the edition of a cadence that comes next: the open one with the earliest time, drafts by hand last.

    Letters outside the schedule are not in its place. `newsletter` is that of the cadence.
    """
    states = (State.DRAFT, State.APPROVED, State.QUEUED)
    of_cadence = [e for e in editions if newsletter.at(e.cadence).period == newsletter.period]
    unsent = [e for e in of_cadence if e.state in states and not e.standalone]
    return min(unsent, key=lambda e: (e.due_at is None, e.due_at or e.until, e.pk), default=None)
