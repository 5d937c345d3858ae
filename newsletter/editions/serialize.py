"""Editions as JSON documents, for `--json` and the API."""

from collections.abc import Iterable
from datetime import date, timedelta, timezone
from typing import Any

from newsletter import config
from newsletter.collecting import gaps
from newsletter.config import Config
from newsletter.domain.digest import Finding
from newsletter.editions.rendering import digest_of
from newsletter.editions.selection.ordering import day_of
from newsletter.messages import Message
from newsletter.models import HOLDING, Edition, EditionPost, Post
from newsletter.render.dates import day_heading


def edition(edition: Edition, configuration: Config) -> dict[str, Any]:
    """Return state, window, texts, days and posts of an edition."""
    newsletter = configuration.newsletters[edition.newsletter]
    entries = list(edition.entries.select_related("post").prefetch_related("post__listings__source"))
    digest = digest_of(edition, configuration)
    missing = () if edition.standalone else gaps.of_window(newsletter, edition.since, edition.until)
    days: dict[date, int] = {}
    for entry in entries:
        if entry.included:
            days[day_of(entry, newsletter)] = days.get(day_of(entry, newsletter), 0) + 1
    return {
        "edition": edition.name,
        "state": edition.state,
        "standalone": edition.standalone,
        "revision": edition.revision,
        "since": edition.since.astimezone(newsletter.zone).isoformat(),
        "until": edition.until.astimezone(newsletter.zone).isoformat(),
        "due_at": edition.due_at.astimezone(newsletter.zone).isoformat() if edition.due_at else None,
        "waiting": _sentence(edition.waiting),
        "waiting_code": _code(edition.waiting),
        "gaps": [gaps.document(gap, newsletter.zone) for gap in missing],
        "reason": _sentence(edition.reason),
        "reason_code": _code(edition.reason),
        "subject": digest.personal_subject or digest.subject,
        "preheader": digest.personal_preheader or digest.preheader,
        "days": [
            {"day": day.isoformat(), "heading": day_heading(day, newsletter.language), "posts": count}
            for day, count in days.items()
        ],
        "blocks": edition.blocks,
        "notes": [
            {
                "at": note.at.astimezone(newsletter.zone).isoformat(),
                "by": note.by,
                "to": note.to,
                "text": note.text,
                "done": note.done_at is not None,
            }
            for note in edition.notes.order_by("at", "pk")
        ],
        "posts": [_post(entry, day_of(entry, newsletter)) for entry in entries],
    }


def findings(results: Iterable[Finding]) -> list[dict[str, str]]:
    """Return findings of lint."""
    return [{"code": f.code, "level": f.level, "message": str(f.message), "where": f.where} for f in results]


def _sentence(message: Message | None) -> str | None:
    return None if message is None else str(message)


def _code(message: Message | None) -> str | None:
    return None if message is None else message.code


def published(post: Post) -> str | None:
    """Return a post's time with the offset that its source gave."""
    offset = timezone(timedelta(minutes=post.published_offset))
    return post.published.astimezone(offset).isoformat() if post.published else None


def newest(newsletter: config.Newsletter) -> tuple[date | None, str]:
    """Return the local day of a newsletter's newest dated post, and the name of the approved edition that has it."""
    dated = Post.objects.filter(newsletter=newsletter.name).exclude(published=None).order_by("-published").first()
    if not dated or not dated.published:
        return None, ""
    holding = Edition.objects.filter(HOLDING, entries__post=dated, entries__included=True).order_by("pk").last()
    return dated.published.astimezone(newsletter.zone).date(), holding.name if holding else ""


def _post(entry: EditionPost, day: date) -> dict[str, Any]:
    return {
        "id": entry.post_id,
        "title": entry.title or entry.post.title,
        "url": entry.post.url,
        "source": next((x.source.url for x in entry.post.listings.all()), None),
        "published": published(entry.post),
        "day": day.isoformat(),
        "included": entry.included,
        "reason": _sentence(entry.reason) or "",
        "reason_code": _code(entry.reason),
        "headline_only": entry.headline_only,
        "pinned": entry.pinned,
        "dropped": entry.post.dropped,
    }
