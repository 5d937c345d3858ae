"""Fetches the images of drafts whose newsletter serves them itself (`images = "hosted"`), and pictures of videos that
editors write about.

It takes as long as the sources' servers, so that it happens outside of requests and transactions: in the background
after a draft changed, and before the schedule sends an edition without an editor.
"""

from datetime import UTC, datetime
from functools import partial

from django.db import transaction

from newsletter.background import Task, enqueue
from newsletter.collecting import hosted_images, pictures
from newsletter.config import Config
from newsletter.editions.rendering import image_addresses, video_addresses
from newsletter.models import Edition, State


def fetch_images(configuration: Config, edition: Edition, now: datetime) -> None:
    """Fetch the images that a draft contains, and the pictures of its editors' videos, that are not stored yet."""
    if _is_hosted(configuration, edition):
        hosted_images.fetch(configuration, image_addresses(edition, configuration), now)
    if videos := _videos(configuration, edition):
        pictures.look_up_videos(configuration, videos, now)


def fetch_images_later(configuration: Config, edition: Edition) -> None:
    """Fetch a draft's images in the background when the transaction has ended."""
    if _is_hosted(configuration, edition) or _videos(configuration, edition):
        number = str(edition.pk)
        transaction.on_commit(partial(enqueue, FETCH_IMAGES, number, number=number), robust=True)


def keep_images_of_drafts(configuration: Config, now: datetime) -> None:
    """Record that the images of all drafts are in use."""
    for draft in Edition.objects.filter(state=State.DRAFT, newsletter__in=configuration.newsletters):
        if _is_hosted(configuration, draft):
            hosted_images.keep_in_use(image_addresses(draft, configuration), now)


def _videos(configuration: Config, edition: Edition) -> list[str]:
    """Return the addresses of the videos in what editors wrote in a draft that shows images, in a fixed order."""
    newsletter = configuration.newsletters.get(edition.newsletter)
    if edition.state != State.DRAFT or newsletter is None or newsletter.images == "none":
        return []
    return sorted(video_addresses(edition))


def _is_hosted(configuration: Config, edition: Edition) -> bool:
    newsletter = configuration.newsletters.get(edition.newsletter)
    return edition.state == State.DRAFT and newsletter is not None and newsletter.images == "hosted"


def _fetch(configuration: Config, *, number: str) -> None:
    edition = Edition.objects.filter(pk=int(number)).first()
    if edition is not None:
        fetch_images(configuration, edition, datetime.now(UTC))


FETCH_IMAGES = Task("fetch-images", _fetch, queue="work")
