"""An edition in the words of the contract: what commands print with --json and the API answers."""

from datetime import date, datetime, timedelta, timezone
from typing import Any

from newsletter import config
from newsletter.config import Config
from newsletter.jobs.order import day_of
from newsletter.jobs.rendering import Proof, digest_of
from newsletter.models import Edition, EditionPost, Post
from newsletter.render.digest import day_heading


def edition(found: Edition, configuration: Config) -> dict[str, Any]:
    """State, window, words, days and posts of an edition."""
    newsletter = configuration.newsletters[found.newsletter]
    entries = list(found.entries.select_related("post").prefetch_related("post__listings__source"))
    digest = digest_of(found, configuration)
    days: dict[date, int] = {}
    for entry in entries:
        if entry.included:
            days[day_of(entry, newsletter)] = days.get(day_of(entry, newsletter), 0) + 1
    return {
        "edition": found.name,
        "state": found.state,
        "revision": found.revision,
        "since": found.since.astimezone(newsletter.zone).isoformat(),
        "until": found.until.astimezone(newsletter.zone).isoformat(),
        "due_at": found.due_at.astimezone(newsletter.zone).isoformat() if found.due_at else None,
        "waiting": found.waiting or None,
        "reason": found.reason or None,
        "subject": digest.subject,
        "preheader": digest.preheader,
        "days": [
            {"day": day.isoformat(), "heading": day_heading(day, newsletter.language), "posts": count}
            for day, count in days.items()
        ],
        "posts": [_post(entry, day_of(entry, newsletter)) for entry in entries],
    }


def lint(looked_at: Proof) -> list[dict[str, str]]:
    """What lint found."""
    return [{"code": f.code, "level": f.level, "message": f.message, "where": f.where} for f in looked_at.findings]


def published(post: Post) -> str | None:
    """A post's time with the offset that its source gave."""
    return _with_offset(post.published, post.published_offset) if post.published else None


def newest(newsletter: config.Newsletter) -> date | None:
    """The local day of the newest dated post that the ledger has of a newsletter."""
    dated = Post.objects.filter(newsletter=newsletter.name).exclude(published=None).order_by("-published").first()
    return dated.published.astimezone(newsletter.zone).date() if dated and dated.published else None


def _post(entry: EditionPost, day: date) -> dict[str, Any]:
    return {
        "id": entry.post_id,
        "title": entry.title or entry.post.title,
        "url": entry.post.url,
        "source": next((x.source.url for x in entry.post.listings.all()), None),
        "published": published(entry.post),
        "day": day.isoformat(),
        "included": entry.included,
        "reason": entry.reason,
        "headline_only": entry.headline_only,
        "pinned": entry.pinned,
        "dropped": entry.post.dropped,
    }


def _with_offset(at: datetime, minutes: int) -> str:
    return at.astimezone(timezone(timedelta(minutes=minutes))).isoformat()
