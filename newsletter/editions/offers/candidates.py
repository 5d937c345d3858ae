"""Select the posts of an edition: those that it shows, those that only some subscribers lack, and others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from newsletter import config
from newsletter.editions.offers.candidate_posts import facts
from newsletter.editions.offers.groups import Lacking
from newsletter.editions.selection.rules import Decision, Facts, decide, of_lacked
from newsletter.editions.selection.windows import one_period_before
from newsletter.messages import posts as messages
from newsletter.models import Edition, Post

BACKLOG_AFTER = timedelta(days=1)
"""Once a post that is due in `post` was published so long ago, it waits for no other, and none waits for it."""
HELD_BACK_AFTER = timedelta(hours=1)
"""Nor does it once it could have been sent so long ago, but was not, as on a skipped date."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The posts that an edition lists, with the decision about each, and others that some of its subscribers get.

    `lacking` is which posts they lack.
    """

    listed: Sequence[tuple[Post, Decision]]
    others: Sequence[Post]
    lacking: Lacking


def select(
    edition: Edition, newsletter: config.Newsletter, now: datetime, missing: frozenset[int] = frozenset()
) -> Selection:
    """Decide about every post. `missing` are the posts whose addresses are gone; those that only some subscribers lack
    are listed too, since a draft remembers them by its entries.

    If there is no post that most subscribers lack, the edition shows what any of them lacks.
    """
    lacking = Lacking(newsletter, edition)
    look_back = edition.since - one_period_before(edition.since, newsletter.period, newsletter.zone)
    times = {"since": edition.since, "until": edition.until, "now": now}
    listed: list[tuple[Post, Facts, Decision]] = []
    others: list[tuple[Post, Decision]] = []
    for post, post_facts in facts(edition, newsletter, lacking):
        candidate = replace(post_facts, gone=True) if post.pk in missing else post_facts
        decision = decide(candidate, **times, look_back=look_back)
        if candidate.offered and candidate.lacked and not candidate.choice and not edition.standalone:
            due = of_lacked(candidate, **times, look_back=look_back)
            if due is not None and due.included:
                others.append((post, due))
            elif due is not None and post.pk in missing and messages.GONE.matches(due.reason):
                decision = due
        if decision is not None:
            listed.append((post, candidate, _chosen(decision, candidate) if edition.standalone else decision))
    decided = [(post, decision) for post, _facts, decision in listed]
    if newsletter.by_post and not edition.standalone:
        decided = _first_only(listed, lacking, newsletter, now)
    if others and not any(decision.included for _post, decision in decided):
        keys = {post.pk for post, _decision in others}
        out = [(post, decision) for post, decision in decided if post.pk not in keys]
        return Selection([*out, *others], (), lacking)
    return Selection(decided, [post for post, _decision in others], lacking)


def due_posts(edition: Edition, newsletter: config.Newsletter, now: datetime) -> list[int]:
    """Return the primary keys of the posts that subscribers of an edition would get."""
    selection = select(edition, newsletter, now)
    included = [post.pk for post, decision in selection.listed if decision.included]
    return [*included, *(post.pk for post in selection.others)]


def known_missing(edition: Edition) -> frozenset[int]:
    """Return the posts that an edition lists as gone."""
    return frozenset(edition.entries.filter(reason__code=messages.GONE.code).values_list("post_id", flat=True))


def _chosen(decision: Decision, candidate: Facts) -> Decision:
    """Return the decision for a letter outside the schedule, which has only posts that an editor chose."""
    return Decision(False, messages.NOT_CHOSEN()) if decision.included and not candidate.choice else decision


def _first_only(
    listed: Sequence[tuple[Post, Facts, Decision]], lacking: Lacking, newsletter: config.Newsletter, now: datetime
) -> list[tuple[Post, Decision]]:
    """Return the decisions for an edition of a single post: the first that became eligible, and those an editor chose.

    The next ones get editions of their own; posts that were sent before and that most subscribers lack come along.
    After a pause or an outage, all come in one edition: otherwise subscribers would get many emails in one minute.
    Where editors approve, they decide how many go together.
    """
    new = {
        post.ordinal: (max(post.first_seen, candidate.dated), candidate.dated, post.ordinal)
        for post, candidate, decision in listed
        if decision.included and not candidate.choice and lacking.is_new(post.ordinal)
    }
    is_held_back = any(
        dated <= now - BACKLOG_AFTER or eligible < now - HELD_BACK_AFTER for eligible, dated, _ordinal in new.values()
    )
    if newsletter.approval == "none" and is_held_back:
        return [(post, decision) for post, _facts, decision in listed]
    later = new.keys() - {min(new, key=new.__getitem__)} if new else set()
    waits = Decision(False, messages.OWN_EDITION())
    return [(post, waits if post.ordinal in later else decision) for post, _facts, decision in listed]
