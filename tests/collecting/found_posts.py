"""Posts as a source lists them, and how many there are after readings."""

from random import Random

from newsletter.domain.found_post import FoundPost
from newsletter.models import Post
from tests.factories import DAY, HOUR, NOW, WEEK, collected

OLD, NEW = "https://old.example/feed", "https://new.example/feed"
WORDS = ("harbour", "winter", "paper", "engine", "garden", "letter", "window", "market", "bridge", "silver", "thunder")
LINKS = "<p>Here are the links of this week, as on every Friday, with thanks to all who sent one.</p>"
"""A text that recurs: 70 letters."""


def long_text(seed: str) -> str:
    """A text of 60 words, unlike that of another seed."""
    choose = Random(seed)
    return f"<p>{' '.join(choose.choice(WORDS) + choose.choice(WORDS) for _ in range(60))}</p>"


def edited(html: str) -> str:
    """The text with another sentence."""
    return html.replace("</p>", " It was edited since.</p>")


def made(uid: str, published: object = NOW - DAY, **fields: object) -> FoundPost:
    usual = {"url": f"https://old.example/{uid}.html", "title": f"Title of {uid}", "html": long_text(uid)}
    return FoundPost(uid=uid, published=published, **{**usual, **fields})


A = made("a")
OLDER = made("older", NOW - 9 * DAY)


def count() -> int:
    return Post.objects.count()


def then(first: FoundPost, second: FoundPost, *, gone: bool = False, reached: object = NOW - 2 * WEEK) -> int:
    """The number of posts after two readings of a source: of one post, and an hour later of another.

    `gone`: the first is no longer listed, where an older post is; otherwise the feed shows only the newest.
    """
    rest = (OLDER,) if gone else ()
    collected(first, *rest)
    collected(second, *rest, now=NOW + HOUR, reached=reached if gone else second.published)
    return count() - len(rest)
