"""Create subscribers for tests."""

from datetime import UTC, datetime
from pathlib import Path

from newsletter import config
from subscribers import transactional
from subscribers.models import Subscriber, Subscription, TransactionalEmail
from subscribers.transactional import Composed

AT = datetime(2026, 2, 6, 12, tzinfo=UTC)


def add_subscription(
    address: str = "kari@reader.example",
    newsletter: str = "kinaforum",
    state: str = Subscription.State.ACTIVE,
    tags: tuple[str, ...] = (),
    language: str = "en",
    joined: datetime = AT,
) -> Subscription:
    """Create a person's subscription to a newsletter."""
    subscriber = Subscriber.objects.named(address.lower(), address, language=language)
    return Subscription.objects.create(
        subscriber=subscriber, newsletter=newsletter, state=state, tags=tags, joined=joined, created=joined
    )


def only_email(**which: object) -> Composed:
    """Return the only waiting email as it would be sent."""
    composed = transactional.compose(config.current(), TransactionalEmail.objects.filter(sent_at=None).get(**which))
    assert composed is not None
    return composed


def path(url: str) -> str:
    """Return the path of a link in an email."""
    return url.removeprefix("http://localhost:8000")


def traces(folder: Path, *words: str) -> list[str]:
    """Return the files below a folder that contain one of these words, the database's first."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and any(word.encode() in path.read_bytes().lower() for word in words)
    )
