"""Clauses of the rule, each with a program that breaks it and the history in which the judge must find that."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Q

from newsletter.domain.offers import offer
from newsletter.domain.ordinals import Ordinals
from newsletter.editions import approval
from newsletter.editions.offers import approved, bases, candidate_posts, candidates
from newsletter.editions.selection.rules import SETTLED, Facts
from newsletter.messages import posts as reasons
from newsletter.models import Edition
from newsletter.sending import lifecycle
from newsletter.sending.sql import growth, offers
from subscribers.models import Base, OfferedSet, Subscription
from tests.oracle.clauses import CLAUSES
from tests.oracle.histories import History

Break = Callable[[pytest.MonkeyPatch], None]
AGES = timedelta(days=3_650)


@dataclass(frozen=True, slots=True)
class Negation:
    """What breaks a clause, the history, and the violation that the judge must find."""

    breaks: Break
    history: str
    finds: str

    @property
    def played(self) -> History:
        """The history."""
        return CLAUSES[self.history]


def _facts_changed(patch: pytest.MonkeyPatch, change: Callable[[Facts], Facts]) -> None:

    def changed(*given: Any) -> Any:
        return ((post, change(known)) for post, known in candidate_posts.facts(*given))

    patch.setattr(candidates, "facts", changed)


def _sent_before_their_date(patch: pytest.MonkeyPatch) -> None:
    _facts_changed(patch, lambda known: replace(known, published=known.first_seen))
    patch.setattr(approval, "_check_dates", lambda *_given: None)


def _old_posts_accepted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bases, "_beginning", lambda _newsletter, _cadence, at: at - AGES)


def _old_posts_only_in_the_bases(patch: pytest.MonkeyPatch) -> None:
    refusal = bases._refusal

    def changed(*given: Any, everywhere: bool) -> Any:
        why = refusal(*given, everywhere=everywhere)
        return None if reasons.THERE_BEFORE.matches(why) else why

    patch.setattr(bases, "_refusal", changed)


def _late_posts_accepted(patch: pytest.MonkeyPatch) -> None:
    _facts_changed(patch, lambda known: replace(known, refusal=None))


def _settled_by_cancelled_editions(patch: pytest.MonkeyPatch) -> None:
    def holding(newsletter: str) -> Any:
        return Edition.objects.filter(~Q(approved_at=None), newsletter=newsletter, corrects=None, welcome=None)

    patch.setattr(candidate_posts, "holding", holding)


def _settled_by_nothing(patch: pytest.MonkeyPatch) -> None:
    _facts_changed(patch, lambda known: replace(known, settled=None))


def _gone_posts_sent(patch: pytest.MonkeyPatch) -> None:
    _facts_changed(patch, lambda known: replace(known, gone=False))


def _gone_posts_refused(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(candidate_posts, "SETTLED", (*SETTLED, reasons.GONE.code))


def _bases_that_never_grow(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bases, "grow", lambda *_given: None)


def _new_cadences_without_a_past(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bases, "_dated_before_a_period", lambda *_given: Ordinals())


def _no_set_before_a_choice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("subscribers.models.people.store_sets", lambda *_given: None)


def _off_topic_posts_remain(patch: pytest.MonkeyPatch) -> None:
    def changed(wanted: Ordinals, had: Ordinals, *given: Any) -> Any:
        offered = offer(wanted, had, *given)
        return replace(offered, grown=had | offered.posts)

    patch.setattr(approved, "offer", changed)


def _too_few_are_over(patch: pytest.MonkeyPatch) -> None:
    def changed(*given: Any) -> Any:
        offered = offer(*given)
        return replace(offered, kept=offered.grown)

    patch.setattr(approved, "offer", changed)


def _paused_readers_wait(patch: pytest.MonkeyPatch) -> None:
    def changed(*given: Any) -> Any:
        return growth.readers_in(*given).filter(paused_until=None)

    patch.setattr(offers, "readers_in", changed)
    patch.setattr(bases, "grow", _grow_with_paused)


def _grow_with_paused(base: Base, posts: Ordinals) -> None:
    """Store the sets of paused readers before their base grows."""
    paused = Subscription.objects.filter(newsletter=base.newsletter, offered=None, paused_until__isnull=False)
    paused.update(offered=base.offered)
    key = OfferedSet.objects.key_of(base.newsletter, base.ordinals | posts)
    Base.objects.filter(pk=base.pk).update(offered=key)
    base.offered = OfferedSet.objects.get(pk=key)


def _cancelling_gives_back(patch: pytest.MonkeyPatch) -> None:
    cancel = lifecycle.cancel

    def changed(configuration: Any, edition: Edition, **given: Any) -> Any:
        done = cancel(configuration, edition, **given)
        everyone = Subscription.objects.filter(newsletter=edition.newsletter)
        everyone.update(offered=OfferedSet.objects.key_of(edition.newsletter, Ordinals()))
        return done

    patch.setattr(lifecycle, "cancel", changed)


def _letters_are_not_offered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(offers, "grow_by_letter", lambda *_given: None)


NEGATIONS = {
    "eligible only at its date": Negation(_sent_before_their_date, "nothing comes before its date", "early"),
    "older than the newsletter": Negation(_old_posts_accepted, "what is older than the newsletter is out", "unwanted"),
    "refused, and in no set": Negation(
        _old_posts_only_in_the_bases, "an editor includes what is older than the newsletter", "lost"
    ),
    "found too late": Negation(_late_posts_accepted, "what is found too late is out", "unwanted"),
    "left out by an editor": Negation(
        _settled_by_nothing, "what an editor left out is out in every cadence", "unwanted"
    ),
    "filtered": Negation(_settled_by_nothing, "a filter holds once an edition was approved with it", "unwanted"),
    "undone by cancelling before sending": Negation(
        _settled_by_cancelled_editions, "cancelling before sending undoes what was left out", "lost"
    ),
    "out while it is gone": Negation(_gone_posts_sent, "what is gone from its source is out", "unwanted"),
    "gone is not refused": Negation(_gone_posts_refused, "what was gone for a while is in again", "lost"),
    "newcomers begin with the base": Negation(
        _bases_that_never_grow, "newcomers get nothing that was dealt with", "old"
    ),
    "a new cadence has a past": Negation(
        _new_cadences_without_a_past, "a cadence begins with what others have behind them", "old"
    ),
    "changing cadence changes no set": Negation(
        _no_set_before_a_choice, "choosing another cadence changes what nobody has", "lost"
    ),
    "off topic is over": Negation(_off_topic_posts_remain, "what is off topic never comes", "old"),
    "too few wait": Negation(_too_few_are_over, "too few posts wait", "lost"),
    "sets of paused readers grow": Negation(_paused_readers_wait, "who is paused misses the edition", "old"),
    "cancelling keeps the sets": Negation(_cancelling_gives_back, "cancelling while it is sent is for good", "old"),
    "letters grow sets": Negation(_letters_are_not_offered, "a letter's posts are dealt with", "twice"),
}
