"""`newsletter demo`: walks the whole way, and tells calmly what happened."""

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
from newsletter.demo.mailbox import Mailbox, receiving
from newsletter.demo.place import Place, place
from newsletter.demo.posts import published_by
from newsletter.demo.serving import HOST, served
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

    `folder` None: a temporary one, which is removed at the end. `tell` gets what happened, line by line; what `send`
    and `draft` would print with --json comes back.
    """
    with ExitStack() as stack:
        at = stack.enter_context(place(folder))
        mailbox = Mailbox(at.folder / "mailbox")
        stack.enter_context(served(Blog(at.blog_port, clock), at.blog_port))
        stack.enter_context(receiving(mailbox, at.mailbox_port))
        mails = stack.enter_context(served(mailbox, 0))
        tell(f"{TITLE}, a sample newsletter, in {at.folder}" + ("" if at.kept else " (removed at the end)") + "\n")
        start(at.configuration)
        told = _Walk(at, mailbox, tell, clock).go()
        if not once:
            _stay(at, mailbox, mails, tell, serve, browser=browser)
        return told


class _Walk:
    """The steps in their order, each told."""

    def __init__(self, at: Place, mailbox: Mailbox, tell: Tell, clock: Clock) -> None:
        from newsletter.demo import steps

        self._steps, self._at, self._mailbox, self._clock = steps, at, mailbox, clock
        self._tell = tell
        self._number = 0

    def go(self) -> dict[str, Any]:
        """Last week's edition all the way to the mailbox, and this week's as far as a draft."""
        self._collect()
        edition = self._draft()
        self._render(edition)
        self._readers()
        counts = self._send(edition)
        following = self._next_draft()
        return {"sent": counts, "mails": self._mailbox.taken, "draft": following}

    def _step(self, what: str, *lines: str) -> None:
        self._number += 1
        first, *others = lines
        self._tell(f"{self._number}  {what:<10} {first}")
        for line in others:
            self._tell(f"{'':<13} {line}")

    def _collect(self) -> None:
        there = len(published_by(self._clock()))
        brought = self._steps.collect(self._at, self._clock())
        source = self._at.newsletter.sources[0].url
        dropped = [f"{count} × {kind}" for kind, count in sorted(brought.dropped.items())]
        left_out = [f"left out of their text: {', '.join(dropped)}"] if dropped else []
        self._step(
            "collected", f"{source} is a {brought.kind} blog with {there} posts, {brought.new} of them new", *left_out
        )

    def _draft(self) -> "Edition":
        from newsletter.jobs import describe

        edition = self._steps.draft_of(self._at, self._steps.last_full_week(self._clock(), self._at), self._clock())
        days = describe.edition(edition, self._at.configuration)["days"]
        lines = [f"{day['heading']:<28} {_posts(day['posts'])}" for day in days]
        self._step("drafted", f"{edition.name}: {_posts(sum(d['posts'] for d in days))}", *lines)
        return edition

    def _render(self, edition: "Edition") -> None:
        written = self._steps.render(self._at, edition)
        sizes = ", ".join(f"{kind} {size / 1000:.1f} KB" for kind, size in written.sizes.items())
        findings = [f"{f.level}: {f.code}: {f.message}" for f in written.proof.findings] or ["lint finds nothing"]
        self._step("rendered", sizes, f"“{written.proof.rendered.subject}”", *findings)

    def _readers(self) -> None:
        report = self._steps.add_readers(self._at)
        known = f", {report.unchanged} known already" if report.unchanged else ""
        self._step("imported", f"{report.added} subscribers{known}")

    def _send(self, edition: "Edition") -> dict[str, Any]:
        approved = self._steps.approve(edition)
        began, before = time.monotonic(), self._mailbox.taken
        counts = self._steps.send(self._at, approved)
        taken, seconds = self._mailbox.taken - before, time.monotonic() - began
        self._step("approved", f"revision {approved.revision}; from here on nothing changes it")
        if taken:
            self._step(
                "sent", f"{taken} mails in {seconds:.1f} s: {counts.accepted} accepted, {counts.refused} refused"
            )
        else:
            self._step("sent", f"nothing: its {counts.accepted} mails were taken already")
        return counts.document()

    def _next_draft(self) -> str:
        edition = self._steps.draft_of(self._at, None, self._clock())
        count = edition.entries.filter(included=True).count()
        self._step("drafted", f"{edition.name}: {_posts(count)} so far; it waits for an editor")
        return edition.name


def _stay(
    at: Place, mailbox: Mailbox, mails: str, tell: Tell, serve: Callable[[Config], None], *, browser: bool
) -> None:
    """Tell where everything is to be looked at, and serve the desk until that ends."""
    from newsletter.demo import steps

    desk = f"{at.configuration.site.url}/desk/"
    mailbox.links = {
        "The desk": desk,
        "The archive": at.configuration.site.url,
        "The blog": at.newsletter.sources[0].url,
    }
    login = steps.give_login()
    tell("")
    tell(f"the mails     {mails}/")
    tell(f"the desk      {desk}")
    tell(f"log in with   {login[0]}, password {login[1]}" if login else "log in with the account that you made there")
    tell(f"the blog      {at.newsletter.sources[0].url}")
    tell("Ctrl-C ends it\n")
    if browser and _has_a_screen():
        threading.Thread(target=_open, args=(desk, at.configuration.web.port), daemon=True, name="browser").start()
    serve(at.configuration)


def _has_a_screen() -> bool:
    """Without one, Python would open a text browser in the middle of the terminal."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open(address: str, port: int) -> None:
    """Open the browser as soon as the desk answers."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if probe.connect_ex((HOST, port)) == 0:
                webbrowser.open(address)
                return
        time.sleep(0.1)


def _posts(count: int) -> str:
    return "1 post" if count == 1 else f"{count} posts"
