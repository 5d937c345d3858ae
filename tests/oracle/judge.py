"""The judge: says of each reader and post whether it had to come, must not have come, or either, by the emails alone.

It is derived from what README, the documents and the rule of "each post once" promise, and knows nothing of how the
program decides. Which posts an edition had, it knows from the emails of all readers. Where no email shows it, or the
documents leave it open, either is right, with the reason.

- A post counts from its first sight or its date, whichever is later. It is refused if it was dated before the
  newsletter's first period or found too late, and if a filter or an editor kept it out of an approved edition.
- A newcomer gets nothing that was dealt with in their cadence before; in one that was switched on, in any cadence.
- A reader who is paused when an edition begins misses its posts; so does one for whom they are off topic.
- An edition that is cancelled while it is sent is over for all its readers, unless it is sent to those left.
- All else must arrive once, in editions of the reader's own cadence, and not before its date. Two editions that have a
  post may come without it for a reader whose variant was not prepared; the third must not.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from tests.oracle import acts
from tests.oracle.acts import CADENCES, Act, Kind
from tests.oracle.expectations import BEHIND, THERE_BEFORE, TOO_LATE, Expectations
from tests.oracle.judgement import Judgement, Violation
from tests.oracle.people import Certainty, Pair, Person, SeenEdition, SeenPost, Settled, Standing, wanted

OFF_TOPIC = "off topic"
LEFT_OUT, FILTERED = "left out by an editor", "filtered"
PERHAPS_OFF_TOPIC = "off topic, perhaps in an edition that no email shows"
MOST_WAITS = 2


def judge(log: Sequence[Act]) -> Judgement:
    """Judge a history that has ended."""
    judging = _Judging(log)
    for act in log:
        judging.take(act)
    return judging.judgement()


class _Judging(Expectations):
    def __init__(self, log: Sequence[Act]) -> None:
        super().__init__(log)
        self.violations: list[Violation] = []

    # Editions.

    def on_approved(self, act: acts.Approved) -> None:
        filters = self.filters_since(act.refreshed)
        before = max(act.refreshed, act.at - timedelta(microseconds=1))
        here = [each for each in self.people.values() if each.active and self._is_meant(each, act)]
        edition = SeenEdition(
            act,
            self.configured.topics,
            excluded=frozenset.intersection(*filters),
            perhaps_excluded=frozenset.union(*filters),
            here=frozenset(each.name for each in here),
            refused={post.name: post.refusal(act.at) and post.refusal(before) for post in self.posts.values()},
            alone=act.cadence in self.configured.offered
            and not any(self._shares_readers(each.approved, act) for each in self._open()),
        )
        settled = [(post, self._settled(post, edition, here)) for post in self.posts.values()]
        self.editions[act.edition] = edition
        for post, decision in settled:
            if post.name in act.shown | self.shown[act.edition]:
                post.holders.add(act.edition)
            if decision is not None:
                post.settled.append(decision)

    def _open(self) -> list[SeenEdition]:
        return [each for each in self.editions.values() if each.began is None]

    def _shares_readers(self, one: acts.Approved, other: acts.Approved) -> bool:
        return Kind.LETTER in (one.kind, other.kind) or one.cadence == other.cadence

    def _settled(self, post: SeenPost, edition: SeenEdition, here: Sequence[Person]) -> Settled | None:
        """Return what an approved edition settles: what it has, and what filters and editors keep out."""
        act = edition.approved
        if act.kind is Kind.CORRECTION:
            return None
        if post.name in act.shown:
            return None if act.segment else Settled(act.edition, act.at, Certainty.NO, by_name=post.name in act.added)
        if act.kind is Kind.LETTER or post.only_added:
            return None
        if post.name in act.out:
            return Settled(act.edition, act.at, Certainty.YES, LEFT_OUT)
        in_time = post.found <= act.refreshed and post.dated_at(act.refreshed) <= act.reaches
        made_later = act.cadence == "post" and post.eligible(act.at)  # long after its sources were read, perhaps
        if post.refusal() or not edition.perhaps_excluded & post.categories or not (in_time or made_later):
            return None
        listed = self._is_listed(post, edition, here)
        if listed is Certainty.NO:
            return None
        is_sure = listed is Certainty.YES and post.eligible(act.reaches)  # an edition may end before it is refreshed
        if is_sure and edition.excluded & post.categories and not post.either:
            return Settled(act.edition, act.at, Certainty.YES, FILTERED)
        return Settled(act.edition, act.at, Certainty.EITHER, "filtered in an edition that perhaps does not list it")

    def _is_listed(self, post: SeenPost, edition: SeenEdition, here: Sequence[Person]) -> Certainty:
        """Return whether a draft lists a post at its source: newcomers or half of the readers lack it."""
        cadence = self.configured.effective(edition.approved.cadence)
        lacking = [each for each in here if each.pair(post.name).standing is Standing.DUE]
        sure = [each for each in lacking if not each.pair(post.name).either]
        is_sure = edition.alone and not post.gone and not post.deleted and cadence != "post"
        if post.name in self.dealt[cadence] and (not lacking or len(lacking) * 2 < len(here)):
            return Certainty.NO
        newcomers_lack = post.name not in self.dealt[cadence] and post.name not in self.perhaps[cadence]
        if is_sure and (newcomers_lack or len(sure) * 2 >= len(here) > 0):
            return Certainty.YES
        return Certainty.EITHER

    def on_unlocked(self, act: acts.Unlocked) -> None:
        self.editions.pop(act.edition, None)  # a draft that is cancelled has decided nothing
        for post in self.posts.values():
            post.settled = [each for each in post.settled if each.edition != act.edition]
            post.holders.discard(act.edition)

    def on_began(self, act: acts.Began) -> None:
        edition = self.editions[act.edition]
        edition.began, edition.asked = act.at, act.asked
        self.begun.append(act.edition)
        approved = edition.approved
        if approved.kind is Kind.CORRECTION:
            return
        edition.small = approved.kind is Kind.PERIODIC and self.configured.minimum_posts > 1
        here = [person for person in self.people.values() if person.active and self._is_meant(person, approved)]
        receiving = [person for person in here if person.receives]
        edition.meant_for = frozenset(each.name for each in receiving)
        edition.waiting = {each.name for each in receiving}
        inside = self.in_edition(act.edition)
        for post in self.posts.values():
            if post.name not in inside and not self._may_be_in(post, edition):
                continue
            if post.name in approved.added and (approved.kind is Kind.PERIODIC or approved.segment == acts.WITHOUT):
                self._include_behind(here, post)
            for person in here:
                self._offer(person, post, edition)
            if post.name in inside:
                self._deal_with(edition, post)

    def _include_behind(self, here: Sequence[Person], post: SeenPost) -> None:
        """What a cadence has behind it comes to its readers in an edition in which an editor includes it by name."""
        for person in here:
            pair = person.pair(post.name)
            if pair.standing is Standing.OVER and self._lacks(person, post.name):
                pair.standing, pair.why = Standing.DUE, ""

    def _may_be_in(self, post: SeenPost, edition: SeenEdition) -> bool:
        """Return whether an edition may have a post for some readers that editors don't see: newcomers have it."""
        cadence = self.configured.effective(edition.approved.cadence)
        dealt_with = post.name in self.dealt[cadence] or post.name in self.perhaps[cadence]
        return edition.approved.kind is Kind.PERIODIC and dealt_with and self.may_have(edition, post)

    def _is_sure(self, person: Person, post: SeenPost, edition: SeenEdition) -> bool:
        """Return whether an edition has a post for a reader who lacked it, though neither editors nor emails show it.

        An edition's candidates are all accepted posts that any reader of its cadence lacks.
        """
        act = edition.approved
        accepted = not (post.refusal() or post.either or post.gone or post.deleted or post.only_added)
        filtered = edition.perhaps_excluded & post.categories
        lacked = person.name in edition.here and not person.pair(post.name).either
        eligible = post.eligible(act.reaches)
        return edition.alone and accepted and not filtered and lacked and eligible

    def _is_meant(self, person: Person, approved: acts.Approved) -> bool:
        """Return whether an edition goes to a reader; that of a cadence that is no longer offered is the default's."""
        cadence = self.configured.effective(approved.cadence)
        if approved.segment == acts.WITHOUT:
            return all(self._lacks(person, name) for name in approved.shown)
        if approved.kind is Kind.LETTER:
            return approved.segment in ("", self.configured.effective(person.cadence))
        return self.configured.effective(person.cadence) == cadence

    def _lacks(self, person: Person, post: str) -> bool:
        """Return whether a reader was offered a post neither by an edition nor before they came."""
        pair = person.pair(post)
        return pair.standing is Standing.DUE or (pair.standing is Standing.OVER and pair.why == BEHIND)

    def _offer(self, person: Person, post: SeenPost, edition: SeenEdition) -> None:
        """A reader who is paused, or does not want a post of the edition, has missed it."""
        approved = edition.approved
        inside = post.name in self.in_edition(approved.edition) or self._is_sure(person, post, edition)
        interest = self._interest(person, post, edition)
        if interest is Certainty.NO and post.only_added and approved.kind is not Kind.LETTER:
            return  # its topics are known once a source lists it
        if approved.kind is Kind.LETTER or person.paused:
            if not person.paused or approved.segment:
                return
            if inside and not edition.small:
                person.over(post.name, "in an edition while the reader was paused", approved.edition)
            else:
                person.either(post.name, "perhaps in an edition while the reader was paused")
            return
        if interest is Certainty.EITHER:
            person.either(post.name, "topics changed between approval and sending")
        elif interest is Certainty.NO and inside:
            person.over(post.name, OFF_TOPIC, approved.edition)
        elif interest is Certainty.NO:
            person.either(post.name, PERHAPS_OFF_TOPIC)

    def _interest(self, person: Person, post: SeenPost, edition: SeenEdition) -> Certainty:
        """Return whether a reader wants a post, by the topics at approval, or those of a reader who came later."""
        assert edition.began
        topics, meanings = person.topics_for(edition.approved.at), (edition.meaning, self.configured.topics)
        return wanted([topics], meanings, post.categories)

    def _deal_with(self, edition: SeenEdition, post: SeenPost) -> None:
        """Remember what newcomers don't get any more."""
        own = self.configured.effective(edition.approved.cadence)
        if edition.approved.segment:
            return
        for cadence in CADENCES if edition.approved.kind is Kind.LETTER else (own,):
            if edition.approved.kind is Kind.LETTER or post.name in edition.approved.added:
                self.behind[cadence].discard(post.name)
            if not edition.small:
                self.dealt[cadence].add(post.name)
            elif post.name not in self.dealt[cadence]:
                self.perhaps[cadence].setdefault(post.name, "in an edition of which some readers get too few posts")

    def on_finished(self, act: acts.Finished) -> None:
        edition = self.editions[act.edition]
        edition.waiting = set()
        if edition.approved.kind is Kind.PERIODIC and not edition.small:
            for name in sorted(edition.meant_for):
                self._count_waits(self.people[name], edition, act.at)

    def _count_waits(self, person: Person, edition: SeenEdition, at: datetime) -> None:
        """Count the editions that have come to a reader without posts that others got by them."""
        name = edition.approved.edition
        for post in [self.posts[each] for each in sorted(self.in_edition(name))]:
            pair = person.pair(post.name)
            is_due = pair.standing is Standing.DUE and not pair.either and not post.either and not post.refusal()
            if person.receives and is_due and self._interest(person, post, edition) is Certainty.YES:
                pair.without.add(name)
                if len(pair.without) == MOST_WAITS + 1:
                    self.violations.append(Violation("late", person.name, post.name, name, at))

    def on_stopped(self, act: acts.Stopped) -> None:
        for name in sorted(self.editions[act.edition].waiting):
            self.miss(self.people[name], act.edition, "in an edition that was cancelled while it was sent")

    def on_resent(self, act: acts.Resent) -> None:
        edition = self.editions[act.edition]
        edition.resent = True
        for name in edition.meant_for:
            person = self.people[name]
            for pair in person.pairs.values():
                missed = pair.by == act.edition and pair.standing is Standing.OVER and pair.why != OFF_TOPIC
                if missed and person.receives:
                    pair.standing, pair.by = Standing.DUE, ""

    def on_lost(self, act: acts.Lost) -> None:
        person = self.people[act.reader]
        for post in self.posts.values():
            if post.name in self.in_edition(act.edition) or self.may_have(self.editions[act.edition], post):
                person.either(post.name, "in an email that is unconfirmed")

    # What arrived.

    def on_email(self, act: acts.Email) -> None:
        edition, person = self.editions.get(act.edition), self.people.get(act.reader)
        if edition is None or edition.began is None or person is None:
            self._break("unwanted", act, "", "of an edition that was not approved")
            return
        edition.waiting.discard(act.reader)
        approved = edition.approved
        if not person.receives:
            self._break("away", act, "", "the reader had left or paused")
        if approved.kind is Kind.PERIODIC and act.reader not in edition.meant_for:
            self._break("cadence", act, "", f"the edition is for {approved.cadence}")
        for name in act.posts:
            self._take_post(act, edition, person, self.posts[name])

    def _take_post(self, act: acts.Email, edition: SeenEdition, person: Person, post: SeenPost) -> None:
        pair, approved = person.pair(post.name), edition.approved
        if approved.kind is not Kind.LETTER or approved.segment == acts.WITHOUT:
            self._check_once(act, edition, post, pair)
        if approved.kind is not Kind.LETTER:
            self._check_wanted(act, edition, person, post)
        if pair.standing is Standing.DUE and (why := post.either or pair.either):
            pair.either = why
        pair.standing, pair.brought_by = Standing.HAS, act.edition

    def _check_once(self, act: acts.Email, edition: SeenEdition, post: SeenPost, pair: Pair) -> None:
        if pair.standing is Standing.HAS and not self._is_of_later_letter(pair, act.edition):
            self._break("twice", act, post.name)
        elif pair.standing is Standing.OVER and not post.either and not (edition.resent and pair.by == act.edition):
            self._break("old", act, post.name, pair.why)

    def _check_wanted(self, act: acts.Email, edition: SeenEdition, person: Person, post: SeenPost) -> None:
        if self._interest(person, post, edition) is Certainty.NO:
            self._break("unwanted", act, post.name, "off topic")
        if post.name not in edition.approved.added:
            self._check_choice(act, edition, post)

    def _is_of_later_letter(self, pair: Pair, edition: str) -> bool:
        """Return whether a letter brought the post that began while the edition was being sent."""
        brought_by = self.editions.get(pair.brought_by)  # None if a restored database forgot it
        is_letter = brought_by is not None and brought_by.approved.kind is Kind.LETTER
        return is_letter and self.begun.index(edition) < self.begun.index(pair.brought_by)

    def _check_choice(self, act: acts.Email, edition: SeenEdition, post: SeenPost) -> None:
        """Look for what an edition must not have unless an editor includes it by name, or asks for its window."""
        approved, why = edition.approved, edition.refused.get(post.name)
        in_its_window = approved.since is not None and post.dated >= approved.since
        asked_for = in_its_window and why in (THERE_BEFORE, TOO_LATE)
        if why and not post.either and not asked_for:
            self._break("unwanted", act, post.name, why)
        if post.gone and post.gone < approved.refreshed:
            self._break("unwanted", act, post.name, "gone from its source")
        if post.categories & edition.excluded:
            self._break("unwanted", act, post.name, FILTERED)
        if post.dated_at(approved.refreshed) > act.at and not edition.asked:
            self._break("early", act, post.name, "before its date")

    def _break(self, what: str, act: acts.Email, post: str, why: str = "") -> None:
        self.violations.append(Violation(what, act.reader, post, act.edition, act.at, why))

    # The end.

    def on_ended(self, act: acts.Ended) -> None:
        for person in self.people.values():
            for post in self.posts.values():
                pair = person.pair(post.name)
                if pair.standing is Standing.DUE and pair.either in ("", PERHAPS_OFF_TOPIC):
                    self._end(person, post, pair, act)

    def _end(self, person: Person, post: SeenPost, pair: Pair, act: acts.Ended) -> None:
        """Say what is lost, and why the rest was not to come."""
        if why := self._why_not(person, post, act):
            pair.standing, pair.why, pair.either = Standing.OVER, why, ""
        elif post.either:
            pair.either = post.either
        elif post.deleted:
            pair.either = "deleted, and older than the listing shows"
        elif not pair.either:
            self.violations.append(Violation("lost", person.name, post.name, "", post.found, self._how_dated(post)))

    def _how_dated(self, post: SeenPost) -> str:
        """Return how a lost post was dated when it was found, and whether nobody got it."""
        assert self.setup
        dated, there_before = post.dates[0][1], post.found == self.setup
        if dated < self.setup:
            how = "there before" if there_before else "found later, dated before the first reading"
        elif dated > post.found:
            how = "dated ahead"
        else:
            how = "dated long before" if post.found - dated > timedelta(days=1) else "new"
        return how if any(post.name in posts for posts in self.shown.values()) else f"{how}, and nobody got it"

    def _why_not(self, person: Person, post: SeenPost, act: acts.Ended) -> str:
        """Return why a post was not to come by the end; "" if it was."""
        if not person.receives:
            return "the reader is away at the end"
        if why := post.refusal() or ("gone from its source" if post.gone else ""):
            return why
        if post.only_added:
            return "of no source"
        if self.configured.excluded & post.categories:
            return FILTERED
        if wanted([person.topics_for(act.at)], [self.configured.topics], post.categories) is not Certainty.YES:
            return "off topic"
        return "" if post.eligible(act.quiet_since) else "dated after the end"

    def judgement(self) -> Judgement:
        """Count the pairs."""
        pairs = [pair for person in self.people.values() for pair in person.pairs.values()]
        either = Counter(pair.either for pair in pairs if pair.either)
        must_not = sum(pair.standing is Standing.OVER and not pair.either for pair in pairs)
        must = len(pairs) - must_not - either.total()
        return Judgement(tuple(self.violations), len(pairs), must, must_not, dict(either))
