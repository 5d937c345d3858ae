"""Looks up the sizes of images, and the thumbnails and titles of videos, after posts were collected.

Promises: only what no source says is fetched, each address once, with the guard and limits of collecting; one call
fetches at most `MOST` addresses within `SECONDS`; what fails is left alone for a day, and hurts nothing else.
"""

import logging
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db.models import Q

from newsletter.collecting.hosted_images import Budget, fetcher_of, key_of
from newsletter.config import Config
from newsletter.domain.found_post import Image
from newsletter.feeds.model import SourceProblem
from newsletter.images import store
from newsletter.images.mail_image import ImageProblem
from newsletter.images.measuring import ENOUGH, measure
from newsletter.models import MeasuredImage, Post, VideoPreview
from newsletter.render.content.post_images import unmeasured
from newsletter.render.content.videos import video_links
from newsletter.sandbox import Sandbox

MOST = 200
MOST_BYTES = 100_000_000
SECONDS = 30.0
RECENT = timedelta(days=2)
"""Posts that changed since are looked at, so that what one call leaves is done by the next."""
RETRY_AFTER = timedelta(days=1)
_SIDE_BY_SIDE = 4
_CPU_SECONDS, _MEGABYTES = 20, 800
_ONE_CALL_AT_A_TIME = threading.Lock()
_ACCEPT_IMAGE = "image/*, */*;q=0.1"
_ACCEPT_PAGE = "text/html, application/json;q=0.9, */*;q=0.1"

_log = logging.getLogger("newsletter.collecting")


def look_up(configuration: Config, newsletters: Collection[str], now: datetime) -> None:
    """Measure images and fetch pictures of videos in the posts that were collected just now."""
    with_images = [name for name in newsletters if configuration.newsletters[name].images != "none"]
    measured = [name for name in with_images if configuration.newsletters[name].images == "source"]
    with _ONE_CALL_AT_A_TIME:
        budget = Budget(time.monotonic() + SECONDS, MOST_BYTES)
        _measure(configuration, dict.fromkeys(_addresses(measured, now)), now, budget)
        _fetch_previews(configuration, dict(_videos(with_images, now)), now, budget)


def look_up_videos(configuration: Config, urls: Iterable[str], now: datetime) -> None:
    """Fetch the titles and pictures of the videos in an editor's text."""
    with _ONE_CALL_AT_A_TIME:
        budget = Budget(time.monotonic() + SECONDS, MOST_BYTES)
        _fetch_previews(configuration, dict.fromkeys(urls, ""), now, budget)


def sizes(urls: Collection[str]) -> Mapping[str, tuple[int, int]]:
    """Return the sizes in pixels that are known of these addresses."""
    rows = MeasuredImage.objects.filter(key__in={key_of(url) for url in urls}) if urls else ()
    return {row.url: (row.width, row.height) for row in rows if row.width and row.height}


def previews(urls: Collection[str]) -> Mapping[str, VideoPreview]:
    """Return what is known of the videos with these pages."""
    rows = VideoPreview.objects.filter(key__in={key_of(url) for url in urls}) if urls else ()
    return {row.url: row for row in rows}


def stored() -> set[str]:
    """Return the names of the files of all pictures."""
    return set(VideoPreview.objects.exclude(name="").values_list("name", flat=True))


def forget(before: datetime) -> None:
    """Forget what was found out before a moment."""
    MeasuredImage.objects.filter(tried_at__lt=before).delete()
    VideoPreview.objects.filter(tried_at__lt=before).delete()


def _posts(newsletters: Collection[str], now: datetime, has: Q) -> Iterator[Post]:
    posts = Post.objects.filter(newsletter__in=newsletters, changed_at__gte=now - RECENT, gone_at=None).filter(has)
    yield from posts.order_by("-published", "-pk")[: 2 * MOST].iterator()


def _addresses(newsletters: Collection[str], now: datetime) -> Iterator[str]:
    for post in _posts(newsletters, now, Q(html__contains="<img") | Q(image__isnull=False)):
        yield from unmeasured(post.html, Image(**post.image) if post.image else None)


def _videos(newsletters: Collection[str], now: datetime) -> Iterator[tuple[str, str]]:
    """Yield the address of each video's page, and the picture that its feed gives, "" for none."""
    for post in _posts(newsletters, now, Q(html__contains="<a ")):
        picture = (post.image or {}).get("url", "")
        for url in video_links(post.html):
            yield url, picture if url == post.url else ""


def _measure(configuration: Config, urls: Collection[str], now: datetime, budget: Budget) -> None:
    rows = {row.key: row for row in MeasuredImage.objects.filter(key__in={key_of(url) for url in urls})}
    due = [
        url
        for url in urls
        if (row := rows.get(key_of(url))) is None or (row.width is None and row.tried_at <= now - RETRY_AFTER)
    ][:MOST]

    def size(url: str) -> tuple[int, int] | None:
        if budget.is_spent:
            return None
        try:
            with fetcher_of(configuration, _ACCEPT_IMAGE) as fetcher:
                head = fetcher.beginning(url, ENOUGH).body
        except SourceProblem as problem:
            _log.debug("an image was not measured: %s", problem)
            return None
        budget.take(len(head))
        return measure(head)

    with ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="measure") as pool:
        for url, measured_size in zip(due, pool.map(size, due), strict=True):
            if measured_size is None and budget.is_spent:
                break
            width, height = measured_size or (None, None)
            values = {"url": url, "width": width, "height": height, "tried_at": now}
            MeasuredImage.objects.update_or_create(key=key_of(url), defaults=values)


def _fetch_previews(configuration: Config, videos: Mapping[str, str], now: datetime, budget: Budget) -> None:
    rows = {row.key: row for row in VideoPreview.objects.filter(key__in={key_of(url) for url in videos})}
    with Sandbox(_CPU_SECONDS, _MEGABYTES, problem=SourceProblem) as sandbox:
        for url, picture in videos.items():
            row = rows.get(key_of(url))
            if budget.is_spent or (row and (row.name or row.tried_at > now - RETRY_AFTER)):
                continue
            title, name = _preview(configuration, url, picture, sandbox, budget)
            values = {"url": url, "title": title, "name": name, "tried_at": now}
            VideoPreview.objects.update_or_create(key=key_of(url), defaults=values)


def _preview(configuration: Config, url: str, picture: str, sandbox: Sandbox, budget: Budget) -> tuple[str, str]:
    """Return the title of a video and the name of its stored picture, "" for what could not be found."""
    from newsletter.feeds.sources.web_pages import VideoPage, read_video_page  # loads lxml and urllib3

    page = VideoPage("", (picture,) if picture else ())
    if not page.pictures:
        try:
            with fetcher_of(configuration, _ACCEPT_PAGE) as fetcher:
                page = read_video_page(fetcher, url)
        except SourceProblem as problem:
            _log.debug("the page of a video was not read: %s", problem)
    from newsletter.images.play_mark import with_play_mark  # loads Pillow

    for address in page.pictures:
        try:
            with fetcher_of(configuration, _ACCEPT_IMAGE) as fetcher:
                body = fetcher.get(address).body
            budget.take(len(body))
            return page.title, store.keep(configuration, sandbox.run(with_play_mark, body))
        except (ImageProblem, SourceProblem) as problem:
            _log.debug("the picture of a video was not fetched: %s", problem)
    return page.title, ""
