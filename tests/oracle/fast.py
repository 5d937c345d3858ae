"""A newsletter in this process with a clock of its own: real drafts, approvals, audiences and emails, no sockets.

Times pass only in `wait`: the schedule is looked at whenever it has something to do, as `newsletter run` does.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

from newsletter import config
from newsletter.collecting import collect as collecting
from newsletter.config import SourceSettings, next_moment
from newsletter.domain.outcome import Fault, OutcomeKind
from newsletter.editions import approval, draft, editing
from newsletter.editions.selection import link_check
from newsletter.feeds import SourceReading
from newsletter.feeds.model import EVERYTHING
from newsletter.messages.sending import TOO_MANY_REFUSALS
from newsletter.messages.sources import STOPPED
from newsletter.models import Edition, State
from newsletter.scheduling import schedule
from newsletter.sending import lifecycle, resending
from tests import settings as of_tests
from tests.oracle import acts
from tests.oracle.blog import SECOND as SECOND_HOST, Settings
from tests.oracle.fast_blog import Addresses, found_posts, posts_in
from tests.oracle.fast_editors import SECOND, FastEditors
from tests.oracle.fast_readers import NAME
from tests.oracle.restoring import Backup, recovery_log
from tests.oracle.site import SPLIT, WHOLE
from tests.sending.outbox_samples import outbox, outcome

SECRET = 'secret_key = "for tests only, and long enough to be a key of the usual length"'
LOOKS = 40
"""How often the schedule is looked at until nothing is left to do."""


def _feed(host: str) -> str:
    return f"https://{host}/feed"


class FastSite(FastEditors):
    """The newsletter in this process; if it is busy, audiences are fixed before all cadences have been looked at."""

    has_segments = can_be_restored = True

    def __init__(self, start: datetime, settings: Settings, *, busy: bool = False) -> None:
        super().__init__(start, settings)
        self.busy = busy
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

    def _put_in_force(self) -> None:
        text = self.settings.text(_feed(self.settings.host), _feed(SECOND_HOST), SECRET)
        config.use(config.parse(text + '[delivery]\nprovider = "file"\n', of_tests.FOLDER / "config.toml"))

    # What is sent, and what stops it.

    def correct(self, name: str) -> None:
        """Correct an edition, for those who got it."""
        made: list[Edition] = []
        if not self._refused(lambda: made.append(draft.correct(self.configuration, self.edition(name), now=self.now))):
            editing.set_words(self.configuration, made[0], "", None, {"greeting": "Sorry"}, self.now)
            if self.approve(made[0].name):
                self.send(made[0].name)

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
