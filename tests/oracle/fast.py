"""A newsletter in this process with a clock of its own: real drafts, approvals, audiences and emails, no sockets.

Times pass only in `wait`: the schedule is looked at whenever it has something to do, as `newsletter run` does.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from newsletter import config
from newsletter.collecting import collect as collecting
from newsletter.config import Newsletter, SourceSettings, next_moment
from newsletter.domain.outcome import Fault, OutcomeKind
from newsletter.editions import approval, draft, editing, history
from newsletter.editions.composing import standalone
from newsletter.editions.imported.archive_import import import_archive, undo_import
from newsletter.editions.problems import Impossible
from newsletter.editions.selection import link_check
from newsletter.editions.selection.windows import RequestedWindow, bounds, name_of
from newsletter.feeds import SourceReading
from newsletter.feeds.model import EVERYTHING
from newsletter.messages.acts import UNDONE
from newsletter.messages.sending import TOO_MANY_REFUSALS
from newsletter.messages.sources import STOPPED
from newsletter.models import WITHOUT_POSTS, ArchiveImport, Edition, Post, State
from newsletter.scheduling import schedule
from newsletter.sending import lifecycle, resending
from tests import settings as of_tests
from tests.oracle import acts
from tests.oracle.acts import Kind
from tests.oracle.blog import HOST, SECOND as SECOND_HOST, Settings
from tests.oracle.fast_blog import Addresses, found_posts, name_of_post, posts_in
from tests.oracle.fast_readers import NAME, FastReaders
from tests.oracle.restoring import Backup, recovery_log
from tests.oracle.site import SPLIT, WHOLE
from tests.sending.outbox_samples import outbox, outcome

SECRET = 'secret_key = "for tests only, and long enough to be a key of the usual length"'
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
SEGMENT = "frequency = "
LOOKS = 40
"""How often the schedule is looked at until nothing is left to do."""


def _feed(host: str) -> str:
    return f"https://{host}/feed"


class FastSite(FastReaders):
    """The newsletter in this process; if it is busy, audiences are fixed before all cadences have been looked at."""

    has_segments = can_be_restored = True

    def __init__(self, start: datetime, settings: Settings, *, busy: bool = False) -> None:
        super().__init__(start, settings)
        self.busy = busy
        self.approved: dict[str, datetime] = {}
        self.asked_for: set[str] = set()
        self.read: object = None
        self._backups: dict[str, Backup] = {}
        self.configure(settings)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Read the blog instead of the network."""
        with (
            patch.object(collecting, "read", self._read),
            patch.object(link_check, "Fetcher", lambda *_: Addresses(self.blog, self.second)),
            ExitStack() as self._while_open,
        ):
            yield

    def _read(self, source: SourceSettings, *_: object, now: datetime, **__: object) -> SourceReading:
        blog = self.second if source.url == _feed(SECOND_HOST) else self.blog
        if blog is self.blog and self.unreadable:
            return SourceReading(kind="feed", problems=(STOPPED(),))
        listed, back = blog.listed(), blog.reaches_back_to()
        self.log.append(acts.Read(now, listed, back or EVERYTHING, second=blog is self.second))
        return SourceReading(kind="feed", title="Blog", posts=found_posts(blog), reached_back_to=back or EVERYTHING)

    @property
    def newsletter(self) -> Newsletter:
        """The newsletter as it is configured now."""
        return self.configuration.newsletters[NAME]

    # What people do.

    def _put_in_force(self) -> None:
        text = self.settings.text(_feed(self.settings.host), _feed(SECOND_HOST), SECRET)
        config.use(config.parse(text + '[delivery]\nprovider = "file"\n', of_tests.FOLDER / "config.toml"))

    def import_issues(self, *posts: str) -> None:
        """Import the archive of another tool, with an issue of now that links to these posts."""
        with TemporaryDirectory() as folder:
            links = "\n\n".join(f"[{post}](https://www.{HOST}/{post}.html?utm_source=issue)" for post in posts)
            (Path(folder) / "issue.md").write_text(f"---\ntitle: Old\ndate: {self.now.isoformat()}\n---\n{links}\n")
            import_archive(self.configuration, self.newsletter, Path(folder), now=self.now)
        self.log.append(acts.SentElsewhere(self.now, frozenset(posts)))

    def undo_import_of_issues(self, *posts: str) -> None:
        """Undo the last import of an archive, which had these posts."""
        record = ArchiveImport.objects.order_by("pk").last()
        assert record
        undo_import(self.configuration, record, now=self.now)
        self.log.append(acts.NotSentElsewhere(self.now, frozenset(posts)))

    # What editors do. Each returns whether it was possible.

    def _refused(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except Impossible:
            return True
        return False

    def draft(self, cadence: str, how: str = "next") -> str:
        """Make or refresh a draft: of the next window, of the calendar's period, or of all until now.

        Return the edition's name; "" if there is none.
        """
        newsletter = self.newsletter.at(cadence)
        window = None
        if how == "now" and not newsletter.by_post:
            window = RequestedWindow(until=self.now + SECOND)
        elif how == "calendar" and not newsletter.by_post:
            period = name_of(self.now + SECOND, newsletter.period, newsletter.zone)
            window = RequestedWindow(until=bounds(period, newsletter.zone)[1], period=period)
        try:
            made = draft.make(self.configuration, newsletter, window, now=self.now)
        except Impossible:
            return ""
        if window is not None:
            self.asked_for.add(made.name)
        return made.name

    def edition(self, name: str) -> Edition:
        """Return an edition by its name."""
        return Edition.objects.get(newsletter=NAME, period=name.partition("/")[2])

    def editions(self, *states: State, began: bool | None = None) -> list[str]:
        """Return the names of the editions in some states."""
        there = Edition.objects.filter(state__in=states, corrects=None)
        if began is not None:
            there = there.filter(began_at__isnull=not began)
        return [each.name for each in there.order_by("pk")]

    def refresh(self, name: str) -> None:
        """Refresh a draft from its sources."""
        draft.refresh(self.configuration, self.edition(name), now=self.now)

    def inside(self, name: str) -> list[str]:
        """Return the posts that an edition shows to editors."""
        entries = self.edition(name).entries.filter(included=True).select_related("post")
        return [name_of_post(entry.post) for entry in entries]

    def left_out(self, name: str) -> list[str]:
        """Return the posts that an edition lists as out."""
        entries = self.edition(name).entries.filter(included=False).select_related("post")
        return [name_of_post(entry.post) for entry in entries]

    def knows(self, post: str) -> bool:
        """Return whether a reading has found a post."""
        return Post.objects.filter(url__endswith=f"/{post}.html").exists()

    def _decide(self, name: str, post: str, choice: str) -> bool:
        key = Post.objects.get(url__endswith=f"/{post}.html").pk
        edition = self.edition(name)
        act = {"in": editing.include, "out": editing.leave_out, "rules": editing.let_rules_decide}[choice]
        return not self._refused(lambda: act(self.configuration, edition, "", None, key, self.now))

    def _add_page(self, name: str, post: str) -> bool:
        page = {"title": f"About {post} - Blog", "text": "", "description": "What the page says of itself."}
        url = f"https://{self.blog.host}/{post}.html"
        editing.add_post(self.configuration, self.edition(name), "", None, url=url, now=self.now, **page)
        return True

    def undo(self, name: str) -> bool:
        edition = self.edition(name)
        step = history.steps(edition)[0]
        if step is None:
            return False
        seen, to = edition.revision, step.to
        act = partial(editing.go_back, self.configuration, edition, "", seen, to, self.now, what=UNDONE)
        done = not self._refused(act)
        if done:
            self._see_choices(name)
        return done

    def _see_choices(self, name: str) -> None:
        """Remember which posts editors have in an edition by name, and out."""
        choices = self.edition(name).entries.exclude(choice="").select_related("post")
        chosen = {name_of_post(entry.post): entry.choice for entry in choices}
        self.added[name] = {post for post, choice in chosen.items() if choice == "in"}
        self.out[name] = {post for post, choice in chosen.items() if choice == "out"}

    def schedule(self, name: str, at: datetime) -> bool:
        edition = self.edition(name)
        act = approval.queue if edition.state == State.APPROVED else approval.reschedule
        return not self._refused(lambda: act(self.configuration, edition, at=at, now=self.now))

    def approve(self, name: str) -> bool:
        """Approve a draft."""
        edition = self.edition(name)
        refused = self._refused(lambda: approval.approve(self.configuration, edition, now=self.now))
        self._see_approvals()
        return not refused

    def _see_approvals(self) -> None:
        """Log what was approved since the last look, also by the schedule."""
        there = Edition.objects.filter(approved_at__isnull=False).order_by("approved_at", "pk")
        times = {f"{NAME}/{period}": at for period, at in there.values_list("period", "approved_at")}
        for edition in [self.edition(name) for name, at in times.items() if self.approved.get(name) != at]:
            assert edition.approved_at
            self.approved[edition.name] = edition.approved_at
            kind = Kind.CORRECTION if edition.corrects_id else Kind.LETTER if edition.standalone else Kind.PERIODIC
            until, cadence = edition.until, edition.cadence or self.settings.period
            since = None if edition.name not in self.asked_for else edition.since
            is_without = edition.segment_where == WITHOUT_POSTS
            segment = acts.WITHOUT if is_without else edition.segment_where.removeprefix(SEGMENT)
            self.see_approval(
                edition.approved_at, edition.name, cadence, kind, edition.refreshed_at, until, since, segment
            )

    def letter(self, *posts: str, segment: str = "") -> str:
        """Make a letter outside the schedule with some posts, and return its name."""
        made = standalone.make(self.configuration, self.newsletter, now=self.now, subject="Hello")
        where = WITHOUT_POSTS if segment == acts.WITHOUT else f"{SEGMENT}{segment}" if segment else ""
        Edition.objects.filter(pk=made.pk).update(segment=segment, segment_where=where)
        for post in posts:
            self.include(made.name, post)
        return made.name

    def correct(self, name: str) -> None:
        """Correct an edition, for those who got it."""
        made: list[Edition] = []
        if not self._refused(lambda: made.append(draft.correct(self.configuration, self.edition(name), now=self.now))):
            editing.set_words(self.configuration, made[0], "", None, {"greeting": "Sorry"}, self.now)
            if self.approve(made[0].name):
                self.send(made[0].name)

    def unlock(self, name: str, *, reopen: bool = True) -> None:
        """Reopen an approved edition, or cancel it."""
        act = approval.reopen if reopen else approval.cancel
        edition = self.edition(name)
        if not self._refused(lambda: act(edition, now=self.now)):
            if reopen:
                self.approved.pop(name, None)
            self.log.append(acts.Unlocked(self.now, name))

    def send(self, name: str, *, chunks: int = WHOLE) -> None:
        """Send an approved edition now, or fix its audience and send only some of it."""
        edition = self.edition(name)
        if not self._refused(lambda: approval.queue(self.configuration, edition, now=self.now)):
            self._begin(asked=name)
            self.deliver(chunks)

    def stop(self, name: str) -> None:
        """Cancel an edition that is being sent."""
        edition = self.edition(name)
        if not self._refused(lambda: lifecycle.cancel(self.configuration, edition, now=self.now)):
            self.log.append(acts.Stopped(self.now, name))

    def refuse(self, name: str) -> None:
        edition = self.edition(name)
        if self._refused(lambda: approval.queue(self.configuration, edition, now=self.now)):
            return
        self._begin(asked=name)
        box = outbox()
        while batch := box.next(SPLIT):
            recipients = box.begin(batch).recipients
            refused = [outcome(r.number, OutcomeKind.REFUSED, r.attempt, fault=Fault.POLICY) for r in recipients]
            box.settle(batch.edition, batch.chunk, refused, finished=True)
            lifecycle.pause_automatically(batch.edition, TOO_MANY_REFUSALS(refused=1, tried=1, reply="552 no"))
        for paused in Edition.objects.filter(state=State.PAUSED):
            lifecycle.resume(paused, now=self.now)
        self.deliver()

    def resend(self, name: str) -> None:
        """Send an edition to those who were skipped or refused."""
        edition = self.edition(name)
        if resending.missed(edition).count and not self._refused(
            lambda: resending.send_to_missed(self.configuration, edition, now=self.now)
        ):
            self.log.append(acts.Resent(self.now, name))
            self.deliver()

    # What the program does.

    def collect(self) -> None:
        """Read the blog."""
        collecting.collect(self.configuration, NAME, now=self.now)

    def wait(self, time: timedelta) -> None:
        """Let time pass, and look at the schedule whenever it has something to do."""
        until = self.now + time
        while (moment := self._next_moment()) <= until:
            self.now = moment
            self.look()
        self.now = until
        self.look()

    def skip(self, cadence: str, end: datetime) -> None:
        """Let time pass to the next moment of a cadence, or to the end: nothing is due for readers of others."""
        of_cadence = self.newsletter.at(cadence)
        self.now = min(next_moment(of_cadence.send_moment, of_cadence.zone, self.now) + SECOND, end)
        self.look()

    def off(self, time: timedelta) -> None:
        self.now += time
        self.look()

    def _next_moment(self) -> datetime:
        cadences = [self.newsletter.at(each) for each in self.newsletter.offered if each != "post"]
        moments = [m for each in cadences for m in (each.draft_moment, each.send_moment)]
        return min(next_moment(moment, self.newsletter.zone, self.now) for moment in moments) + SECOND

    def look(self) -> None:
        """Read the blog if it has changed, and do what the schedule has to do now."""
        state = (
            found_posts(self.blog),
            self.unreadable,
            self.settings.host,
            self.settings.second,
            self.second.listed(),
        )
        if state != self.read:
            self.collect()
            self.read = state
        for _ in range(LOOKS):
            done = self._look_once()
            if self.editor_at_work:
                done += self._approve_all()
            if not done or not (self.editor_at_work or "post" in self.settings.offered):
                break

    def _look_once(self) -> int:
        done = 0
        for each in schedule.due(self.configuration, self.now):
            done += schedule.run(self.configuration, each, self.now)
            self._see_approvals()
            if self.busy:
                self._begin()
        self._begin()
        self.deliver()
        return done

    def _approve_all(self) -> int:
        """Approve the drafts that have posts, and send what is late."""
        ready = [name for name in self.editions(State.DRAFT) if self.inside(name)]
        done = sum(self.approve_or_refresh(name) for name in ready)
        for name in self.editions(State.APPROVED):
            due = self.edition(name).due_at
            if due is None or due <= self.now:
                self.send(name)
        return done

    def kill(self) -> None:
        """It is no process of its own."""

    def back_up(self) -> str:
        folder = self._while_open.enter_context(recovery_log(self))
        self._backups[str(folder)] = Backup(folder, self.now)
        return str(folder)

    def restore(self, backup: str, *, with_log: bool = True) -> None:
        self._backups[backup].restore(self.configuration, self.now, with_log=with_log)
        if not with_log:
            self.log.append(acts.RestoredWithoutLog(self.now))
        there = {each.name: each for each in Edition.objects.all()}
        for name in [each for each, at in self.approved.items() if each not in there or there[each].approved_at != at]:
            del self.approved[name]  # what was approved since the backup is lost unless it began
            self.log.append(acts.Unlocked(self.now, name))
        self.asked_for &= {name for name, edition in there.items() if edition.by_request}
        self.added, self.out, self.read = {}, {}, None
        for name in there:
            self._see_choices(name)

    def _begin(self, asked: str = "") -> None:
        self._see_approvals()
        if not Edition.objects.filter(state=State.QUEUED).exists():
            return
        for begun in lifecycle.begin_due(self.configuration, self.now):
            self.log.append(acts.Began(self.now, begun.name, asked=begun.name == asked))

    def deliver(self, chunks: int = WHOLE, size: int = WHOLE) -> None:
        """Send what is being sent, or some chunks of one email each."""
        if not Edition.objects.filter(state=State.SENDING).exists():
            return
        box = outbox()
        for _ in range(chunks):
            batch = box.next(size if chunks == WHOLE else 1)
            if batch is None:
                break
            recipients = box.begin(batch).recipients
            posts = posts_in(batch.email)
            for recipient in recipients:
                name = recipient.address.partition("@")[0].partition("+")[0]
                self.log.append(acts.Email(self.now, name, batch.edition, posts))
            box.settle(
                batch.edition, batch.chunk, [outcome(r.number, attempt=r.attempt) for r in recipients], finished=True
            )
        for sent in lifecycle.complete([NAME], self.now):
            self.log.append(acts.Finished(self.now, sent.name))
