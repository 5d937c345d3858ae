"""Audio and video files that belong to a post, as a card: cover, title, duration and a link."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.domain.found_post import Image
from newsletter.feeds.document import escape, quoted
from newsletter.feeds.html.media import safe_address

_MOST = 10
_COVER_WIDTH = 160
_DURATION = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):(\d{1,2})(?:\.\d+)?|(\d{1,6})(?:\.\d+)?")
_FILE = re.compile(r"\.(?:mp3|m4a|m4b|aac|ogg|oga|opus|flac|wav|mp4|m4v|mov|webm|ogv)(?:[?#]|\Z)", re.IGNORECASE)

_VIDEO_FILE = re.compile(r"\.(?:mp4|m4v|mov|webm|ogv)(?:[?#]|\Z)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that a feed names beside a post's text; `seconds` is 0 if its duration is unknown."""

    url: str
    kind: str = ""
    title: str = ""
    seconds: int = 0


def read_duration(text: str) -> int:
    """Seconds from `00:42:10`, `42:10` or `2530`; 0 for anything else."""
    match = _DURATION.fullmatch(text.strip())
    if not match:
        return 0
    return int(match[4]) if match[4] else int(match[1] or 0) * 3600 + int(match[2]) * 60 + int(match[3])


def cards(enclosures: Sequence[Enclosure], html: str, base: str, title: str, cover: Image | None) -> str:
    """Clean HTML with a card for each audio and video file that the post's HTML doesn't link to."""
    unique: dict[str, Enclosure] = {}
    for enclosure in enclosures:
        url = safe_address(enclosure.url, base)
        plays = enclosure.kind.lower().startswith(("audio/", "video/")) or (not enclosure.kind and _FILE.search(url))
        if url and plays and quoted(url) not in html:
            unique.setdefault(url, enclosure)
    return "".join(_card(url, enclosure, title, cover) for url, enclosure in list(unique.items())[:_MOST])


def _card(url: str, enclosure: Enclosure, title: str, cover: Image | None) -> str:
    link, name = f'<a href="{quoted(url)}">', enclosure.title or title or url
    image = f'<img src="{quoted(cover.url)}" alt=""{_size(url, cover)}><br>' if cover else ""
    duration = f"<br>{_duration(enclosure.seconds)}" if enclosure.seconds else ""
    return f"<p>{link}{image}{escape(name)}</a>{duration}</p>"


def _size(url: str, cover: Image) -> str:
    """Return the attributes with a cover's size: that of a video's poster if it is known, small for a recording."""
    if not _VIDEO_FILE.search(url):
        return f' width="{_COVER_WIDTH}"'
    return f' width="{cover.width}" height="{cover.height}"' if cover.width and cover.height else ""


def _duration(seconds: int) -> str:
    hours, minutes = divmod(max(1, round(seconds / 60)), 60)
    return " ".join(filter(None, (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "")))
