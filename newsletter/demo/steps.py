"""What the demo does with the product, step by step, through the same jobs as the command line.

To be imported once Django is set up.
"""

import secrets
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.contrib.auth.models import User

from newsletter.demo.place import NAME, READERS, Place
from newsletter.demo.posts import FORTNIGHT
from newsletter.demo.serving import DemoProblem
from newsletter.jobs import approval, draft, previews, progress, sending
from newsletter.jobs.collect import collect as collect_now
from newsletter.jobs.previews import Written
from newsletter.jobs.windows import Asked, bounds, name_of
from newsletter.models import Edition, Post, State
from newsletter.web.desk import users
from subscribers.importing import ImportReport, import_file

BY = "the demo"
EDITOR = "demo@example.org"
CONSENT = "the demo: these addresses belong to nobody"
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Brought:
    """What the collection brought: the source's kind, its new posts, and what was left out of their text, by kind."""

    kind: str
    new: int
    dropped: dict[str, int]


def collect(place: Place, now: datetime) -> Brought:
    """Read the sample blog, all of its fortnight. Raises DemoProblem where that fails."""
    (found,) = collect_now(place.configuration, NAME, now=now, since=now - FORTNIGHT - timedelta(days=1))
    if found.problem:
        raise DemoProblem(found.problem)
    dropped: dict[str, int] = {}
    for counts in Post.objects.filter(newsletter=NAME).values_list("dropped", flat=True):
        for kind, count in counts.items():
            dropped[kind] = dropped.get(kind, 0) + count
    return Brought(found.type, found.new, dropped)


def last_full_week(now: datetime, place: Place) -> Asked:
    """The last calendar week that is over; on a Monday the one before, so that the draft after it has posts too."""
    zone = place.newsletter.zone
    yesterday = now.astimezone(zone).date() - timedelta(days=1)
    monday = yesterday - timedelta(days=yesterday.weekday())
    until = datetime.combine(monday, datetime.min.time(), zone)
    period = name_of(until, "week", zone)
    return Asked(until=bounds(period, zone)[1], period=period)


def draft_of(place: Place, asked: Asked | None, now: datetime) -> Edition:
    """Draft the edition of a window, None for the next one of the schedule."""
    return draft.make(place.configuration, place.newsletter, asked, now=now, by=BY)


def render(place: Place, edition: Edition) -> Written:
    """Write the edition as files beside the configuration."""
    return previews.write(edition, place.configuration, place.folder / "edition")


def add_readers(place: Place) -> ImportReport:
    """Import the sample subscribers from a CSV file."""
    file: Path = place.folder / "subscribers.csv"
    addresses = [f"reader{number:02}@example.org" for number in range(1, READERS + 1)]
    file.write_text("\n".join(["address", *addresses, ""]), encoding="ascii")
    return import_file(file, NAME, consent=CONSENT)


def approve(edition: Edition) -> Edition:
    """Freeze a draft as it was rendered just now; what is frozen already stays as it is."""
    return approval.approve(edition, by=BY, revision=edition.revision) if edition.state == State.DRAFT else edition


def send(place: Place, edition: Edition) -> progress.Counts:
    """Send an approved edition to the mailbox and wait for it; one that is sent already sends nothing.

    Raises DemoProblem where it does not end.
    """
    if edition.state == State.APPROVED:
        approval.queue(edition, by=BY)
    said, end = "", time.monotonic() + PATIENCE

    def until(problem: str) -> bool:
        nonlocal said
        said = problem
        return bool(problem) or sending.nothing_left_now(edition) or time.monotonic() > end

    sending.take_part(place.configuration, threading.Event(), until)
    counts = progress.counts(edition)
    if counts.state != State.SENT:
        raise DemoProblem(f"{edition.name} is {counts.state} and was not sent{': ' + said if said else ''}")
    return counts


def give_login() -> tuple[str, str] | None:
    """An address and a password for the desk; None where somebody made an account of their own."""
    password = secrets.token_urlsafe(9)
    if not User.objects.exists():
        users.set_up(EDITOR, password)
    elif own := User.objects.filter(username=EDITOR).first():
        users.set_password(own, password, by=BY)
    else:
        return None
    return EDITOR, password
