"""Newsletters' things for the tests of the web: posts, drafts, people; times are fixed."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from newsletter import config
from newsletter.editions import draft as drafting
from newsletter.editions.selection.windows import RequestedWindow, bounds
from newsletter.models import DeliveryStatus, Edition, Listing, Post, Source
from newsletter.sending import lifecycle
from newsletter.sending.results import ResultRow, record

NOW = datetime(2026, 2, 6, 12, 0, tzinfo=UTC)
PERIOD = "2026-W06"
IN_ADDRESSES = {
    "name": "kinaforum",
    "period": PERIOD,
    "post": 1,
    "pk": 1,
    **dict.fromkeys(("archive_import", "job", "person", "record", "segment", "user", "webhook"), 1),
    "number": 1,
    "token": "token",
    "key": "key",
    "design": "letter",
    "document": "ghost",
    "form": "csv",
}
"""A value for each parameter of the desk's addresses, except sections of settings."""


def person(email: str = "redaksjon@example.org", *, admin: bool = False) -> User:
    """Somebody who may log in with the password `en lang nok setning`."""
    user = User(username=email, email=email, is_superuser=admin)
    user.set_password("en lang nok setning")
    user.save()
    return user


def source(newsletter: str = "kinaforum") -> Source:
    """The first configured source of a newsletter, read an hour ago."""
    url = config.current().newsletters[newsletter].sources[0].url
    read = NOW - timedelta(hours=1)
    values = {"kind": "feed", "title": "Kinaforum", "first_read_at": read, "read_at": read, "tried_at": read}
    return Source.objects.get_or_create(newsletter=newsletter, url=url, defaults=values)[0]


def post(title: str, *, hours: int = 24, html: str = "", newsletter: str = "kinaforum") -> Post:
    """A post that was published so many hours before NOW."""
    listed = source(newsletter)
    at = NOW - timedelta(hours=hours)
    address = f"kinaforum.example/{abs(hash(title)) % 10**8}.html"
    made = Post.objects.create(
        newsletter=newsletter,
        url=f"https://{address}",
        link_key=address,
        content_hash=title[:64],
        title=title,
        html=html
        or f"<p>{title} is the beginning of a text that goes on for a while, so that there is something to read.</p>",
        published=at,
        published_offset=60,
        first_seen=at,
        changed_at=at,
    )
    Listing.objects.create(source=listed, uid=title, post=made, last_seen=NOW)
    return made


def draft(*titles: str, newsletter: str = "kinaforum") -> Edition:
    """The draft of the week of NOW, with a post for each title, the newest first."""
    for hours, title in enumerate(titles, start=2):
        post(title, hours=hours * 7, newsletter=newsletter)
    shown = config.current().newsletters[newsletter]
    first, last = bounds(PERIOD, shown.zone)
    return drafting.make(
        config.current(), shown, RequestedWindow(until=last, since=first, period=PERIOD), now=NOW, read_sources=False
    )


def first_accepted() -> None:
    """Begin to send what is due, and let the first message of each edition be accepted."""
    now = timezone.now() + timedelta(seconds=1)
    for edition in lifecycle.begin_due(config.current(), now):
        accepted = ResultRow(1, 1, DeliveryStatus.ACCEPTED.value, now.timestamp())
        record(edition, [accepted], config.current().delivery, now)
