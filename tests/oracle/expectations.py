"""What readers may expect of each post, by what sources list, what is configured, and when readers come and go."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from tests.oracle import acts
from tests.oracle.acts import CADENCES, Act, Kind
from tests.oracle.people import LONG_AGO, Certainty, Person, SeenEdition, SeenPost, beginning, seen

THERE_BEFORE, TOO_LATE = "dated before the newsletter's first period", "found too late"
PERHAPS_THERE = "first read where the blog moved to, and older than the newest known post or the newsletter"
BEFORE_THEY_CAME = "dealt with before they came"
BEHIND = "dated before the cadence's first period"
"""Nobody in the cadence had it, so an editor can include it by name."""
TWO_DATES = "with two dates in the moment in which it was found"
ELSEWHERE = "sent with another tool"
MAY_HAVE_GONE = "perhaps sent before the restore, as far as the program knows"
PERHAPS_OF_ANOTHER = "not listed where the blog moved to, which may be another one"
PERHAPS_BEFORE = "of a source that was added, and perhaps older than the last edition before that"


class Expectations:
    """Posts, readers and editions, as the acts so far make them."""

    def __init__(self, log: Sequence[Act]) -> None:
        self.configured: acts.Configured
        self.filters: list[tuple[datetime, frozenset[str]]] = []
        self.setup: datetime | None = None
        self.first_reached: datetime | None = None
        self.read_elsewhere = False
        self.reached_elsewhere: datetime | None = None
        self.of_another: set[str] = set()
        """Posts that are perhaps those of another blog, which is read no more."""
        self.added: datetime | None = None
        self.removed: datetime | None = None
        self.second_setup: datetime | None = None
        self.read_again: datetime | None = None
        """When the second source was added, if it was not read since, when it was removed, first read, and first read
        since it was removed."""
        self.posts: dict[str, SeenPost] = {}
        self.people: dict[str, Person] = {}
        self.editions: dict[str, SeenEdition] = {}
        self.begun: list[str] = []
        self.dealt: dict[str, set[str]] = {each: set() for each in CADENCES}
        self.perhaps: dict[str, dict[str, str]] = {each: {} for each in CADENCES}
        """What was dealt with in each cadence, and what may have been, with the reason."""
        self.behind: dict[str, set[str]] = {each: set() for each in CADENCES}
        """Of what was dealt with in each cadence: what no edition had there or, when it was switched on, elsewhere."""
        self.elsewhere: set[str] = set()
        self.restored: datetime | None = None
        """When a backup was restored without its recovery log."""
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
        if act.second != (self.setup is not None and self.configured.second):
            self.added, self.removed = (act.at, self.removed) if act.second else (None, act.at)
        self.configured = act
        self.filters.append((act.at, act.excluded))
        dealt_with = {name for dealt in self.dealt.values() for name in dealt}
        sent = {name for cadence, dealt in self.dealt.items() for name in dealt - self.behind[cadence]}
        perhaps = {name: why for each in self.perhaps.values() for name, why in each.items()}
        for cadence in act.offered:
            if cadence not in before:
                self.dealt[cadence] |= dealt_with
                self.behind[cadence] = dealt_with - sent
                self.perhaps[cadence] |= perhaps
                self._switch_on(cadence, act.at)

    def filters_since(self, since: datetime) -> list[frozenset[str]]:
        """Return the categories that filters have kept out since then, of each configuration that was in force."""
        before = sum(at < since for at, _excluded in self.filters)
        return [excluded for _at, excluded in self.filters[max(0, before - 1) :]]

    def _beginning(self, cadence: str, moment: datetime) -> datetime:
        return beginning(cadence, moment, self.configured.timezone)

    def _switch_on(self, cadence: str, now: datetime) -> None:
        """A cadence begins with what was dealt with in all of them, and with what is older than its period."""
        for post in self.posts.values():
            old = {dated < self._beginning(cadence, now) for _known, dated in post.dates}
            if post.first_refusal or post.only_added or old == {False}:
                continue
            if len(old) > 1:
                self.perhaps[cadence][post.name] = "dated anew, and perhaps a period before the cadence was switched on"
            elif post.name not in self.dealt[cadence]:
                self.dealt[cadence].add(post.name)
                if len(self.configured.offered) > 1:  # all readers of the only one had another one before
                    self.behind[cadence].add(post.name)

    def on_readelsewhere(self, _act: acts.ReadElsewhere) -> None:
        """The next reading is the first one at an address to which the blog moved."""
        self.read_elsewhere = True

    def on_read(self, act: acts.Read) -> None:
        if act.second:
            self._read_second(act)
        else:
            self._read_first(act)
        for post in self.posts.values():
            reached = act.reaches_back_to is not None and post.dated > act.reaches_back_to
            is_listed = post.only_added or any(each.name == post.name for each in act.posts)
            if not act.posts or post.second is not act.second or is_listed or not reached:  # an empty one is a fault
                continue
            if not post.second and post.name in self.of_another and not post.gone:
                self._doubt(post, PERHAPS_OF_ANOTHER)
            else:
                post.gone = post.gone or act.at

    def _read_second(self, act: acts.Read) -> None:
        """Of a source that is added later, the posts are new in a cadence that are newer than its last edition."""
        self.second_setup = self.second_setup or act.at
        for listed in act.posts:
            if known := self._known(listed):
                self._list_again(known, listed, act.at)
                continue
            post = self.posts[listed.name] = self._found(listed, act.at, second=True)
            old = {cadence: self._is_old(post, cadence) for cadence in self.configured.offered}
            if set(old.values()) == {Certainty.YES}:
                post.first_refusal = THERE_BEFORE
            self._find(post, first=False)
            for cadence in [each for each in old if not post.first_refusal]:
                if old[cadence] is Certainty.YES:
                    self._find_old(cadence, post)
                elif old[cadence] is Certainty.EITHER:
                    self._doubt(post, PERHAPS_BEFORE)
        if self.added and self.removed:
            self.read_again = act.at
        self.added = None

    def _is_old(self, post: SeenPost, cadence: str) -> Certainty:
        """Return whether a post that is found in the second source was there before, by the last edition of a cadence.

        If the source had been removed, an edition since then counts. Of each post is old what the first reading had.
        What appears after that reading may precede the cadence's first period, which perhaps begins anew with it.
        """
        if self.added is None and cadence != "post" and self.read_again:
            return Certainty.EITHER if post.dated < self._beginning(cadence, self.read_again) else Certainty.NO
        if self.added is None or post.dated >= post.found:
            return Certainty.NO
        if cadence == "post":
            return Certainty.EITHER if self.removed else Certainty.YES
        since = self.removed or LONG_AGO
        editions = [
            each
            for each in self.editions.values()
            if each.approved.kind is not Kind.CORRECTION and self.configured.effective(each.approved.cadence) == cadence
        ]
        before = [
            each.approved
            for each in editions
            if each.approved.kind is Kind.PERIODIC
            and each.began
            and since < each.approved.refreshed < self.added
            and each.approved.cadence == cadence  # those of a cadence that was removed may count as the default's
        ]
        editions = editions or list(self.editions.values())  # a new cadence continues the default one, perhaps
        ends = [max(each.approved.reaches, each.approved.at, each.began or LONG_AGO) for each in editions]
        if post.dated < max((each.reaches for each in before), default=LONG_AGO):
            return Certainty.YES
        perhaps = post.dated < max((end for end in ends if end > since), default=LONG_AGO)
        first_again = self.removed and post.dated < self._beginning(cadence, post.found)
        return Certainty.EITHER if perhaps or first_again else Certainty.NO

    def _read_first(self, act: acts.Read) -> None:
        if first := self.setup is None:
            self.setup, self.first_reached = act.at, act.reaches_back_to
        newest = self._end_of_known(act)
        there = set()
        for listed in act.posts:
            there.add(listed.name)
            if known := self._known(listed):
                self.of_another.discard(listed.name)
                self._list_again(known, listed, act.at)
            else:
                self._find(self._found(listed, act.at, second=False), first=first)
                before = newest if self.read_elsewhere else self.reached_elsewhere
                if before and listed.dated < before:
                    self._doubt(self.posts[listed.name])
        if self.read_elsewhere and there:
            self.read_elsewhere = False
            if newest == act.at:  # it may be another blog, with a first period of its own
                self.reached_elsewhere = act.at
                self.of_another = self.posts.keys() - there
            elif act.reaches_back_to is not None:  # a listing may end between posts of the same minute
                self.reached_elsewhere = act.reaches_back_to + timedelta(minutes=1)

    def _known(self, listed: acts.ListedPost) -> SeenPost | None:
        """Return a post that is listed again."""
        post = self.posts.get(listed.name)
        return None if post and post.only_added else post

    def _found(self, listed: acts.ListedPost, at: datetime, *, second: bool) -> SeenPost:
        """Return a post that is listed for the first time, also if editions have it as a page that an editor added."""
        post = seen(listed, at, second=second)
        if page := self.posts.get(listed.name):
            post.holders, post.settled = page.holders, page.settled
        return post

    def _end_of_known(self, act: acts.Read) -> datetime:
        """Return from when on a blog that moved goes on: the date of the newest known post, or of the newsletter.

        If it lists mostly others between known posts, it may be another blog, and what it lists may be out.
        """
        assert self.setup
        known = {name for name, post in self.posts.items() if not post.only_added}
        dates = [each.dated for each in act.posts if each.name in known and each.dated <= act.at]
        if not dates:
            return act.at
        others = [each for each in act.posts if each.name not in known and min(dates) < each.dated < max(dates)]
        return act.at if len(others) > len(dates) else max(*dates, self.setup)

    def _list_again(self, post: SeenPost, listed: acts.ListedPost, now: datetime) -> None:
        """A new date counts until an approved edition has the post; what was judged at first sight stays.

        Which date that was is open if the post has two in one moment.
        """
        if post.dated != listed.dated and not post.holders:
            if post.found == now:
                post.first_refusal = ""
                self._doubt(post, TWO_DATES)
            post.dates.append((now, listed.dated))
            post.dated = listed.dated
        post.gone, post.deleted = None, False

    def _find(self, post: SeenPost, *, first: bool) -> None:
        """Judge a post at first sight."""
        self.posts[post.name] = post
        longest = max(self.configured.offered, key=CADENCES.index)
        if post.first_refusal or post.dated < self._beginning(longest, self._first_read(post)):
            post.first_refusal = THERE_BEFORE
        elif post.found - post.dated > timedelta(days=self.configured.late_days):
            post.first_refusal = TOO_LATE
        elif post.name in self.elsewhere:
            post.first_refusal = ELSEWHERE
        elif self.restored and post.dated < self.restored:
            post.first_refusal = MAY_HAVE_GONE
        else:
            for cadence in self.configured.offered:
                self._find_in(cadence, post, first=first)
        for person in self.people.values():
            if not person.active:
                self._begin_with(person, post.name)

    def _doubt(self, post: SeenPost, why: str = PERHAPS_THERE) -> None:
        """A post may be out in all cadences or in some, as one that was there before."""
        post.first_doubt = why
        for cadence in self.configured.offered:
            self.perhaps[cadence].setdefault(post.name, why)
        for person in self.people.values():
            person.either(post.name, why)

    def _find_in(self, cadence: str, post: SeenPost, *, first: bool) -> None:
        """A post of before a cadence's first period is over for its readers; for `post`, so is what was there before.

        The first listing may have ended before it.
        """
        is_before = not post.second and self.first_reached is not None and post.dated < self.first_reached
        was_there = first or is_before
        if post.dated < self._beginning(cadence, self._first_read(post)) and (cadence != "post" or was_there):
            self._find_old(cadence, post)

    def _first_read(self, post: SeenPost) -> datetime:
        """Return when the source of a post was first read."""
        first_read = self.second_setup if post.second else self.setup
        assert first_read
        return first_read

    def _find_old(self, cadence: str, post: SeenPost) -> None:
        """A post is over for the readers of a cadence, unless it is a page that an approved edition has."""
        if post.settled:
            return
        self.dealt[cadence].add(post.name)
        self.behind[cadence].add(post.name)
        for person in self.people.values():
            if person.active and self.configured.effective(person.cadence) == cadence:
                person.over(post.name, BEHIND)

    def _begin_with(self, person: Person, post: str) -> None:
        """What was dealt with in the cadence in which a reader comes is over for them."""
        if post in self.behind[person.came_with]:
            person.over(post, BEHIND)
        elif post in self.dealt[person.came_with]:
            person.over(post, BEFORE_THEY_CAME)
            if person.pair(post).why == BEHIND:
                person.pair(post).why = BEFORE_THEY_CAME
        elif post in self.perhaps[person.came_with]:
            person.either(post, self.perhaps[person.came_with][post])

    def on_pageadded(self, act: acts.PageAdded) -> None:
        """The page goes to the readers of the edition."""
        if act.post not in self.posts:
            self.posts[act.post] = SeenPost(
                act.post, act.at, act.at, frozenset(), only_added=True, dates=[(act.at, act.at)]
            )

    def on_deleted(self, act: acts.Deleted) -> None:
        if post := self.posts.get(act.post):
            post.deleted = True

    def on_sentelsewhere(self, act: acts.SentElsewhere) -> None:
        """Nobody gets what they got there, unless an edition here has it."""
        self.elsewhere |= act.posts
        begun = {name for name, edition in self.editions.items() if edition.began and not edition.approved.segment}
        for name in act.posts & self.posts.keys():
            post = self.posts[name]
            if not post.holders & begun:
                post.first_refusal = post.first_refusal or ELSEWHERE

    def on_notsentelsewhere(self, act: acts.NotSentElsewhere) -> None:
        """They are free again; what is older than `late_posts` by now is too late."""
        self.elsewhere -= act.posts
        for name in act.posts & self.posts.keys():
            post = self.posts[name]
            if post.first_refusal == ELSEWHERE:
                is_late = act.at - post.dated > timedelta(days=self.configured.late_days)
                post.first_refusal = TOO_LATE if is_late else ""

    def on_restoredwithoutlog(self, act: acts.RestoredWithoutLog) -> None:
        """Nobody gets a post of before, unless an editor includes it by name."""
        self.restored = act.at
        for post in self.posts.values():
            if post.dated < act.at:
                post.first_refusal = post.first_refusal or MAY_HAVE_GONE
                post.settled = [each for each in post.settled if each.out is not Certainty.NO]

    # Readers.

    def on_joined(self, act: acts.Joined) -> None:
        person = self.people.setdefault(act.reader, Person(act.reader))
        person.active, person.paused, person.cadence = True, False, act.cadence
        person.came_with, person.joined = self.configured.effective(act.cadence), act.at
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

    def in_edition(self, name: str) -> set[str]:
        """Return the posts that an edition had: those that editors saw in it, and those of its emails."""
        return self.shown[name] | self.editions[name].approved.shown

    def may_have(self, edition: SeenEdition, post: SeenPost) -> bool:
        """Return whether an edition may have had a post that neither editors nor its emails show."""
        return post.eligible(edition.approved.at) and not post.refusal() and not post.only_added

    def miss(self, person: Person, name: str, why: str) -> None:
        """A reader of the audience does not get an edition that has begun."""
        edition = self.editions[name]
        edition.waiting.discard(person.name)
        for post in self.posts.values():
            if post.name in self.in_edition(name) and not edition.small:
                person.over(post.name, why, name)
            elif self.may_have(edition, post):
                person.either(post.name, f"perhaps {why}")
