"""The steps of the demo, through the same functions as the command line.

To be imported after Django is set up.
"""

import secrets
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.contrib.auth.models import User

from newsletter.collecting.collect import collect as collect_now
from newsletter.demo.place import NAME, READERS, DemoSite
from newsletter.demo.sample_posts import FORTNIGHT
from newsletter.demo.serving import DemoProblem
from newsletter.editions import approval, draft, preview_files
from newsletter.editions.preview_files import Written
from newsletter.editions.selection.windows import RequestedWindow, bounds, name_of
from newsletter.messages import Message
from newsletter.models import Edition, Post, State
from newsletter.sending import progress, sender
from newsletter.web.desk import users
from subscribers.importing import ImportReport, import_file

BY = "the demo"
EDITOR = "demo@example.org"
CONSENT = "the demo: these addresses belong to nobody"
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class CollectedSource:
    """The result of collecting: the source's kind, the number of new posts, and what was removed from their text, by
    kind.
    """

    kind: str
    new: int
    dropped: dict[str, int]


def collect(site: DemoSite, now: datetime) -> CollectedSource:
    """Read the whole fortnight of the sample blog. Raises DemoProblem if that fails."""
    (collected,) = collect_now(site.configuration, NAME, now=now, since=now - FORTNIGHT - timedelta(days=1))
    if collected.problem:
        raise DemoProblem(collected.problem)
    dropped: dict[str, int] = {}
    for counts in Post.objects.filter(newsletter=NAME).values_list("dropped", flat=True):
        for kind, count in counts.items():
            dropped[kind] = dropped.get(kind, 0) + count
    return CollectedSource(collected.type, collected.new, dropped)


def last_full_week(now: datetime, site: DemoSite) -> RequestedWindow:
    """Return the last complete calendar week; on a Monday the one before, so that the next draft has posts as well."""
    zone = site.newsletter.zone
    yesterday = now.astimezone(zone).date() - timedelta(days=1)
    monday = yesterday - timedelta(days=yesterday.weekday())
    until = datetime.combine(monday, datetime.min.time(), zone)
    period = name_of(until, "week", zone)
    return RequestedWindow(until=bounds(period, zone)[1], period=period)


def draft_of(site: DemoSite, window: RequestedWindow | None, now: datetime) -> Edition:
    """Create the draft for a window, or the next one of the schedule if None."""
    return draft.make(site.configuration, site.newsletter, window, now=now, by=BY)


def render(site: DemoSite, edition: Edition) -> Written:
    """Write the edition to files beside the configuration."""
    return preview_files.write(edition, site.configuration, site.folder / "edition")


def add_readers(site: DemoSite) -> ImportReport:
    """Import the sample subscribers from a CSV file."""
    file: Path = site.folder / "subscribers.csv"
    addresses = [f"reader{number:02}@example.org" for number in range(1, READERS + 1)]
    file.write_text("\n".join(["address", *addresses, ""]), encoding="ascii")
    return import_file(file, NAME, consent=CONSENT)


def approve(site: DemoSite, edition: Edition) -> Edition:
    """Approve a draft as it was just rendered; an approved edition is returned unchanged."""
    return (
        approval.approve(site.configuration, edition, by=BY, revision=edition.revision)
        if edition.state == State.DRAFT
        else edition
    )


def send(site: DemoSite, edition: Edition) -> progress.Counts:
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
