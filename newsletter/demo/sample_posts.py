"""The sample blog's posts: invented and harmless, three or four on each weekday of the last fortnight.

The posts of a day depend only on the date, so that a folder that is used again finds the same posts.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Oslo")
FORTNIGHT = timedelta(days=14)
_FIRST_MONDAY = date(2024, 1, 1)
_TEXTS = Path(__file__).with_name("blog.toml")


@dataclass(frozen=True, slots=True)
class SamplePost:
    """A post of the sample blog. `paragraphs` are plain text; `alt` describes its image, "" if it has none."""

    number: int
    path: str
    title: str
    published: datetime
    labels: tuple[str, ...]
    paragraphs: tuple[str, ...]
    alt: str = ""
    more: bool = False

    @property
    def picture(self) -> str:
        """The path of its image, "" if it has none."""
        return f"/pictures/{self.number}.png" if self.alt else ""

    def html(self, base: str) -> str:
        """Return the post as Blogger's feeds contain it, with their untidy markup."""
        parts = [f"<p>{escape(text)}</p>" for text in self.paragraphs]
        if self.alt:
            source = escape(base + self.picture)
            image = f'<img alt="{escape(self.alt)}" border="0" height="360" src="{source}" width="640" />'
            figure = f'<div class="separator" style="clear: both;"><a href="{source}">{image}</a></div>'
            doubled = self.paragraphs[:1] == self.paragraphs[1:2]
            parts.insert(2 if doubled else 1, figure)
        if self.more:
            parts.append(f'<p><a href="{escape(base + self.path)}">Read more</a></p>')
        return "\n".join(parts)


def published_by(now: datetime) -> list[SamplePost]:
    """Return the posts of the fortnight up to now, newest first."""
    today = now.astimezone(ZONE).date()
    days = (today - timedelta(days=back) for back in range(FORTNIGHT.days + 1))
    posts = (post for day in days if day.weekday() < 5 for post in _of_day(day))
    return sorted((p for p in posts if p.published <= now), key=lambda p: p.published, reverse=True)


def _of_day(day: date) -> Iterator[SamplePost]:
    """Yield a day's posts, which repeat after as many weekdays as there are texts: more than a fortnight."""
    texts = _texts()
    weeks, weekday = divmod((day - _FIRST_MONDAY).days, 7)
    posts = texts[(weeks * 5 + weekday) % len(texts)]["posts"]
    for number, text in enumerate(posts):
        yield _post(day, number, text)


def _post(day: date, number: int, text: dict[str, Any]) -> SamplePost:
    paragraphs = text["text"].strip().split("\n\n")
    if text.get("twice"):
        paragraphs.insert(1, paragraphs[0])
    return SamplePost(
        number=int(f"{day:%Y%m%d}{number}"),
        path=f"/{day:%Y/%m}/{_slug(text['title'])}-{day:%d}.html",
        title=text["title"],
        published=datetime.combine(day, time.fromisoformat(text["at"]), ZONE),
        labels=tuple(text["labels"]),
        paragraphs=tuple(paragraphs),
        alt=text.get("alt", ""),
        more=text.get("more", False),
    )


def _slug(title: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())


@cache
def _texts() -> list[dict[str, Any]]:
    with _TEXTS.open("rb") as file:
        days: list[dict[str, Any]] = tomllib.load(file)["days"]
        return days
