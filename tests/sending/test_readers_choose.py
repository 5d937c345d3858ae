"""Readers of several cadences and topics get each post that they want once, with real drafts, audiences and chunks.

The test follows each reader with sets of posts; tests/domain/test_cadence.py does so without a database, many times
faster.
"""

import os
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from newsletter import config
from newsletter.config import CadenceSettings
from newsletter.domain.found_post import FoundPost
from newsletter.domain.picks import picks_of
from newsletter.editions import approval, draft, editing
from newsletter.editions.composing import standalone
from newsletter.editions.problems import JobProblem
from newsletter.editions.selection.windows import RequestedWindow
from newsletter.models import Delivery, Edition, State
from newsletter.sending import lifecycle
from newsletter.sending.outbox import Outbox
from subscribers import preferences
from subscribers.models import Subscription, SubscriptionQuerySet
from tests.factories import DAY, HOUR, NOW, WEEK, collected, collected_before, configured, found, kinaforum
from tests.sending.followed_readers import (
    CATEGORIES,
    Meaning,
    Reader,
    covered,
    is_periodic,
    name_of,
    passed,
    posts_in,
    topics_of,
)
from tests.sending.outbox_samples import outbox, outcome, subscribe

CADENCES = ("week", "post", "day", "month")
EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "10"))
"""`make readers` plays more of them."""
BEGINNINGS = (NOW, *(datetime(2026, month, day, 14, tzinfo=UTC) for month, day in ((3, 27), (10, 23))))
"""Two are days before clocks change."""
WITHOUT_END = date(9000, 1, 1)
CHUNK = 3
ALL_CHUNKS = 1_000
STEPS = 50
cadences = st.sampled_from(CADENCES)
played: Counter[str] = Counter()
"""How many steps and emails there were, and how many variants were prepared."""
categories = st.sets(st.sampled_from(CATEGORIES))
picked_topics = st.one_of(st.just(set[str]()), categories)
USUAL: Meaning = {name: frozenset({name}) for name in CATEGORIES}
meanings = st.dictionaries(st.sampled_from(CATEGORIES), st.frozensets(st.sampled_from(CATEGORIES), min_size=1))
"""Topics as they may be configured: with the category of the same name, or others."""


class Choices(RuleBasedStateMachine):
    """A newsletter with four cadences and three topics, over some weeks."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.now = NOW
        self.readers: list[Reader] = []
        self.posts: dict[str, set[str]] = {}
        self.listed: list[FoundPost] = []
        self.left_out: set[str] = set()
        self.offered: tuple[str, ...] = ()
        self.meaning: Meaning = USUAL
        self.approved_with: dict[int, Meaning] = {}

    @initialize(
        at=st.sampled_from(BEGINNINGS), several=st.booleans(), kinds=st.lists(categories, min_size=2, max_size=4)
    )
    def begin(self, at: datetime, several: bool, kinds: list[set[str]]) -> None:
        """Half of the newsletters have one cadence at first. All have some readers and posts."""
        self.now = at
        self.offer(several)
        collected_before(at - 8 * WEEK)
        for cadence in CADENCES[:2]:
            for picked in (set[str](), {"film"}, {"books", "music"}):
                self.subscribe(cadence, picked)
        self.publish(kinds, timedelta())

    # The configuration.

    def _configure(self) -> None:
        own = {c: CadenceSettings(body="title") for c in self.offered[1:]}
        topics = topics_of(self.meaning)
        usual = {"body": "title", "minimum_posts": 0, "late_posts": 366 * DAY}
        configured(cadences=self.offered, cadence=own, topics=topics, **usual)

    @rule(several=st.booleans())
    def offer(self, several: bool) -> None:
        """A newsletter may take its choice back: all readers are in the default cadence, with their marks."""
        self.offered = CADENCES if several else ()
        self._configure()

    @rule(meaning=st.one_of(st.just(USUAL), st.just({}), meanings))
    def configure_topics(self, meaning: Meaning) -> None:
        """Topics are added, removed, or mean other posts; all may be removed."""
        self.meaning = meaning
        self._configure()

    @rule(hours=st.sampled_from([1, 20, 80]))
    def wait(self, hours: int) -> None:
        self.now += hours * HOUR

    # Posts and readers.

    @rule(
        kinds=st.lists(categories, min_size=1, max_size=2), late=st.sampled_from([timedelta(), HOUR, 2 * DAY, 9 * DAY])
    )
    def publish(self, kinds: list[set[str]], late: timedelta) -> None:
        self.now += timedelta(minutes=1)
        names = [f"p{len(self.posts) + n}" for n in range(len(kinds))]
        for name, inside in zip(names, kinds, strict=True):
            self.posts[name] = inside
            self.listed.append(found(name, self.now - late, categories=tuple(sorted(inside))))
        collected(*self.listed, now=self.now)
        for reader in self.readers:
            if reader.active:
                reader.owed |= set(names)

    @rule(cadence=cadences, picked=picked_topics)
    def subscribe(self, cadence: str, picked: set[str]) -> None:
        tie = subscribe([f"r{len(self.readers)}@reader.example"])[0]
        self.readers.append(Reader(tie.pk, cadence, picked))
        self._tie(self.readers[-1]).update(cadence=cadence, topics=picks_of(picked))

    def _tie(self, reader: Reader) -> SubscriptionQuerySet:
        return Subscription.objects.filter(pk=reader.key)

    def _one(self, data: st.DataObject, *, active: bool = True) -> Reader | None:
        found = [r for r in self.readers if r.active is active]
        return data.draw(st.sampled_from(found)) if found else None

    @rule(data=st.data(), cadence=cadences)
    def change_cadence(self, data: st.DataObject, cadence: str) -> None:
        if reader := self._one(data):
            reader.cadence = cadence
            preferences.choose_cadence(self._tie(reader).get(), cadence)

    @rule(data=st.data(), picked=picked_topics, moment=st.sampled_from([timedelta(), timedelta(seconds=1)]))
    def change_topics(self, data: st.DataObject, picked: set[str], moment: timedelta) -> None:
        """In the same moment as an approval it may be too early or too late for it: the reader gets it or waits."""
        self.now += moment
        if (reader := self._one(data)) and reader.topics != picked:
            reader.earlier.append((self.now, reader.topics))
            reader.topics = picked
            preferences.choose_topics(self._tie(reader).get(), picked, self.now)

    @rule(data=st.data())
    def pause_or_resume(self, data: st.DataObject) -> None:
        if reader := self._one(data):
            reader.paused = not reader.paused
            preferences.pause(self._tie(reader).get(), WITHOUT_END if reader.paused else None)

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        if reader := self._one(data):
            reader.active = reader.paused = False
            preferences.unsubscribe(reader.key, self.now)
            self._tie(reader).update(paused_until=None)
            reader.owed.clear()

    @rule(data=st.data(), cadence=cadences, picked=picked_topics)
    def come_back(self, data: st.DataObject, cadence: str, picked: set[str]) -> None:
        if reader := self._one(data, active=False):
            reader.active, reader.cadence = True, cadence
            if reader.topics != picked:
                reader.topics, reader.earlier = picked, []
                preferences.choose_topics(self._tie(reader).get(), picked, self.now)
            self._tie(reader).update(state=Subscription.State.ACTIVE, cadence=cadence)

    # Editions are approved.

    @rule(data=st.data(), cadence=cadences, out=st.booleans(), calendar=st.booleans())
    def approve(self, data: st.DataObject, cadence: str, out: bool, calendar: bool) -> None:
        if (made := self._draft(cadence, calendar=calendar)) is None:
            return
        included = [e.post for e in made.entries.filter(included=True).select_related("post")]
        if out and included and made.state == State.DRAFT:
            post = data.draw(st.sampled_from(included))
            editing.leave_out(config.current(), made, "e@example.org", None, post.pk, self.now)
            if self._approve(made):
                self.left_out.add(name_of(post))
        else:
            self._approve(made)

    def _draft(self, cadence: str, *, calendar: bool = False) -> Edition | None:
        """Make a draft of the posts until now, or of the calendar's next period."""
        newsletter = kinaforum().at(cadence)
        window = None if newsletter.by_post or calendar else RequestedWindow(until=self.now + timedelta(seconds=1))
        try:
            return draft.make(config.current(), newsletter, window, now=self.now, read_sources=False)
        except draft.NoNewPost:
            return None

    def _approve(self, made: Edition) -> bool:
        if made.state != State.DRAFT:
            return False
        try:
            approval.approve(config.current(), made, now=self.now, despite=("empty", "subject"))
        except JobProblem as problem:
            event(f"not approved: {problem}"[:40])
            return False
        self.approved_with[made.pk] = self.meaning
        return True

    @rule(data=st.data())
    def letter(self, data: st.DataObject) -> None:
        """A letter outside the schedule goes to everybody, with a post that no edition has."""
        made = standalone.make(config.current(), kinaforum(), now=self.now, subject="Hei")
        entries = list(made.entries.filter(included=False).select_related("post"))
        if entries:
            post = data.draw(st.sampled_from(entries)).post
            try:
                editing.include(config.current(), made, "e@example.org", None, post.pk, self.now)
            except JobProblem:
                return
            self._approve(made)

    def _there(self, *states: State, **conditions: object) -> list[Edition]:
        return list(Edition.objects.filter(state__in=states, **conditions).order_by("pk"))

    @precondition(lambda self: self._there(State.SENT, State.SENDING))
    @rule(data=st.data())
    def correct(self, data: st.DataObject) -> None:
        """A correction has no posts, and goes to those who got the edition."""
        first = data.draw(st.sampled_from(self._there(State.SENT, State.SENDING)))
        self._approve(draft.correct(config.current(), first, now=self.now))

    @precondition(lambda self: self._there(State.APPROVED))
    @rule(data=st.data(), reopen=st.booleans())
    def cancel_or_reopen(self, data: st.DataObject, reopen: bool) -> None:
        edition = data.draw(st.sampled_from(self._there(State.APPROVED)))
        (approval.reopen if reopen else approval.cancel)(edition, now=self.now)

    # Editions are sent.

    @precondition(lambda self: self._there(State.APPROVED))
    @rule(data=st.data(), chunks=st.sampled_from([0, 1, ALL_CHUNKS]))
    def send(self, data: st.DataObject, chunks: int) -> None:
        """Fix the audience, and send to nobody yet, to a chunk of it, or to all."""
        self._fix(data.draw(st.sampled_from(self._there(State.APPROVED))))
        self.send_more(chunks)

    def _fix(self, edition: Edition) -> None:
        approval.queue(config.current(), edition, now=self.now)
        lifecycle.begin_due(config.current(), self.now)
        edition.refresh_from_db()
        played["editions sent"] += 1
        played["editions with several variants"] += edition.variants.count() > 1
        offered = set(Delivery.objects.filter(edition=edition).values_list("subscription_id", flat=True))
        for reader in self.readers:
            if is_periodic(edition) and reader.key in offered:
                reader.owed -= covered(edition) - self._wanted(reader, edition)
            mine = is_periodic(edition) and edition.cadence in ("", self._cadence_of(reader))
            if (mine or edition.standalone) and reader.paused and reader.active:
                reader.owed -= passed(edition)

    def _wanted(self, reader: Reader, edition: Edition) -> set[str]:
        """Return all posts that a reader wants by the topics that were picked and configured at approval."""
        assert edition.approved_at is not None
        meaning = self.approved_with[edition.pk] if edition.variants.exists() else {}
        return {name for name, inside in self.posts.items() if reader.wants(inside, meaning, edition.approved_at)}

    def _cadence_of(self, reader: Reader) -> str:
        return reader.cadence if reader.cadence in kinaforum().offered else "week"

    @rule(chunks=st.sampled_from([1, ALL_CHUNKS]))
    def send_more(self, chunks: int) -> None:
        """Send some chunks of the editions that are being sent, as the sending processes do."""
        box = outbox()
        for _ in range(chunks):
            if not self._chunk_sent(box):
                break
        lifecycle.complete(["kinaforum"], self.now)

    def _chunk_sent(self, box: Outbox) -> bool:
        batch = box.next(CHUNK)
        if batch is None:
            return False
        edition = Edition.objects.get(period=batch.edition.partition("/")[2])
        receiving = {reader.number for reader in box.begin(batch).readers}
        played["emails"] += len(receiving)
        posts = posts_in(edition, batch.segments)
        keys = dict(Delivery.objects.filter(edition=edition).values_list("number", "subscription_id"))
        for number in batch.attempts:
            reader = next(r for r in self.readers if r.key == keys[number])
            reader.owed -= set(posts)
            if number in receiving:
                assert reader.active
                assert not reader.paused
                assert posts or not edition.variants.exists()
                assert not is_periodic(edition) or set(posts) <= self._wanted(reader, edition)
                reader.got += posts
        box.settle(batch.edition, batch.chunk, [outcome(number) for number in receiving], finished=True)
        return True

    @precondition(lambda self: self._there(State.SENDING))
    @rule(data=st.data())
    def cancel_sending(self, data: st.DataObject) -> None:
        """Whoever has not got a cancelled edition was offered it."""
        edition = data.draw(st.sampled_from(self._there(State.SENDING)))
        lifecycle.cancel(config.current(), edition, now=self.now)
        offered = set(Delivery.objects.filter(edition=edition).values_list("subscription_id", flat=True))
        for reader in self.readers:
            if reader.key in offered:
                reader.owed -= passed(edition)

    @precondition(lambda self: self._there(State.SENT, State.CANCELLED, audience__gt=0))
    @rule(data=st.data(), chunks=st.sampled_from([0, ALL_CHUNKS]))
    def send_to_skipped(self, data: st.DataObject, chunks: int) -> None:
        edition = data.draw(st.sampled_from(self._there(State.SENT, State.CANCELLED, audience__gt=0)))
        if lifecycle.skipped_to_send(edition):
            lifecycle.send_to_skipped(config.current(), edition, now=self.now)
            self.send_more(chunks)

    @rule(data=st.data(), cadence=cadences, kinds=st.lists(categories, min_size=1, max_size=3))
    def publish_and_send(self, data: st.DataObject, cadence: str, kinds: list[set[str]]) -> None:
        self.publish(kinds, timedelta())
        self.approve(data, cadence, out=False, calendar=False)
        for edition in self._there(State.APPROVED):
            self._fix(edition)
        self.send_more(ALL_CHUNKS)

    def _next_sent(self, cadence: str) -> bool:
        """Send the next edition of a cadence to everybody; return whether there was one."""
        self.now += HOUR
        made = self._draft(cadence)
        if made is None or not self._approve(made):
            return False
        made.refresh_from_db()
        self._fix(made)
        self.send_more(ALL_CHUNKS)
        return True

    # What must hold.

    @invariant()
    def none_twice(self) -> None:
        played["steps"] += 1
        for reader in self.readers:
            assert max(Counter(reader.got).values(), default=0) <= 1, reader.got

    def teardown(self) -> None:
        """Send what waits, and twice another post and an edition of each cadence: nobody is owed anything."""
        try:
            if self.posts:
                self._finish()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def _finish(self) -> None:
        for edition in self._there(State.APPROVED):
            self._fix(edition)
        self.send_more(ALL_CHUNKS)
        self.now += WEEK
        # Who is behind when there is nothing new gets what is missing with the next post.
        for _ in range(2):
            self.publish([set()], timedelta())
            # A series without editions continues the default one, so that of single posts comes first.
            for cadence in sorted(kinaforum().offered, key=lambda each: each != "post"):
                while self._next_sent(cadence) and cadence == "post":
                    pass
        self.none_twice()
        for reader in self.readers:
            if reader.active and not reader.paused:
                assert reader.owed <= self.left_out, (reader, self.left_out)


@pytest.mark.django_db
def test_every_reader_gets_each_post_once(capsys: pytest.CaptureFixture[str]) -> None:
    run_state_machine_as_test(
        Choices,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            database=None,
        ),
    )
    if "HYPOTHESIS_EXAMPLES" in os.environ:
        with capsys.disabled():
            sys.stdout.write(", ".join(f"{count} {what}" for what, count in played.items()) + "\n")
    assert played["steps"] >= EXAMPLES
