"""`newsletter demo`: runs all steps, and prints what happened."""

import os
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsletter.config import Config
from newsletter.demo.blog import TITLE, Blog
from newsletter.demo.mailbox import MailCatcher, receiving
from newsletter.demo.place import DemoSite, place
from newsletter.demo.sample_posts import published_by
from newsletter.demo.serving import HOST, served
from newsletter.domain.english import counted
from newsletter.start import start

if TYPE_CHECKING:
    from newsletter.models import Edition

Tell = Callable[[str], None]
Clock = Callable[[], datetime]


def walk(
    folder: Path | None,
    *,
    browser: bool,
    once: bool,
    serve: Callable[[Config], None],
    tell: Tell,
    clock: Clock = lambda: datetime.now(UTC),
) -> dict[str, Any]:
    """Collect, draft, render, import, approve and send; then, unless `once`, `serve` the desk until that ends.

    If `folder` is None, a temporary one is used, and removed at the end. `tell` is called with each line of output;
    what `send` and `draft` would print with --json is returned.
    """
    with ExitStack() as stack:
        site = stack.enter_context(place(folder))
        mailbox = MailCatcher(site.folder / "mailbox")
        stack.enter_context(served(Blog(site.blog_port, clock), site.blog_port))
        stack.enter_context(receiving(mailbox, site.mailbox_port))
        mails = stack.enter_context(served(mailbox, 0))
        tell(f"{TITLE}, a sample newsletter, in {site.folder}" + ("" if site.kept else " (removed at the end)") + "\n")
        start(site.configuration)
        document = _Walk(site, mailbox, tell, clock).go()
        if not once:
            _stay(site, mailbox, mails, tell, serve, browser=browser)
        return document


class _Walk:
    """The steps in order, each with its output."""

    def __init__(self, site: DemoSite, mailbox: MailCatcher, tell: Tell, clock: Clock) -> None:
        from newsletter.demo import steps

        self._steps, self._site, self._mailbox, self._clock = steps, site, mailbox, clock
        self._tell = tell
        self._number = 0

    def go(self) -> dict[str, Any]:
        """Send last week's edition to the mailbox, and create this week's draft."""
        self._collect()
        edition = self._draft()
        self._render(edition)
        self._readers()
        counts = self._send(edition)
        following = self._next_draft()
        return {"sent": counts, "mails": self._mailbox.taken, "draft": following}

    def _step(self, title: str, *lines: str) -> None:
        self._number += 1
        first_line, *other_lines = lines
        self._tell(f"{self._number}  {title:<10} {first_line}")
        for line in other_lines:
            self._tell(f"{'':<13} {line}")

    def _collect(self) -> None:
        published = len(published_by(self._clock()))
        collected = self._steps.collect(self._site, self._clock())
        source = self._site.newsletter.sources[0].url
        dropped = [f"{count} × {kind}" for kind, count in sorted(collected.dropped.items())]
        left_out = [f"removed from their text: {', '.join(dropped)}"] if dropped else []
        self._step(
            "collected",
            f"{source} is a {collected.kind} blog with {counted(published, 'post')}, {collected.new} of them new",
            *left_out,
        )

    def _draft(self) -> "Edition":
        from newsletter.editions import serialize

        edition = self._steps.draft_of(self._site, self._steps.last_full_week(self._clock(), self._site), self._clock())
        days = serialize.edition(edition, self._site.configuration)["days"]
        lines = [f"{day['heading']:<28} {counted(day['posts'], 'post')}" for day in days]
        self._step("drafted", f"{edition.name}: {counted(sum(d['posts'] for d in days), 'post')}", *lines)
        return edition

    def _render(self, edition: "Edition") -> None:
        preview = self._steps.render(self._site, edition)
        sizes = ", ".join(f"{kind} {size / 1000:.1f} KB" for kind, size in preview.sizes.items())
        findings = [f"{f.level}: {f.code}: {f.message}" for f in preview.proof.findings] or ["no problems found"]
        self._step("rendered", sizes, f"“{preview.proof.rendered.subject}”", *findings)

    def _readers(self) -> None:
        report = self._steps.add_readers(self._site)
        already = f", {report.unchanged} already subscribed" if report.unchanged else ""
        self._step("imported", f"{counted(report.added, 'subscriber')}{already}")

    def _send(self, edition: "Edition") -> dict[str, Any]:
        approved = self._steps.approve(self._site, edition)
        began, taken_before = time.monotonic(), self._mailbox.taken
        counts = self._steps.send(self._site, approved)
        taken, seconds = self._mailbox.taken - taken_before, time.monotonic() - began
        self._step("approved", f"revision {approved.revision}; later changes don't affect it")
        if taken:
            self._step(
                "sent",
                f"{counted(taken, 'email')} in {seconds:.1f} s: {counts.accepted} accepted, {counts.refused} refused",
            )
        else:
            self._step("sent", f"nothing new: its {counts.accepted} emails were already delivered")
        return counts.document()

    def _next_draft(self) -> str:
        edition = self._steps.draft_of(self._site, None, self._clock())
        count = edition.entries.filter(included=True).count()
        self._step("drafted", f"{edition.name}: {counted(count, 'post')} so far, waiting for approval")
        return edition.name


def _stay(
    site: DemoSite, mailbox: MailCatcher, mails: str, tell: Tell, serve: Callable[[Config], None], *, browser: bool
) -> None:
    """Print the addresses of everything, and serve the desk until that ends."""
    from newsletter.demo import steps

    desk = f"{site.configuration.site.url}/desk/"
    mailbox.links = {
        "The desk": desk,
        "The archive": site.configuration.site.url,
        "The blog": site.newsletter.sources[0].url,
    }
    login = steps.give_login()
    tell("")
    tell(f"emails        {mails}/")
    tell(f"desk          {desk}")
    tell(f"log in with   {login[0]}, password {login[1]}" if login else "log in with the account that you created")
    tell(f"blog          {site.newsletter.sources[0].url}")
    tell("Press Ctrl-C to stop.\n")
    if browser and _has_a_screen():
        threading.Thread(target=_open, args=(desk, site.configuration.web.port), daemon=True, name="browser").start()
    serve(site.configuration)


def _has_a_screen() -> bool:
    """Return whether there is a display; without one, Python would open a text browser in the terminal."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open(address: str, port: int) -> None:
    """Open the browser when the desk responds."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if probe.connect_ex((HOST, port)) == 0:
                webbrowser.open(address)
                return
        time.sleep(0.1)
