"""Readers of several cadences and topics get each post that they want once, with real drafts, audiences and chunks.

The test follows each reader with sets of posts; tests/domain/test_cadence.py does so without a database, many times
faster.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

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
from newsletter.config import CadenceSettings, Topic
from newsletter.domain.found_post import FoundPost
from newsletter.domain.picks import picks_of
from newsletter.editions import approval, draft, editing
from newsletter.editions.approved_content import unpack
from newsletter.editions.composing import standalone
from newsletter.editions.problems import JobProblem
from newsletter.editions.selection.windows import RequestedWindow
from newsletter.models import Delivery, Edition, EditionPost, Post, Result, State, Variant
from newsletter.sending import lifecycle
from subscribers import preferences
from subscribers.models import Subscription, SubscriptionQuerySet
from tests.factories import DAY, HOUR, NOW, WEEK, collected, collected_before, configured, found, kinaforum
from tests.sending.outbox_samples import outbox, subscribe

CADENCES = ("week", "post", "day", "month")
EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "15"))
"""`make readers` plays more of them."""
cadences = st.sampled_from(CADENCES)
played: Counter[str] = Counter()
"""How many steps and emails there were, and how many variants were prepared."""
TOPICS = {name: Topic(categories=(name,)) for name in ("film", "books", "music")}
topics = st.sets(st.sampled_from(sorted(TOPICS)))
picked_topics = st.one_of(st.just(set[str]()), topics)


@dataclass(eq=False)
class Reader:
    """A reader; `owed` has the posts that were published since and are wanted, and `got` those of emails.

    `earlier` has the topics before each change, with its time.
    """

    key: int
    cadence: str
    topics: set[str]
    earlier: list[tuple[datetime, set[str]]] = field(default_factory=list)
    owed: set[str] = field(default_factory=set)
    got: list[str] = field(default_factory=list)
    active: bool = True
    paused: bool = False

    def wants(self, topics: set[str], at: datetime) -> bool:
        """Return whether the reader wants a post in these topics, by what was picked at a time."""
        picked = next((before for changed, before in self.earlier if changed > at), self.topics)
        return not picked or bool(picked & topics)


class Choices(RuleBasedStateMachine):
    """A newsletter with four cadences, over some weeks."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.now = NOW
        self.readers: list[Reader] = []
        self.posts: dict[str, set[str]] = {}
        self.listed: list[FoundPost] = []
        self.left_out: set[str] = set()

    @initialize(several=st.booleans(), kinds=st.lists(topics, min_size=2, max_size=4))
    def begin(self, several: bool, kinds: list[set[str]]) -> None:
        """Half of the newsletters have one cadence at first. All have some readers and posts."""
        self._configure(CADENCES if several else ())
        collected_before()
        for cadence in CADENCES[:2]:
            for picked in (set[str](), {"film"}, {"books", "music"}):
                self.subscribe(cadence, picked)
        self.publish(kinds, timedelta())

    def _configure(self, offered: tuple[str, ...]) -> None:
        own = {c: CadenceSettings(body="title") for c in offered[1:]}
        configured(cadences=offered, cadence=own, topics=TOPICS, body="title", minimum_posts=0)

    @rule()
    def offer_more(self) -> None:
        self._configure(CADENCES)

    @rule()
    def offer_one(self) -> None:
        """A newsletter may take its choice back: all readers are in the default cadence, with their marks."""
        self._configure(())

    @rule(hours=st.sampled_from([1, 20, 80]))
    def wait(self, hours: int) -> None:
        self.now += hours * HOUR

    # Posts and readers.

    @rule(kinds=st.lists(topics, min_size=1, max_size=2), late=st.sampled_from([timedelta(), HOUR, 2 * DAY, 9 * DAY]))
    def publish(self, kinds: list[set[str]], late: timedelta) -> None:
        self._publish(kinds, late)

    def _publish(self, kinds: list[set[str]], late: timedelta) -> None:
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
            self._tie(reader).update(cadence=cadence)

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
            until = (self.now + 400 * DAY).date() if reader.paused else None
            preferences.pause(self._tie(reader).get(), until)

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

    # Editions.

    @rule(data=st.data(), cadence=cadences, out=st.booleans())
    def approve(self, data: st.DataObject, cadence: str, out: bool) -> None:
        if (made := self._draft(cadence)) is None:
            return
        included = [e.post for e in made.entries.filter(included=True).select_related("post")]
        if out and included and made.state == State.DRAFT:
            post = data.draw(st.sampled_from(included))
            editing.leave_out(config.current(), made, "e@example.org", None, post.pk, self.now)
            if self._approve(made):
                self.left_out.add(_name(post))
        else:
            self._approve(made)

    def _draft(self, cadence: str) -> Edition | None:
        newsletter = kinaforum().at(cadence)
        window = None if newsletter.by_post else RequestedWindow(until=self.now + timedelta(seconds=1))
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
        return True

    @rule(data=st.data())
    def letter(self, data: st.DataObject) -> None:
        """A letter beside the schedule goes to everybody, with a post that no edition has."""
        made = standalone.make(config.current(), kinaforum(), now=self.now, subject="Hei")
        entries = list(made.entries.filter(included=False).select_related("post"))
        if entries:
            post = data.draw(st.sampled_from(entries)).post
            try:
                editing.include(config.current(), made, "e@example.org", None, post.pk, self.now)
            except JobProblem:
                return
            self._approve(made)

    def _there(self, *states: State) -> list[Edition]:
        return list(Edition.objects.filter(state__in=states).order_by("pk"))

    @precondition(lambda self: self._there(State.APPROVED))
    @rule(data=st.data(), reopen=st.booleans())
    def cancel_or_reopen(self, data: st.DataObject, reopen: bool) -> None:
        edition = data.draw(st.sampled_from(self._there(State.APPROVED)))
        (approval.reopen if reopen else approval.cancel)(edition, now=self.now)

    @precondition(lambda self: self._there(State.APPROVED))
    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        self._send(data.draw(st.sampled_from(self._there(State.APPROVED))))

    def _send(self, edition: Edition) -> None:
        approval.queue(config.current(), edition, now=self.now)
        lifecycle.begin_due(config.current(), self.now)
        edition.refresh_from_db()
        played["editions sent"] += 1
        played["editions with several variants"] += edition.variants.count() > 1
        emails = list(self._claimed(edition))
        played["emails"] += len(emails)
        offered = dict(Delivery.objects.filter(edition=edition).values_list("subscription_id", "number"))
        skipped = set(Result.objects.filter(edition=edition).values_list("number", flat=True))
        event(f"emails: {len(emails)}, skipped: {len(skipped)}, variants: {edition.variants.count()}")
        assert sorted([*(n for n, _ in emails), *skipped]) == sorted(offered.values())
        posts = dict(emails)
        for reader in self.readers:
            self._read(reader, edition, posts.get(offered.get(reader.key, 0)), offered=reader.key in offered)

    def _claimed(self, edition: Edition) -> Iterator[tuple[int, list[str]]]:
        """Yield what is sent to each number, as the sending processes get it; no chunk has two variants."""
        texts = {bytes(v.segments): v for v in Variant.objects.filter(edition=edition).exclude(segments=b"")}
        mails = [(unpack(packed), variant.posts) for packed, variant in texts.items()]
        own = list(edition.entries.filter(included=True).values_list("post_id", flat=True))
        box = outbox()
        while batch := box.next(2):
            found = next((posts for mail, posts in mails if mail == batch.segments), own)
            names = [_name(post) for post in Post.objects.filter(pk__in=found)]
            yield from ((number, names) for number in batch.attempts)

    def _read(self, reader: Reader, edition: Edition, posts: list[str] | None, *, offered: bool) -> None:
        if posts is not None:
            reader.got += posts
            reader.owed -= set(posts)
        if offered and not edition.standalone:
            assert edition.approved_at is not None
            behind = {_name(post) for post in Post.objects.filter(number__lte=edition.end or 0)}
            wanted = {name for name, inside in self.posts.items() if reader.wants(inside, edition.approved_at)}
            reader.owed -= behind - wanted
            assert posts is None or (posts and set(posts) <= wanted)
        mine = edition.standalone or not edition.cadence or self._cadence_of(reader) == edition.cadence
        if mine and reader.paused and reader.active:
            passed = Post.objects.filter(number__lte=edition.end or 0)
            letter = EditionPost.objects.filter(edition=edition, included=True).values("post_id")
            passed = passed | Post.objects.filter(pk__in=letter) if edition.standalone else passed
            reader.owed -= {_name(post) for post in passed}

    def _cadence_of(self, reader: Reader) -> str:
        return reader.cadence if reader.cadence in kinaforum().offered else "week"

    @rule(data=st.data(), cadence=cadences, kinds=st.lists(topics, min_size=1, max_size=3))
    def publish_and_send(self, data: st.DataObject, cadence: str, kinds: list[set[str]]) -> None:
        self.publish(kinds, timedelta())
        self.approve(data, cadence, out=False)
        for edition in self._there(State.APPROVED):
            self._send(edition)

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
            self._send(edition)
        self.now += WEEK
        # Who is behind when there is nothing new gets what is missing with the next post.
        for _ in range(2):
            self._publish([set()], timedelta())
            offered = kinaforum().offered
            for cadence in (*(["post"] * len(self.posts) if "post" in offered else []), *offered):
                self.now += HOUR
                made = self._draft(cadence)
                if made and self._approve(made):
                    made.refresh_from_db()
                    self._send(made)
        self.none_twice()
        for reader in self.readers:
            if reader.active and not reader.paused:
                assert reader.owed <= self.left_out, (reader, self.left_out)


def _name(post: Post) -> str:
    return post.url.rpartition("/")[2].removesuffix(".html")


@pytest.mark.django_db
def test_every_reader_gets_each_post_once(capsys: pytest.CaptureFixture[str]) -> None:
    run_state_machine_as_test(
        Choices,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=25,
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
