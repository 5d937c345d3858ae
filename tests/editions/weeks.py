"""Blogs that publish, edit, delete, backdate and move, editors who change, approve, reopen and give up, and a clock
that is slow or away: what tests/editions/test_every_post_once.py tries in any order.
"""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from newsletter import config
from newsletter.collecting.collect import collect
from newsletter.editions import approval, draft, editing
from newsletter.editions.composing import standalone
from newsletter.editions.problems import Impossible
from newsletter.editions.states import change
from newsletter.messages import editions as messages
from newsletter.models import Edition, Post, Source, State
from newsletter.scheduling import schedule
from newsletter.sending import lifecycle
from tests.doubles.feeds import Article, Blog, Web
from tests.factories import DAY, HOUR, configured, kinaforum

DELAYS = st.sampled_from([timedelta(), timedelta(minutes=10), 5 * HOUR, 2 * DAY, 12 * DAY, 45 * DAY, -2 * HOUR])
PAUSES = st.sampled_from([timedelta(minutes=1), HOUR, 5 * HOUR, DAY, 3 * DAY, 9 * DAY])
STARTS = st.sampled_from(
    ["2026-02-04T09:00", "2026-03-27T13:30", "2026-03-28T23:30", "2026-10-24T20:00", "2026-12-30T10:00"]
)
ZONES = st.sampled_from(["Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "UTC"])
SCHEDULES = st.sampled_from(
    [
        {"period": "week", "draft": "fri 15:00", "send": "fri 18:00"},
        {"period": "week", "draft": "sun 02:10", "send": "sun 02:40"},
        {"period": "day", "draft": "23:00", "send": "00:30"},
        {"period": "day", "draft": "15:00", "send": "18:00"},
        {"period": "day", "draft": "15:00", "send": "18:00", "minimum_posts": 2},
    ]
)


Keys = dict[str, str | int]


class Weeks(RuleBasedStateMachine):
    """A newsletter over some weeks: its blogs, its clock and its editors."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.web = Web()
        self.articles: list[Article] = []
        self.first_collected: dict[str, datetime] = {}
        self.numbered = 0

    @initialize(start=STARTS, zone=ZONES, schedule=SCHEDULES, approval=st.sampled_from(["editor", "none"]),
                ages=st.lists(st.integers(0, 60), max_size=6), page=st.sampled_from([3, 1000]))  # fmt: skip
    def begin(
        self, start: str, zone: str, schedule: dict[str, str | int], approval: str, ages: list[int], page: int
    ) -> None:
        self.now = datetime.fromisoformat(start + "+00:00")
        self.begun = self.now
        blog = Blog("http://first.example", page=page)
        self.web.blogs = {blog.address: blog}
        self.sources = [blog.address]
        self.keys: Keys = {"timezone": zone, "approval": approval, **schedule}
        for age in ages:
            self._publish(blog, self.now - age * DAY)
        self._configure()
        self.collect()

    def _configure(self) -> None:
        configured(self.sources, **self.keys)

    def _publish(self, blog: Blog, published: datetime) -> None:
        self.numbered += 1
        article = Article(f"a{self.numbered}", published, self.now)
        blog.articles.append(article)
        self.articles.append(article)

    @property
    def blogs(self) -> list[Blog]:
        return [self.web.blogs[address] for address in self.sources]

    # What blogs do.

    @rule(which=st.integers(0, 1), delay=DELAYS)
    def publish(self, which: int, delay: timedelta) -> None:
        self._publish(self.blogs[which % len(self.blogs)], self.now - delay)

    @precondition(lambda self: self.articles)
    @rule(data=st.data())
    def edit_article(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.articles)).edits += 1

    @precondition(lambda self: self.articles)
    @rule(data=st.data())
    def take_down_or_put_back(self, data: st.DataObject) -> None:
        article = data.draw(st.sampled_from(self.articles))
        article.listed = not article.listed

    @rule(which=st.integers(0, 1))
    def break_or_mend(self, which: int) -> None:
        blog = self.blogs[which % len(self.blogs)]
        blog.up = not blog.up

    @rule(which=st.integers(0, 1), to=st.sampled_from(["https", "host", "engine"]))
    def move(self, which: int, to: str) -> None:
        """The same articles at another address; the configuration follows, and both are read once."""
        old = self.blogs[which % len(self.blogs)]
        old.up = True
        self.collect()
        address = (
            old.address.replace("http:", "https:") if to == "https" else f"https://moved{len(self.web.blogs)}.example"
        )
        if address in self.web.blogs:
            return
        engine = "wordpress" if to == "engine" else old.engine
        self.web.blogs[address] = Blog(address, engine, old.page, articles=old.articles)
        self.sources[self.sources.index(old.address)] = address
        self._configure()
        self.collect()

    @precondition(lambda self: len(self.sources) == 1)
    @rule(ages=st.lists(st.integers(0, 60), max_size=4), data=st.data())
    def add_source(self, ages: list[int], data: st.DataObject) -> None:
        """A second source, which lists some articles of the first again under ids and links of its own."""
        blog = Blog("https://second.example", "wordpress")
        if blog.address in self.web.blogs:
            return
        shared = st.lists(st.sampled_from(self.articles), unique_by=id, max_size=3) if self.articles else st.just([])
        blog.articles = data.draw(shared)
        for age in ages:
            self._publish(blog, self.now - age * DAY)
        self.web.blogs[blog.address] = blog
        self.sources.append(blog.address)
        self._configure()
        self.collect()

    # What time does.

    @rule(pause=PAUSES)
    def wait(self, pause: timedelta) -> None:
        self.now += pause

    @rule()
    def collect(self) -> None:
        collect(config.current(), now=self.now)
        self._note()

    @rule()
    def tick(self) -> None:
        schedule.tick(config.current(), self.now)
        self._note()

    # What editors do.

    @rule(read=st.booleans())
    def draft(self, read: bool) -> None:
        draft.make(config.current(), kinaforum(), now=self.now, read_sources=read)
        self._note()

    @rule(with_posts=st.booleans())
    def letter(self, with_posts: bool) -> None:
        """A letter outside the schedule, which has no posts but those that it is given."""
        made = standalone.make(config.current(), kinaforum(), now=self.now, subject="News", with_posts=with_posts)
        assert with_posts or not made.entries.filter(included=True).exists()

    @rule()
    def copy(self) -> None:
        if edition := Edition.objects.order_by("pk").last():
            standalone.duplicate(config.current(), edition, now=self.now)

    def _note(self) -> None:
        """Remember when each source was first read."""
        for url, at in Source.objects.exclude(first_read_at=None).values_list("url", "first_read_at"):
            self.first_collected.setdefault(url, at or self.now)

    def _one(self, *states: State) -> Edition | None:
        return Edition.objects.filter(state__in=states).order_by("-pk").first()

    @rule(read=st.booleans())
    def refresh(self, read: bool) -> None:
        if edition := self._one(State.DRAFT):
            kept = {
                e.post_id: (e.choice, e.pinned, e.title, e.moved_to)
                for e in edition.entries.all()
                if e.choice or e.title
            }
            edition = draft.refresh(config.current(), edition, now=self.now, read_sources=read)
            after = {e.post_id: e for e in edition.entries.all()}
            for number, decisions in kept.items():
                entry = after[number]
                assert (entry.choice, entry.pinned, entry.title, entry.moved_to) == decisions
            self._note()

    @rule(data=st.data(), act=st.sampled_from(["out", "in", "rules", "title", "pin", "move", "back"]))
    def edit(self, data: st.DataObject, act: str) -> None:
        edition = self._one(State.DRAFT)
        posts = list(Post.objects.values_list("pk", flat=True))
        if edition is None or not posts:
            return
        number = data.draw(st.sampled_from(posts))
        back_to = data.draw(st.integers(1, edition.revision))
        acts = {
            "out": partial(editing.leave_out, post=number),
            "in": partial(editing.include, post=number),
            "rules": partial(editing.let_rules_decide, post=number),
            "title": partial(editing.retitle, post=number, title="An editor's title"),
            "pin": partial(editing.pin, post=number),
            "move": partial(editing.move, post=number, day=edition.since.date(), place=0),
            "back": partial(editing.go_back, to=back_to),
        }
        acts[act](config.current(), edition, "editor", None, now=self.now)

    @rule(oldest=st.booleans(), looked=st.booleans())
    def approve(self, oldest: bool, looked: bool) -> None:
        drafts = Edition.objects.filter(state=State.DRAFT).order_by("pk" if oldest else "-pk")
        if edition := drafts.first():
            try:
                approval.approve(config.current(), edition, revision=edition.revision if looked else None, now=self.now)
            except editing.Conflict:
                assert looked
            except Impossible as problem:
                if not _names_another_edition(problem):
                    raise

    @rule()
    def reopen(self) -> None:
        if edition := self._one(State.APPROVED, State.QUEUED):
            approval.reopen(edition, now=self.now)

    @rule()
    def reopen_skipped(self) -> None:
        """An edition that was skipped for too few posts is sent after all."""
        for edition in Edition.objects.filter(state=State.SKIPPED).order_by("-pk"):
            if approval.was_too_small(edition):
                approval.reopen(edition, now=self.now)
                break

    @rule()
    def send_anyway(self) -> None:
        """What may refuse it is known by its code, since sentences are reworded."""
        if edition := self._one(State.DRAFT):
            try:
                self._sent(approval.approve_and_queue(config.current(), edition, now=self.now))
            except Impossible as problem:
                if messages.EMPTY.matches(problem.message) or messages.EMPTY_LETTER.matches(problem.message):
                    assert not edition.entries.filter(included=True).exists()
                elif not _names_another_edition(problem):
                    raise

    @rule()
    def cancel(self) -> None:
        if edition := self._one(State.DRAFT, State.APPROVED, State.QUEUED):
            approval.cancel(edition, now=self.now)

    @rule()
    def send(self) -> None:
        if edition := self._one(State.APPROVED):
            approval.queue(config.current(), edition, now=self.now)
        if edition := self._one(State.QUEUED):
            self._sent(edition)

    def _sent(self, edition: Edition) -> None:
        lifecycle.begin_due(config.current(), self.now)
        edition.refresh_from_db()
        change(edition, State.SENT, ended_at=self.now)


def _names_another_edition(problem: Impossible) -> bool:
    """Return whether approval was refused because another edition has a post, or left it out since."""
    return messages.POST_TAKEN.matches(problem.message) or messages.POST_OUT.matches(problem.message)
