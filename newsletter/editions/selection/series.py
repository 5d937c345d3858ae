"""The editions of one cadence of a newsletter, and what they decided about posts."""

from datetime import datetime

from django.db.models import Q, QuerySet

from newsletter import config
from newsletter.models import HOLDING, Edition


def holding(*newsletters: str) -> QuerySet[Edition]:
    """Return the editions of newsletters whose decisions about posts count, unless they are reopened.

    Letters of the welcome series decide nothing: what they show new subscribers was in editions before.
    """
    return Edition.objects.filter(HOLDING, newsletter__in=newsletters, corrects=None, welcome=None)


def deciding(newsletter: str) -> QuerySet[Edition]:
    """Return the editions that decide about posts for all subscribers, unlike letters to a segment."""
    return holding(newsletter).exclude(~Q(segment_where=""), standalone=True)


def periodic(*newsletters: str) -> QuerySet[Edition]:
    """Return the editions that decide about every post, unlike letters outside the schedule."""
    return holding(*newsletters).filter(standalone=False)


def of_cadence(newsletter: config.Newsletter) -> Q:
    """Return the condition for editions in the newsletter's cadence; those of before there were several are default."""
    names = [newsletter.period]
    return Q(cadence__in=[*names, ""] if newsletter.period == newsletter.default_cadence else names)


def going_to(newsletter: config.Newsletter) -> Q:
    """Return the condition for editions that go to the subscribers of the newsletter's cadence.

    The default has those of cadences that are no longer offered, as it has their subscribers.
    """
    if newsletter.period != newsletter.default_cadence:
        return of_cadence(newsletter)
    return ~Q(cadence__in=[cadence for cadence in newsletter.offered if cadence != newsletter.period])


def sharing_posts(edition: Edition, newsletter: config.Newsletter) -> Q:
    """Return the condition for editions with the same subscribers as this one, which can't have the same posts."""
    if edition.standalone:
        return Q()
    return of_cadence(newsletter) | Q(standalone=True)


def frozen_untils(newsletter: config.Newsletter) -> list[datetime]:
    """Return the ends of the windows of the series; a new series continues the default one."""
    ends = periodic(newsletter.name).values_list("until", flat=True)
    if len(newsletter.offered) < 2:
        return list(ends)
    return list(ends.filter(of_cadence(newsletter))) or list(ends.filter(of_cadence(newsletter.at(""))))
