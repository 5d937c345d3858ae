"""Clauses of the rule, each with a program that breaks it and the history in which the judge must find that."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Q

from newsletter.backup import replay, replayed_sending
from newsletter.collecting import ledger, since_restore
from newsletter.collecting.recognition import KnownPosts
from newsletter.domain.offers import offer
from newsletter.domain.ordinals import Ordinals
from newsletter.editions import approval, held_back
from newsletter.editions.offers import approved, bases, candidate_posts, candidates, having
from newsletter.editions.offers.groups import Lacking
from newsletter.editions.selection import series
from newsletter.editions.selection.rules import SETTLED, Facts
from newsletter.messages import posts as reasons
from newsletter.models import Edition
from newsletter.scheduling import single_posts
from newsletter.sending import lifecycle, refusals
from newsletter.sending.sql import growth, offers
from subscribers.models import Base, OfferedSet, Subscription, offered
from tests.oracle.clauses import CLAUSES
from tests.oracle.histories import HISTORIES, History

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
        return (HISTORIES | CLAUSES)[self.history]


def _facts_changed(patch: pytest.MonkeyPatch, change: Callable[[Facts], Facts]) -> None:

    def changed(*given: Any) -> Any:
        return ((post, change(known)) for post, known in candidate_posts.facts(*given))

    patch.setattr(candidates, "facts", changed)


def _sent_before_their_date(patch: pytest.MonkeyPatch) -> None:
    _facts_changed(patch, lambda known: replace(known, published=known.first_seen))
    patch.setattr(approval, "_check_dates", lambda *_given: None)


def _old_posts_accepted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bases, "_beginning", lambda _newsletter, _cadence, at: at - AGES)


def _added_sources_begin_a_period_before(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bases, "_last_without", lambda _untils, _post: None)


def _old_posts_only_in_the_bases(patch: pytest.MonkeyPatch) -> None:
    refusal = bases._refusal

    def changed(*given: Any, everywhere: bool) -> Any:
        why = refusal(*given, everywhere=everywhere)
        return None if reasons.THERE_BEFORE.matches(why) else why

    patch.setattr(bases, "_refusal", changed)


def _late_posts_accepted(patch: pytest.MonkeyPatch) -> None:
    _facts_changed(patch, lambda known: replace(known, refusal=None))


def _removed_pages_are_settled(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ledger, "forget_removals", lambda _pages: None)


def _settled_by_cancelled_editions(patch: pytest.MonkeyPatch) -> None:
    def deciding(newsletter: str) -> Any:
        return Edition.objects.filter(~Q(approved_at=None), newsletter=newsletter, corrects=None, welcome=None)

    patch.setattr(candidate_posts, "deciding", deciding)


def _settled_by_reopened_editions(patch: pytest.MonkeyPatch) -> None:
    reopened: set[int] = set()
    reopen, deciding = approval.reopen, series.deciding

    def reopened_now(edition: Edition, **given: Any) -> Edition:
        reopened.add(edition.pk)
        return reopen(edition, **given)

    patch.setattr(approval, "reopen", reopened_now)
    patch.setattr(
        candidate_posts,
        "deciding",
        lambda newsletter: deciding(newsletter) | Edition.objects.filter(newsletter=newsletter, pk__in=reopened),
    )


def _settled_by_nothing(patch: pytest.MonkeyPatch) -> None:
    _facts_changed(patch, lambda known: replace(known, settled=None))
    patch.setattr(approval, "settled_of", lambda *_given: {})


def _gone_posts_sent(patch: pytest.MonkeyPatch) -> None:
    _facts_changed(patch, lambda known: replace(known, gone=False))


def _gone_posts_refused(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(candidate_posts, "SETTLED", (*SETTLED, reasons.GONE.code))


def _moved_blogs_begin_anew(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(KnownPosts, "moved_at", lambda *_given: None)


def _moved_blogs_leave_posts_behind(patch: pytest.MonkeyPatch) -> None:
    mark_gone = ledger._mark_gone
    patch.setattr(ledger, "_mark_gone", lambda *given, **_replaces: mark_gone(*given, replaces=False))


def _filters_only_of_present_listings(patch: pytest.MonkeyPatch) -> None:
    def of_listings(post: Any, filters: Any) -> Any:
        return tuple(filters[x.source.url] for x in post.listings.all() if x.source.url in filters)

    patch.setattr(candidate_posts, "_filters_of", of_listings)


def _bases_that_never_grow(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bases, "grow", lambda *_given: None)


def _new_cadences_without_a_past(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bases, "_dated_before_a_period", lambda *_given: Ordinals())


def _new_cadences_without_the_past_of_others(patch: pytest.MonkeyPatch) -> None:
    switch, grow = bases._switch, bases.grow

    def changed(newsletter: Any, before: Any, now: Any) -> Any:
        def by_dates(base: Base, _posts: Ordinals) -> None:
            grow(base, bases._dated_before_a_period(newsletter, base.cadence, now))

        with pytest.MonkeyPatch.context() as inside:
            inside.setattr(bases, "grow", by_dates)
            return switch(newsletter, before, now)

    patch.setattr(bases, "_switch", changed)


def _cadences_without_a_first_period(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bases, "_is_behind", lambda *_given: False)


def _dates_that_are_never_fixed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ledger, "_is_in_an_edition", lambda _post: False)


def _only_the_base_counts(patch: pytest.MonkeyPatch) -> None:
    def by_the_base(self: Lacking, ordinals: Any) -> list[int]:
        return [ordinal for ordinal in ordinals if ordinal not in self.base]

    patch.setattr(Lacking, "by_anyone", by_the_base)


def _no_backlog(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(single_posts, "BACKLOG_AFTER", AGES)


def _return_with(patch: pytest.MonkeyPatch, change: Callable[[Any, Base], None]) -> None:
    for module in (bases, offered):
        patch.setattr(module, "add_base", change)


def _returning_without_the_base(patch: pytest.MonkeyPatch) -> None:
    _return_with(patch, lambda returned, _base: returned.update(returns=False))


def _returning_without_their_own(patch: pytest.MonkeyPatch) -> None:
    _return_with(patch, lambda returned, _base: returned.update(offered=None, returns=False))


def _missing_variants_are_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(offers, "MADE_AT_ONCE", 0)
    patch.setattr(growth, "_keep", lambda *_given: [])


def _waiting_without_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(offers, "MADE_AT_ONCE", 0)
    patch.setattr(offers, "MOST_WAITS", 99)


def _restored_without_growth(patch: pytest.MonkeyPatch) -> None:
    def changed(_configuration: Any, edition: Edition, *_given: Any) -> None:
        replayed_sending._count_ordinals(edition)

    patch.setattr(replay, "replay_offers", changed)


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


def _paused_subscribers_wait(patch: pytest.MonkeyPatch) -> None:
    def changed(*given: Any) -> Any:
        return growth.subscriptions_in(*given).filter(paused_until=None)

    patch.setattr(offers, "subscriptions_in", changed)
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


def _refusals_are_final(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(refusals, "make_again", lambda _edition, _now: 0)


def _letters_are_not_offered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(offers, "grow_by_letter", lambda *_given: None)


def _nothing_is_held_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(held_back, "hold_back", lambda *_given: None)
    patch.setattr(since_restore, "hold_back", lambda *_given: None)


def _letters_go_to_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(having, "with_any", lambda *_given: having.NOBODY)


def _behind_is_offered(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bases, "behind", lambda posts: posts)


NEGATIONS = {
    "behind is not offered": Negation(
        _behind_is_offered, "what a cadence has behind it comes if an editor adds it", "lost"
    ),
    "behind is not offered, also when a cadence is switched on": Negation(
        _behind_is_offered, "what was before a cadence that is switched on comes if an editor adds it", "lost"
    ),
    "eligible only at its date": Negation(_sent_before_their_date, "nothing comes before its date", "early"),
    "older than the newsletter": Negation(_old_posts_accepted, "what is older than the newsletter is out", "unwanted"),
    "a source that is added goes on": Negation(
        _added_sources_begin_a_period_before, "a source that is added goes on after the last edition", "unwanted"
    ),
    "refused, and in no set": Negation(
        _old_posts_only_in_the_bases, "an editor includes what is older than the newsletter", "lost"
    ),
    "found too late": Negation(_late_posts_accepted, "what is found too late is out", "unwanted"),
    "left out by an editor": Negation(
        _settled_by_nothing, "what an editor left out is out in every cadence", "unwanted"
    ),
    "filtered": Negation(_settled_by_nothing, "a filter holds once an edition was approved with it", "unwanted"),
    "a page that was removed is found later": Negation(
        _removed_pages_are_settled, "a page that an editor removed again counts as found when it is listed", "lost"
    ),
    "undone by cancelling before sending": Negation(
        _settled_by_cancelled_editions, "cancelling before sending undoes what was left out", "lost"
    ),
    "undone by reopening": Negation(_settled_by_reopened_editions, "reopening undoes what was left out", "lost"),
    "out while it is gone": Negation(_gone_posts_sent, "what is gone from its source is out", "unwanted"),
    "gone is not refused": Negation(_gone_posts_refused, "what was gone for a while is in again", "lost"),
    "a blog that moved goes on": Negation(
        _moved_blogs_begin_anew, "what a blog published after it moved is new", "lost"
    ),
    "out while it is gone, also where a blog moved to": Negation(
        _moved_blogs_leave_posts_behind, "what is gone where a blog moved to is out", "unwanted"
    ),
    "filtered, also where a blog was before": Negation(
        _filters_only_of_present_listings, "a filter holds for what is listed only where a blog was before", "unwanted"
    ),
    "newcomers begin with the base": Negation(
        _bases_that_never_grow, "newcomers get nothing that was dealt with", "old"
    ),
    "a new cadence has a past": Negation(
        _new_cadences_without_a_past, "a cadence begins with what others have behind them", "old"
    ),
    "a new cadence has what others had": Negation(
        _new_cadences_without_the_past_of_others, "a cadence begins with what was in an edition of another", "old"
    ),
    "a cadence begins with one period": Negation(_cadences_without_a_first_period, "older than the newsletter", "old"),
    "a date is fixed by an edition": Negation(
        _dates_that_are_never_fixed, "a post that is put off comes at its new date", "lost"
    ),
    "candidates are what anyone lacks": Negation(_only_the_base_counts, "what few readers lack comes", "lost"),
    "a backlog goes after a day": Negation(_no_backlog, "who chooses every post gets what is due", "lost"),
    "who returns has the base": Negation(_returning_without_the_base, "who comes back gets nothing again", "old"),
    "who returns keeps their set": Negation(_returning_without_their_own, "who comes back gets nothing again", "twice"),
    "without a variant posts remain due": Negation(
        _missing_variants_are_over, "nobody waits for more than two editions", "lost"
    ),
    "nobody waits for more than two editions": Negation(
        _waiting_without_end, "nobody waits for more than two editions", "late"
    ),
    "a restore without its log holds back what may have gone": Negation(
        _nothing_is_held_back, "a database that is restored without its log repeats nothing", "twice"
    ),
    "a restore repeats the growth": Negation(
        _restored_without_growth, "a restored database repeats what was offered", "twice"
    ),
    "changing cadence changes no set": Negation(
        _no_set_before_a_choice, "choosing another cadence changes what nobody has", "lost"
    ),
    "off topic is over": Negation(_off_topic_posts_remain, "what is off topic never comes", "old"),
    "too few wait": Negation(_too_few_are_over, "too few posts wait", "lost"),
    "sets of paused readers grow": Negation(_paused_subscribers_wait, "who is paused misses the edition", "old"),
    "refusals are made again": Negation(
        _refusals_are_final, "what a server refused comes when sending is resumed", "lost"
    ),
    "cancelling keeps the sets": Negation(_cancelling_gives_back, "cancelling while it is sent is for good", "old"),
    "letters grow sets": Negation(_letters_are_not_offered, "a letter's posts are dealt with", "twice"),
    "a letter is only for those without its posts": Negation(
        _letters_go_to_all, "a letter for those without its posts repeats none", "twice"
    ),
}
