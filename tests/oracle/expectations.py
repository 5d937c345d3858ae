"""What readers may expect of each post, by what sources list, what is configured, and when readers come and go."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from tests.oracle import acts
from tests.oracle.acts import CADENCES, Act
from tests.oracle.people import Certainty, Person, SeenEdition, SeenPost, before_period, seen

THERE_BEFORE, TOO_LATE = "dated before the newsletter's first period", "found too late"
BEFORE_THEY_CAME = "dealt with before they came"


class Expectations:
    """Posts, readers and editions, as the acts so far make them."""

    def __init__(self, log: Sequence[Act]) -> None:
        self.configured: acts.Configured
        self.filters: list[tuple[datetime, frozenset[str]]] = []
        self.setup: datetime | None = None
        self.longest = ""
        self.first_cadences: tuple[str, ...] = ()
        self.posts: dict[str, SeenPost] = {}
        self.people: dict[str, Person] = {}
        self.editions: dict[str, SeenEdition] = {}
        self.dealt: dict[str, set[str]] = {each: set() for each in CADENCES}
        self.perhaps: dict[str, dict[str, str]] = {each: {} for each in CADENCES}
        """What was dealt with in each cadence, and what may have been, with the reason."""
        self.shown: defaultdict[str, set[str]] = defaultdict(set)
        for act in log:
            if isinstance(act, acts.Email):
                self.shown[act.edition].update(act.posts)

    def take(self, act: Act) -> None:
        """Take note of what happened next."""
        getattr(self, f"on_{type(act).__name__.lower()}")(act)

    # The configuration, and what sources list.

    def on_configured(self, act: acts.Configured) -> None:
        before = self.configured.offered if self.setup else act.offered
        self.configured = act
        self.filters.append((act.at, act.excluded))
        for cadence in act.offered:
            if cadence not in before:
                self._switch_on(cadence, act.at)

    def excluded_since(self, since: datetime) -> frozenset[str]:
        """Return the categories that a filter has kept out all the time since then."""
        first = max((at for at, _excluded in self.filters if at < since), default=self.filters[0][0])
        return frozenset.intersection(*(excluded for at, excluded in self.filters if at >= first))

    def _switch_on(self, cadence: str, now: datetime) -> None:
        """A cadence begins with what was dealt with in all of them, and with what is older than its period."""
        for other in CADENCES:
            self.dealt[cadence] |= self.dealt[other]
            self.perhaps[cadence] |= self.perhaps[other]
        for post in self.posts.values():
            old = before_period(post.dated, cadence, now)
            if old is Certainty.NO or post.refused:
                continue
            if old is Certainty.EITHER or post.gone or post.either:
                self.perhaps[cadence][post.name] = "a period before the cadence was switched on, more or less"
            else:
                self.dealt[cadence].add(post.name)

    def on_read(self, act: acts.Read) -> None:
        first = self.setup is None
        if self.setup is None:
            self.setup = act.at
            self.first_cadences = self.configured.offered
            self.longest = max(self.first_cadences, key=CADENCES.index)
        there = set()
        for listed in act.posts:
            there.add(listed.name)
            if known := self.posts.get(listed.name):
                self._list_again(known, listed, act.at)
            else:
                self._find(seen(listed, act.at), first=first)
        for post in self.posts.values():
            reached = act.reaches_back_to is not None and post.dated > act.reaches_back_to
            if post.name not in there and reached:
                post.gone = post.gone or act.at

    def _list_again(self, post: SeenPost, listed: acts.ListedPost, now: datetime) -> None:
        if post.dated != listed.dated:
            post.dates.append((now, listed.dated))
            post.dated = listed.dated
            assert self.setup
            if before_period(listed.dated, self.longest, self.setup) is not Certainty.NO and not post.refused:
                post.either = "dated anew, before the newsletter's first period"
            if post.refused == THERE_BEFORE:
                post.either = "dated anew, was before the newsletter's first period"
        post.gone, post.deleted = None, False

    def _find(self, post: SeenPost, *, first: bool) -> None:
        """Judge a post at first sight."""
        assert self.setup
        self.posts[post.name] = post
        ancient = before_period(post.dated, self.longest, self.setup)
        late = (post.found - post.dated) / timedelta(days=1) - self.configured.late_days
        if ancient is Certainty.YES:
            post.refuse(THERE_BEFORE, post.found)
        elif ancient is Certainty.EITHER:
            post.either = "a period before the newsletter was set up, more or less"
        elif late > 0 and not first:
            post.refuse(TOO_LATE, post.found)
        elif late > 0:
            post.either = "older than late_posts in the first reading"
        offered = max(self.configured.offered, key=CADENCES.index)
        if offered != self.longest and before_period(post.dated, offered, self.setup) is not ancient:
            post.either = post.either or "before the first period of the longest cadence now, but not at set-up"
        for cadence in () if post.refused else self.first_cadences:
            old = before_period(post.dated, cadence, self.setup)
            if old is Certainty.YES and first:
                self.dealt[cadence].add(post.name)
            elif old is not Certainty.NO and (first or (cadence != self.longest and post.dated < self.setup)):
                self.perhaps[cadence][post.name] = (
                    "dated before the cadence's first period and found later, or nearly so"
                )
        for person in self.people.values():
            self._begin_with(person, post.name)

    def _begin_with(self, person: Person, post: str) -> None:
        """What was dealt with in the cadence in which a reader comes is over for them."""
        if post in self.dealt[person.came_with]:
            person.over(post, BEFORE_THEY_CAME)
        elif post in self.perhaps[person.came_with]:
            person.either(post, self.perhaps[person.came_with][post])

    def on_deleted(self, act: acts.Deleted) -> None:
        if post := self.posts.get(act.post):
            post.deleted = True

    # Readers.

    def on_joined(self, act: acts.Joined) -> None:
        person = self.people.setdefault(act.reader, Person(act.reader))
        person.active, person.paused, person.cadence = True, False, act.cadence
        person.came_with = self.configured.effective(act.cadence)
        person.picked.append((act.at, act.topics))
        for post in self.posts:
            self._begin_with(person, post)

    def on_left(self, act: acts.Left) -> None:
        self._stop_receiving(self.people[act.reader])
        self.people[act.reader].active = False

    def on_paused(self, act: acts.Paused) -> None:
        self._stop_receiving(self.people[act.reader])
        self.people[act.reader].paused = True

    def _stop_receiving(self, person: Person) -> None:
        """Emails of editions that are being sent are skipped."""
        for name, edition in self.editions.items():
            if person.name in edition.waiting:
                self.miss(person, name, "away when it was sent")

    def on_resumed(self, act: acts.Resumed) -> None:
        self.people[act.reader].paused = False

    def on_chosecadence(self, act: acts.ChoseCadence) -> None:
        self.people[act.reader].cadence = act.cadence

    def on_chosetopics(self, act: acts.ChoseTopics) -> None:
        self.people[act.reader].picked.append((act.at, act.topics))

    def may_have(self, edition: SeenEdition, post: SeenPost) -> bool:
        """Return whether an edition may have had a post that none of its emails shows."""
        approved = edition.approved
        return (post.eligible(approved.at) and not post.refused) or post.name in approved.shown

    def miss(self, person: Person, name: str, why: str) -> None:
        """A reader of the audience does not get an edition that has begun."""
        edition = self.editions[name]
        edition.waiting.discard(person.name)
        for post in self.posts.values():
            if post.name in self.shown[name] and not edition.small:
                person.over(post.name, why, name)
            elif self.may_have(edition, post):
                person.either(post.name, f"perhaps {why}")
