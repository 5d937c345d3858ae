"""A draft's revisions and the audit log: what stood when, who changed it, and in what two revisions differ."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from newsletter.models import Act, Edition, Revision

WORDS = ("subject", "preheader", "greeting", "closing")
OF_A_POST = ("included", "headline_only", "choice", "pinned", "moved_rank", "title", "text", "position")

Snapshot = dict[str, Any]


def snapshot(edition: Edition) -> Snapshot:
    """Everything that a reader would see of a draft, as JSON; a post by its ledger number and a hash of its text."""
    posts = {
        str(e.post_id): {
            **{key: getattr(e, key) for key in OF_A_POST},
            "moved_to": e.moved_to.isoformat() if e.moved_to else None,
            "reason": e.reason,
            "headline": e.title or e.post.title,
            "content": e.post.content_hash,
        }
        for e in edition.entries.select_related("post")
    }
    due = edition.due_at.isoformat() if edition.due_at else None
    window = {"since": edition.since.isoformat(), "until": edition.until.isoformat(), "due_at": due}
    return {**{key: getattr(edition, key) for key in WORDS}, **window, "posts": posts}


def record(edition: Edition, by: str, what: str, now: datetime) -> None:
    """Give a draft its next revision. The caller holds the edition's row."""
    edition.revision += 1
    edition.save()
    Revision.objects.create(
        edition=edition, number=edition.revision, at=now, by=by, what=what, snapshot=snapshot(edition)
    )


def has_changed(edition: Edition) -> bool:
    """Whether a draft is not what its last revision says, as its sources changed a text since."""
    last = edition.revisions.order_by("-number").first()
    return last is None or last.snapshot != snapshot(edition)


def log(by: str, what: str, about: str, now: datetime, before: Any = None, after: Any = None) -> None:
    """A line of the audit log."""
    Act.objects.create(at=now, by=by, what=what, about=about, before=before, after=after)


def difference(edition: Edition, older: int, newer: int) -> list[str]:
    """In what two revisions differ, a line each; empty where one of them is not known."""
    found = {r.number: r.snapshot for r in edition.revisions.filter(number__in=(older, newer))}
    if older not in found or newer not in found:
        return []
    return list(_words(found[older], found[newer])) + list(_posts(found[older]["posts"], found[newer]["posts"]))


def _words(old: Snapshot, new: Snapshot) -> Iterator[str]:
    for key in WORDS:
        if old[key] != new[key]:
            yield f"{key}: “{old[key]}” is now “{new[key]}”" if key in ("subject", "preheader") else f"{key} changed"


def _posts(old: Snapshot, new: Snapshot) -> Iterator[str]:
    for post, entry in new.items():
        was = old.get(post)
        if entry["included"] and not (was and was["included"]):
            yield f"in now: {entry['headline']} ({entry['reason']})"
        elif was and was["included"] and not entry["included"]:
            yield f"out now: {entry['headline']} ({entry['reason']})"
        elif was and entry["included"] and was["headline"] != entry["headline"]:
            yield f"headline: “{was['headline']}” is now “{entry['headline']}”"
        elif was and entry["included"] and (was["text"], was["content"]) != (entry["text"], entry["content"]):
            yield f"text changed: {entry['headline']}"
    for post, was in old.items():
        if was["included"] and post not in new:
            yield f"out now: {was['headline']}"
    if _order(old) != _order(new) and set(_order(old)) == set(_order(new)):
        yield "the order of posts changed"


def _order(posts: Snapshot) -> list[str]:
    return sorted((p for p, entry in posts.items() if entry["included"]), key=lambda p: int(posts[p]["position"]))
