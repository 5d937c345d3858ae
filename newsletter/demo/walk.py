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
from typing import Any

from newsletter.config import Config
from newsletter.demo.blog import TITLE, Blog
from newsletter.demo.mailbox import MailCatcher, receiving
from newsletter.demo.place import DemoSite, place
from newsletter.demo.serving import HOST, served
from newsletter.start import start

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
        from newsletter.demo.steps import Steps  # its models need Django set up

        document = Steps(site, mailbox, tell, clock).go()
        if not once:
            _stay(site, mailbox, mails, tell, serve, browser=browser)
        return document


def _stay(
    site: DemoSite, mailbox: MailCatcher, mails: str, tell: Tell, serve: Callable[[Config], None], *, browser: bool
) -> None:
    """Print the addresses of everything, and serve the desk until that ends."""
    from newsletter.demo.steps import give_login

    desk = f"{site.configuration.site.url}/desk/"
    mailbox.links = {
        "The desk": desk,
        "The archive": site.configuration.site.url,
        "The blog": site.newsletter.sources[0].url,
    }
    login = give_login()
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
