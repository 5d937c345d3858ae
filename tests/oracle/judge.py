"""The judge: says of each reader and post whether it had to come, must not have come, or either, by the emails alone.

It is derived from what README, the documents and the rule of "each post once" promise, and knows nothing of how the
program decides. Which posts an edition had, it knows from the emails of all readers. Where no email shows it, or the
documents leave it open, either is right, with the reason.

- A post counts from its first sight or its date, whichever is later. It is refused if it was dated before the
  newsletter's first period or found too late, and if a filter or an editor kept it out of an approved edition.
- A newcomer gets nothing that was dealt with in their cadence before; in one that was switched on, in any cadence.
- A reader who is paused when an edition begins misses its posts; so does one for whom they are off topic.
- An edition that is cancelled while it is sent is over for all its readers, unless it is sent to those left.
- All else must arrive once, in editions of the reader's own cadence, and not before its date.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.oracle import acts
from tests.oracle.acts import CADENCES, Act, Kind
from tests.oracle.expectations import THERE_BEFORE, Expectations
from tests.oracle.people import Certainty, Pair, Person, SeenEdition, SeenPost, Standing, wanted

LEFT_OUT, FILTERED = "left out by an editor", "filtered"


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken: `what` is twice, lost, old, unwanted, early, away or cadence."""

    what: str
    reader: str
    post: str
    edition: str = ""
    at: datetime | None = None
    why: str = ""

    def __str__(self) -> str:
        when = f" at {self.at:%d %b %H:%M}" if self.at else ""
        return f"{self.what}: {self.reader}, {self.post} {self.edition}{when} {self.why}".strip()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of a history: the violations, the number of pairs judged, and those where either was right."""

    violations: tuple[Violation, ...]
    pairs: int
    must: int
    must_not: int
    either: Mapping[str, int] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """The part of the pairs for which either was right."""
        return sum(self.either.values()) / self.pairs if self.pairs else 0.0


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
        edition = SeenEdition(
            act, self.configured.topics, self.configured.minimum_posts > 1, self.excluded_since(act.refreshed)
        )
        self.editions[act.edition] = edition
        for name in act.added & set(self.posts):
            post = self.posts[name]
            if post.refused:
                edition.lifted.append(name)
                if post.refused == THERE_BEFORE:
                    self._include_old(post, act)
            post.refused = ""
        for name in (act.shown | self.shown[act.edition]) & set(self.posts):
            self.posts[name].locked = self.posts[name].locked or act.at
        if act.kind is Kind.PERIODIC:
            for post in self.posts.values():
                if post.name not in act.added:
                    self._settle(post, edition)

    def _include_old(self, post: SeenPost, act: acts.Approved) -> None:
        """A post of before the newsletter is due in the cadence in whose edition it is included; in others, perhaps."""
        why = "there before the newsletter, and included in another cadence's edition"
        for cadence in CADENCES:
            if cadence != act.cadence and act.kind is Kind.PERIODIC:
                self.perhaps[cadence].setdefault(post.name, why)
        for person in self.people.values():
            if self.configured.effective(person.cadence) != act.cadence:
                person.either(post.name, why)

    def _settle(self, post: SeenPost, edition: SeenEdition) -> None:
        """An approved edition settles what filters and editors keep out."""
        act = edition.approved
        if post.name in act.out and not post.refused:
            post.refuse(LEFT_OUT, act.at, act.edition)
            edition.refused.append(post.name)
        if not (self.configured.excluded & post.categories) or post.refused or not post.eligible(act.reaches):
            return
        match self._is_candidate(post, act.cadence):
            case Certainty.YES:
                post.refuse(FILTERED, act.at, act.edition)
                edition.refused.append(post.name)
            case Certainty.EITHER:
                post.either = "filtered in an edition in which it may not have been due"

    def _is_candidate(self, post: SeenPost, cadence: str) -> Certainty:
        """Return whether a newcomer or a reader of a cadence lacks a post that is at its source."""
        here = [each for each in self.people.values() if self.configured.effective(each.cadence) == cadence]
        lacking = [each for each in here if each.active and each.pair(post.name).standing is Standing.DUE]
        sure = [each for each in lacking if not each.paused and not each.pair(post.name).either]
        if post.gone or post.either:
            return Certainty.EITHER
        if sure or (post.name not in self.dealt[cadence] and post.name not in self.perhaps[cadence]):
            return Certainty.YES
        return Certainty.EITHER if lacking or post.name not in self.dealt[cadence] else Certainty.NO

    def on_unlocked(self, act: acts.Unlocked) -> None:
        edition = self.editions.pop(act.edition)
        for name in edition.refused:
            if self.posts[name].refused_by == act.edition:
                self.posts[name].refused = self.posts[name].refused_by = ""
        for name in edition.lifted:
            self.posts[name].either = "included by an editor in an edition that was unlocked"

    def on_began(self, act: acts.Began) -> None:
        edition = self.editions[act.edition]
        edition.began, edition.asked = act.at, act.asked
        approved = edition.approved
        if approved.kind is Kind.CORRECTION:
            return
        offered = approved.kind is Kind.LETTER or approved.cadence in self.configured.offered
        here = [person for person in self.people.values() if person.active and self._is_meant(person, approved)]
        receiving = [person for person in here if person.receives]
        edition.meant_for = frozenset(each.name for each in receiving) if offered else frozenset(self.people)
        edition.waiting = {each.name for each in receiving} if offered else set()
        for post in self.posts.values():
            shown = post.name in self.shown[act.edition]
            if not (shown or self._may_be_in(post, edition, receiving)):
                continue
            for person in here if offered else ():
                self._offer(person, post, edition, shown=shown)
            self._grow(edition, post, shown=shown and offered)

    def _may_be_in(self, post: SeenPost, edition: SeenEdition, receiving: Sequence[Person]) -> bool:
        """Return whether an edition may have a post that none of its emails shows.

        It has not if a reader who receives it and wants the post has not got that.
        """
        if edition.approved.kind is Kind.LETTER or not self.may_have(edition, post):
            return False
        return not any(
            (pair := person.pair(post.name)).standing is Standing.DUE
            and not (pair.either or post.either)
            and self._interest(person, post, edition) is Certainty.YES
            for person in receiving
        )

    def _is_meant(self, person: Person, approved: acts.Approved) -> bool:
        return approved.kind is Kind.LETTER or self.configured.effective(person.cadence) == approved.cadence

    def _offer(self, person: Person, post: SeenPost, edition: SeenEdition, *, shown: bool) -> None:
        approved = edition.approved
        if approved.kind is Kind.LETTER:
            if person.paused:
                person.either(post.name, "in a letter while the reader was paused")
            return
        if person.paused:
            if shown and not edition.small:
                person.over(post.name, "in an edition while the reader was paused", approved.edition)
            else:
                person.either(post.name, "perhaps in an edition while the reader was paused")
            return
        interest = self._interest(person, post, edition)
        if interest is Certainty.EITHER:
            person.either(post.name, "topics changed between approval and sending")
        elif interest is Certainty.NO and shown:
            person.over(post.name, "off topic", approved.edition)
        elif interest is Certainty.NO:
            person.either(post.name, "off topic, perhaps in an edition that no email shows")

    def _interest(self, person: Person, post: SeenPost, edition: SeenEdition) -> Certainty:
        """Return whether a reader wants a post, by the topics at approval and when the audience is fixed."""
        assert edition.began
        picked = (person.topics_at(edition.approved.at), person.topics_at(edition.began))
        return wanted(picked, (edition.meaning, self.configured.topics), post.categories)

    def _grow(self, edition: SeenEdition, post: SeenPost, *, shown: bool) -> None:
        """Remember what is dealt with."""
        letter = edition.approved.kind is Kind.LETTER
        for cadence in CADENCES if letter else (edition.approved.cadence,):
            if shown and (letter or not edition.small):
                self.dealt[cadence].add(post.name)
            elif post.name not in self.dealt[cadence]:
                self.perhaps[cadence].setdefault(post.name, "perhaps in an edition that no email shows")

    def on_finished(self, act: acts.Finished) -> None:
        self.editions[act.edition].waiting = set()

    def on_stopped(self, act: acts.Stopped) -> None:
        for name in sorted(self.editions[act.edition].waiting):
            self.miss(self.people[name], act.edition, "in an edition that was cancelled while it was sent")

    def on_resent(self, act: acts.Resent) -> None:
        edition = self.editions[act.edition]
        edition.resent = True
        for name in edition.meant_for:
            person = self.people[name]
            for pair in person.pairs.values():
                if pair.by == act.edition and pair.standing is Standing.OVER and person.receives:
                    pair.standing, pair.by = Standing.DUE, ""

    def on_lost(self, act: acts.Lost) -> None:
        person = self.people[act.reader]
        for post in self.posts.values():
            if post.name in self.shown[act.edition] or self.may_have(self.editions[act.edition], post):
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
        by_name = approved.kind is Kind.LETTER or post.name in approved.added
        if not by_name:
            self._check(act, edition, person, post, pair)
        if pair.standing is Standing.DUE and (why := post.either or pair.either):
            pair.either = why
        pair.standing = Standing.HAS

    def _check(self, act: acts.Email, edition: SeenEdition, person: Person, post: SeenPost, pair: Pair) -> None:
        approved = edition.approved
        if pair.standing is Standing.HAS:
            self._break("twice", act, post.name)
        elif pair.standing is Standing.OVER and not post.either and not (edition.resent and pair.by == act.edition):
            self._break("old", act, post.name, pair.why)
        if post.refused and post.refused_at and post.refused_at < approved.refreshed and not post.either:
            self._break("unwanted", act, post.name, post.refused)
        if post.gone and post.gone < approved.refreshed:
            self._break("unwanted", act, post.name, "gone from its source")
        if post.categories & edition.excluded:
            self._break("unwanted", act, post.name, FILTERED)
        if self._interest(person, post, edition) is Certainty.NO:
            self._break("unwanted", act, post.name, "off topic")
        locked = post.locked and post.locked < approved.at  # a later date changes nothing any more
        if post.dated_at(approved.refreshed) > act.at and not edition.asked and not locked:
            self._break("early", act, post.name, f"dated {post.dated:%d %b %H:%M}")

    def _break(self, what: str, act: acts.Email, post: str, why: str = "") -> None:
        self.violations.append(Violation(what, act.reader, post, act.edition, act.at, why))

    # The end.

    def on_ended(self, act: acts.Ended) -> None:
        for person in self.people.values():
            for post in self.posts.values():
                pair = person.pair(post.name)
                if pair.standing is Standing.DUE and not pair.either:
                    self._end(person, post, pair, act)

    def _end(self, person: Person, post: SeenPost, pair: Pair, act: acts.Ended) -> None:
        """Say what is lost, and why the rest was not to come."""
        if post.either:
            pair.either = post.either
        elif not person.receives:
            pair.standing, pair.why = Standing.OVER, "the reader is away at the end"
        elif post.refused or post.gone:
            pair.standing, pair.why = Standing.OVER, post.refused or "gone from its source"
        elif self.configured.excluded & post.categories:
            pair.standing, pair.why = Standing.OVER, FILTERED
        elif post.deleted:
            pair.either = "deleted, and older than the listing shows"
        elif wanted([person.topics_at(act.at)], [self.configured.topics], post.categories) is not Certainty.YES:
            pair.standing, pair.why = Standing.OVER, "off topic"
        elif not post.eligible(act.quiet_since):
            pair.standing, pair.why = Standing.OVER, "dated after the end"
        else:
            self.violations.append(Violation("lost", person.name, post.name, why=f"found {post.found:%d %b %H:%M}"))

    def judgement(self) -> Judgement:
        """Count the pairs."""
        pairs = [pair for person in self.people.values() for pair in person.pairs.values()]
        either = Counter(pair.either for pair in pairs if pair.either)
        must_not = sum(pair.standing is Standing.OVER and not pair.either for pair in pairs)
        must = len(pairs) - must_not - either.total()
        return Judgement(tuple(self.violations), len(pairs), must, must_not, dict(either))
