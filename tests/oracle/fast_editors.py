"""What editors do to a newsletter in this process: they make, change and approve editions, and write letters."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter.config import Newsletter
from newsletter.editions import approval, draft, editing, history
from newsletter.editions.composing import standalone
from newsletter.editions.imported.archive_import import import_archive, undo_import
from newsletter.editions.problems import Impossible
from newsletter.editions.selection.windows import RequestedWindow, bounds, name_of
from newsletter.messages.acts import UNDONE
from newsletter.models import WITHOUT_POSTS, ArchiveImport, Edition, Post, State
from tests.oracle import acts
from tests.oracle.acts import Kind
from tests.oracle.blog import HOST, Settings
from tests.oracle.fast_blog import name_of_post
from tests.oracle.fast_readers import NAME, FastReaders

SECOND = timedelta(seconds=1)
SEGMENT = "frequency = "


class FastEditors(FastReaders):
    """The editors of a newsletter in this process. A bool that an act returns says whether it was possible."""

    def __init__(self, start: datetime, settings: Settings) -> None:
        super().__init__(start, settings)
        self.approved: dict[str, datetime] = {}
        self.asked_for: set[str] = set()

    @property
    def newsletter(self) -> Newsletter:
        """The newsletter as it is configured now."""
        return self.configuration.newsletters[NAME]

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

    def unlock(self, name: str, *, reopen: bool = True) -> None:
        """Reopen an approved edition, or cancel it."""
        act = approval.reopen if reopen else approval.cancel
        edition = self.edition(name)
        if not self._refused(lambda: act(edition, now=self.now)):
            if reopen:
                self.approved.pop(name, None)
            self.log.append(acts.Unlocked(self.now, name))
