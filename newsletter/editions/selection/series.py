"""The editions of one cadence of a newsletter, and where they end.

While a newsletter has one cadence and no topics, all its editions are one series, and windows of time decide which
posts belong to each. With several, or with topics, numbers do (newsletter/domain/cadence.py).
"""

from datetime import datetime

from django.db.models import Max, Q, QuerySet

from newsletter import config
from newsletter.config import Cadence
from newsletter.domain.cadence import start
from newsletter.models import LOCKED_STATES, Edition, Numbering, State

HOLDING = Q(state__in=LOCKED_STATES) | Q(state=State.CANCELLED, began_at__isnull=False)
"""Editions whose posts are used: approved ones, and cancelled ones that were partly sent."""


def holding(newsletter: str) -> QuerySet[Edition]:
    """Return the editions of a newsletter that have posts for good, unless they are reopened.

    Letters of the welcome series don't: what they show new readers was in editions before.
    """
    return Edition.objects.filter(HOLDING, newsletter=newsletter, corrects=None, welcome=None)


def periodic(newsletter: str) -> QuerySet[Edition]:
    """Return the editions that decide about every post of their window, unlike letters outside the schedule."""
    return holding(newsletter).filter(standalone=False)


def by_marks(newsletter: config.Newsletter) -> bool:
    """Return whether numbers and marks decide who gets which posts: it has several cadences or topics, or once had."""
    several = len(newsletter.offered) > 1 or bool(newsletter.topics)
    return several or Numbering.objects.filter(newsletter=newsletter.name, by_marks=True).exists()


def of_cadence(newsletter: config.Newsletter) -> Q:
    """Return the condition for editions in the newsletter's cadence; those of before there were several are default."""
    names = [newsletter.period]
    return Q(cadence__in=[*names, ""] if newsletter.period == newsletter.default_cadence else names)


def arguments_of_draft(newsletter: config.Newsletter) -> str:
    """Return what stands behind `newsletter draft` in the command that refreshes a draft of this cadence."""
    of_default = newsletter.period == newsletter.default_cadence
    return newsletter.name if of_default else f"{newsletter.name} --cadence {newsletter.period}"


def sharing_posts(edition: Edition, newsletter: config.Newsletter) -> Q:
    """Return the condition for editions that can't have the same posts as this one."""
    if edition.standalone or not by_marks(newsletter):
        return Q()
    return of_cadence(newsletter) | Q(standalone=True)


def frozen_untils(newsletter: config.Newsletter) -> list[datetime]:
    """Return the ends of the windows of the series; a new series continues the default one."""
    editions = periodic(newsletter.name)
    if by_marks(newsletter):
        own = editions.filter(of_cadence(newsletter))
        editions = own if own.exists() else editions.filter(of_cadence(newsletter.at("")))
    return list(editions.values_list("until", flat=True))


def ends(newsletter: config.Newsletter, *, fixed: bool) -> dict[Cadence, int]:
    """Return the last number that each cadence's editions cover: those with a fixed audience, or also approved ones."""
    editions = periodic(newsletter.name).exclude(end=None)
    if fixed:
        editions = editions.filter(began_at__isnull=False)
    found: dict[Cadence, int] = {}
    for cadence, end in editions.values_list("cadence").annotate(Max("end")):
        key = cadence or newsletter.default_cadence
        found[key] = max(end, found.get(key, 0))
    return found


def begin(newsletter: config.Newsletter) -> int:
    """Return the number after which the next edition of the cadence has its posts."""
    approved, fixed = ends(newsletter, fixed=False), ends(newsletter, fixed=True)
    own = approved.get(newsletter.period)
    return start(newsletter.period, newsletter.default_cadence, fixed) if own is None else own
