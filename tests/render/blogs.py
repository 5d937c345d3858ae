"""Five kinds of blogs, as their feeds have them: news, photographs, code, podcasts and videos, several languages."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from newsletter.domain.digest import DigestPost
from newsletter.domain.found_post import Image
from newsletter.feeds.enclosures import Enclosure
from newsletter.feeds.post import Raw, finish
from newsletter.render.content.excerpt import excerpt, reading_minutes

NEWEST = datetime(2026, 2, 6, 15, 30, tzinfo=UTC)
HOST = "https://blog.example"
BLOGS: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def posts_of(blog: str, *, words: int = 80) -> list[DigestPost]:
    """The posts of a blog, each shortened to about so many words; 0 leaves them whole."""
    found = []
    for number, said in enumerate(BLOGS[blog]["posts"]):
        post, _ = finish(_raw(number, said), f"{HOST}/feed")
        html, whole = excerpt(post.html, words) if words else (post.html, True)
        found.append(
            DigestPost(
                id=post.uid,
                url=post.url,
                title=post.title,
                html=html,
                whole=whole,
                published=post.published,
                source=BLOGS[blog]["source"],
                language=post.language,
                image=post.image,
                minutes=reading_minutes(post.html),
            )
        )
    return found


def _raw(number: int, said: dict[str, Any]) -> Raw:
    image, file = said.get("image", ""), said.get("file", "")
    return Raw(
        uid=str(number),
        link=f"{HOST}/{number}/",
        title=said["title"],
        html=said["html"],
        published=(NEWEST - timedelta(hours=19 * number)).isoformat(),
        image=Image(f"{HOST}/{image}", "", *map(int, re.findall(r"_(\d+)", image))) if image else None,
        enclosures=(Enclosure(f"{HOST}/{file}", said["kind"], "", said["seconds"]),) if file else (),
    )
