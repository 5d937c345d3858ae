"""The steps of the demo, through the same functions as the command line, each with its output.

To be imported after Django is set up.
"""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from newsletter.collecting.collect import collect
from newsletter.demo.mailbox import MailCatcher
from newsletter.demo.place import NAME, SUBSCRIBERS, DemoSite
from newsletter.demo.sample_posts import FORTNIGHT, published_by
from newsletter.demo.serving import DemoProblem
from newsletter.domain.english import counted
from newsletter.editions import approval, draft, previews, serialize
from newsletter.editions.selection.windows import RequestedWindow, bounds, name_of
from newsletter.messages import Message
from newsletter.models import Edition, Post, State
from newsletter.sending import progress, sender
from newsletter.web.desk import users
from subscribers.importing import import_file

BY = "the demo"
EDITOR = "demo@example.org"
CONSENT = "the demo: these addresses belong to nobody"
PATIENCE = 120.0


class Steps:
    """The steps in order, each with its output."""

    def __init__(
        self, site: DemoSite, mailbox: MailCatcher, tell: Callable[[str], None], clock: Callable[[], datetime]
    ) -> None:
        self._site, self._mailbox, self._tell, self._clock = site, mailbox, tell, clock
        self._number = 0

    def go(self) -> dict[str, Any]:
        """Send last week's edition to the mailbox, and create this week's draft."""
        self._collect()
        edition = self._draft_last_week()
        self._render(edition)
        self._add_subscribers()
        counts = self._send(edition)
        following = self._draft_next()
        return {"sent": counts, "mails": self._mailbox.taken, "draft": following}

    def _step(self, title: str, *lines: str) -> None:
        self._number += 1
        first_line, *other_lines = lines
        self._tell(f"{self._number}  {title:<10} {first_line}")
        for line in other_lines:
            self._tell(f"{'':<13} {line}")

    def _collect(self) -> None:
        """Read the whole fortnight of the sample blog. Raises DemoProblem if that fails."""
        now = self._clock()
        published = len(published_by(now))
        (source,) = collect(self._site.configuration, NAME, now=now, since=now - FORTNIGHT - timedelta(days=1))
        if source.problem:
            raise DemoProblem(source.problem)
        dropped: Counter[str] = Counter()
        for counts in Post.objects.filter(newsletter=NAME).values_list("dropped", flat=True):
            dropped.update(counts)
        kinds = [f"{count} × {kind}" for kind, count in sorted(dropped.items())]
        url = self._site.newsletter.sources[0].url
        self._step(
            "collected",
            f"{url} is a {source.type} blog with {counted(published, 'post')}, {source.new} of them new",
            *([f"removed from their text: {', '.join(kinds)}"] if kinds else []),
        )

    def _draft(self, window: RequestedWindow | None) -> Edition:
        """Create the draft for a window, or the next one of the schedule if None."""
        return draft.make(self._site.configuration, self._site.newsletter, window, now=self._clock(), by=BY)

    def _draft_last_week(self) -> Edition:
        edition = self._draft(last_full_week(self._clock(), self._site))
        days = serialize.edition(edition, self._site.configuration)["days"]
        lines = [f"{day['heading']:<28} {counted(day['posts'], 'post')}" for day in days]
        self._step("drafted", f"{edition.name}: {counted(sum(d['posts'] for d in days), 'post')}", *lines)
        return edition

    def _render(self, edition: Edition) -> None:
        """Write the edition to files beside the configuration."""
        preview = previews.write(edition, self._site.configuration, self._site.folder / "edition")
        sizes = ", ".join(f"{kind} {size / 1000:.1f} KB" for kind, size in preview.sizes.items())
        findings = [f"{f.level}: {f.code}: {f.message}" for f in preview.proof.findings] or ["no problems found"]
        self._step("rendered", sizes, f"“{preview.proof.rendered.subject}”", *findings)

    def _add_subscribers(self) -> None:
        """Import the sample subscribers from a CSV file."""
        file: Path = self._site.folder / "subscribers.csv"
        addresses = [f"reader{number:02}@example.org" for number in range(1, SUBSCRIBERS + 1)]
        file.write_text("\n".join(["address", *addresses, ""]), encoding="ascii")
        report = import_file(file, NAME, consent=CONSENT)
        already = f", {report.unchanged} already subscribed" if report.unchanged else ""
        self._step("imported", f"{counted(report.added, 'subscriber')}{already}")

    def _send(self, edition: Edition) -> dict[str, Any]:
        """Approve the draft as it was just rendered, and send it."""
        if edition.state == State.DRAFT:
            edition = approval.approve(self._site.configuration, edition, by=BY, revision=edition.revision)
        began, taken_before = time.monotonic(), self._mailbox.taken
        counts = _send(self._site, edition)
        taken, seconds = self._mailbox.taken - taken_before, time.monotonic() - began
        self._step("approved", f"revision {edition.revision}; later changes don't affect it")
        if taken:
            self._step(
                "sent",
                f"{counted(taken, 'email')} in {seconds:.1f} s: {counts.accepted} accepted, {counts.refused} refused",
            )
        else:
            self._step("sent", f"nothing new: its {counts.accepted} emails were already delivered")
        return counts.document()

    def _draft_next(self) -> str:
        edition = self._draft(None)
        count = edition.entries.filter(included=True).count()
        self._step("drafted", f"{edition.name}: {counted(count, 'post')} so far, waiting for approval")
        return edition.name


def last_full_week(now: datetime, site: DemoSite) -> RequestedWindow:
    """Return the last complete calendar week; on a Monday the one before, so that the next draft has posts as well."""
    zone = site.newsletter.zone
    yesterday = now.astimezone(zone).date() - timedelta(days=1)
    monday = yesterday - timedelta(days=yesterday.weekday())
    until = datetime.combine(monday, datetime.min.time(), zone)
    period = name_of(until, "week", zone)
    return RequestedWindow(until=bounds(period, zone)[1], period=period)


def _send(site: DemoSite, edition: Edition) -> progress.Counts:
    """Send an approved edition to the mailbox and wait for it; a sent one is not sent again.

    Raises DemoProblem if sending does not finish.
    """
    if edition.state == State.APPROVED:
        approval.queue(site.configuration, edition, by=BY)
    reported: Message | None = None
    end = time.monotonic() + PATIENCE

    def until(problem: Message | None) -> bool:
        nonlocal reported
        reported = problem
        return bool(problem) or sender.nothing_due(edition) or time.monotonic() > end

    sender.run_sender(site.configuration, threading.Event(), until)
    counts = progress.counts(edition)
    if counts.state != State.SENT:
        raise DemoProblem(f"{edition.name} is {counts.state} and was not sent{f': {reported}' if reported else ''}")
    return counts


def give_login() -> tuple[str, str] | None:
    """Return an email address and a password for the desk; None if there is another account."""
    password = secrets.token_urlsafe(9)
    if not User.objects.exists():
        users.set_up(EDITOR, password)
    elif user := User.objects.filter(username=EDITOR).first():
        users.set_password(user, password, by=BY)
    else:
        return None
    return EDITOR, password
