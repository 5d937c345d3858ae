"""Revisions of drafts, and differences between them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from newsletter.events import record as events
from newsletter.events.record import EventKind
from newsletter.messages import Message, acts as messages, from_json
from newsletter.models import Act, Edition, Revision

BY_SCHEDULE = "the clock"
"""Who made, approved or queued an edition that no person did."""

WORDS = ("subject", "preheader", "greeting", "closing")
FIELDS = {
    "subject": messages.SUBJECT,
    "preheader": messages.PREHEADER,
    "greeting": messages.GREETING,
    "closing": messages.CLOSING,
}
NO_BLOCKS: dict[str, Any] = {"blocks": []}
"""What revisions of earlier versions lack."""

OF_A_POST = ("included", "headline_only", "choice", "pinned", "moved_rank", "title", "text", "position")

Snapshot = dict[str, Any]


def snapshot(edition: Edition) -> Snapshot:
    """Return everything in a draft that affects subscribers, as JSON; posts by primary key and a hash of their text."""
    posts = {
        str(e.post_id): {
            **{key: getattr(e, key) for key in OF_A_POST},
            "moved_to": e.moved_to.isoformat() if e.moved_to else None,
            "reason": e.reason.to_json() if e.reason else None,
            "headline": e.title or e.post.title,
            "content": e.post.content_hash,
        }
        for e in edition.entries.select_related("post")
    }
    due = edition.due_at.isoformat() if edition.due_at else None
    window = {"since": edition.since.isoformat(), "until": edition.until.isoformat(), "due_at": due}
    return {**{key: getattr(edition, key) for key in WORDS}, **window, "blocks": edition.blocks, "posts": posts}


def field(edition: Edition, key: str) -> Message:
    """Return the name of one of `WORDS`, as the draft's page has it; what a letter has is no introduction to posts."""
    return messages.POST_TEXT() if key == "greeting" and edition.is_unscheduled else FIELDS[key]()


def planned_due(edition: Edition) -> datetime | None:
    """Return the send time that an edition had as a draft, before it was approved and queued."""
    newest = edition.revisions.order_by("-number").first()
    due = newest.snapshot["due_at"] if newest else None
    return datetime.fromisoformat(due) if due else None


def last_scheduled(edition: Edition) -> datetime | None:
    """Return the time for which someone last scheduled an edition, None if nobody did."""
    scheduled = Act.objects.filter(about=edition.name, after__due__isnull=False)
    times = scheduled.order_by("-at").values_list("after__due", flat=True)
    return datetime.fromisoformat(time) if (time := times.first()) else None


def record(edition: Edition, by: str, what: Message, now: datetime) -> None:
    """Create the next revision of a draft. The caller holds the edition's lock."""
    edition.revision += 1
    edition.save()
    Revision.objects.create(
        edition=edition, number=edition.revision, at=now, by=by, what=what, snapshot=snapshot(edition)
    )
    if edition.revision == 1:
        events.of_edition(EventKind.EDITION_DRAFTED, edition, now)


def has_changed(edition: Edition) -> bool:
    """Return whether a draft's content differs from its last revision, as after a source changed a text.

    When it is sent is not content: reopening drops a time that has passed.
    """
    newest = edition.revisions.order_by("-number").first()
    return newest is None or {**NO_BLOCKS, **newest.snapshot, "due_at": None} != {**snapshot(edition), "due_at": None}


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """What undo or redo would do: the revision that it restores, and the change that it takes back or makes again."""

    to: int
    what: Message


def steps(edition: Edition) -> tuple[HistoryStep | None, HistoryStep | None]:
    """Return what undo and redo would do now; None if there is nothing to undo or redo.

    Undo and redo move along the changes without being changes themselves; a change after an undo ends what could be
    redone. Restoring a revision from the history is a change.
    """
    trail: list[tuple[int, Message]] = []
    place = -1
    for number, what in edition.revisions.order_by("number").values_list("number", "what"):
        restored = what.param("number") if what.code in (messages.UNDONE.code, messages.REDONE.code) else None
        position = next((i for i, (revision, _) in enumerate(trail) if revision == restored), None)
        if position is None:
            del trail[place + 1 :]
            trail.append((number, what))
            position = len(trail) - 1
        place = position
    undo = HistoryStep(trail[place - 1][0], trail[place][1]) if place > 0 else None
    redo = HistoryStep(*trail[place + 1]) if 0 <= place < len(trail) - 1 else None
    return undo, redo


def difference(edition: Edition, older: int, newer: int) -> list[Message]:
    """Return the differences between two revisions, a message each; empty if one of them is unknown."""
    snapshots = {r.number: {**NO_BLOCKS, **r.snapshot} for r in edition.revisions.filter(number__in=(older, newer))}
    if older not in snapshots or newer not in snapshots:
        return []
    old, new = snapshots[older], snapshots[newer]
    words = [
        messages.TEXT_NOW(field=field(edition, key), old=old[key], new=new[key])
        if key in ("subject", "preheader")
        else messages.FIELD_CHANGED(field=field(edition, key))
        for key in WORDS
        if old[key] != new[key]
    ]
    return [*words, *_blocks(old["blocks"], new["blocks"]), *_posts(old["posts"], new["posts"])]


def _blocks(old: list[Snapshot], new: list[Snapshot]) -> Iterator[Message]:
    before, after = ({block["id"]: block for block in blocks} for blocks in (old, new))
    for key, block in after.items():
        if key not in before:
            yield messages.BLOCK_ADDED(title=block["title"])
        elif before[key] != block:
            yield messages.BLOCK_CHANGED(title=block["title"])
    for key, block in before.items():
        if key not in after:
            yield messages.BLOCK_REMOVED(title=block["title"])


def _posts(old: Snapshot, new: Snapshot) -> Iterator[Message]:
    for post, entry in new.items():
        was = old.get(post)
        if entry["included"] and not (was and was["included"]):
            yield messages.POST_NOW_IN(title=entry["headline"], reason=_reason(entry))
        elif was and was["included"] and not entry["included"]:
            yield messages.POST_NOW_OUT(title=entry["headline"], reason=_reason(entry))
        elif was and entry["included"] and was["headline"] != entry["headline"]:
            yield messages.HEADLINE_NOW(old=was["headline"], new=entry["headline"])
        elif was and entry["included"] and (was["text"], was["content"]) != (entry["text"], entry["content"]):
            yield messages.POST_TEXT_CHANGED(title=entry["headline"])
    for post, was in old.items():
        if was["included"] and post not in new:
            yield messages.POST_GONE(title=was["headline"])
    if _order(old) != _order(new) and set(_order(old)) == set(_order(new)):
        yield messages.ORDER_CHANGED()


def _reason(entry: Snapshot) -> Message | str:
    return from_json(entry["reason"]) if entry["reason"] else "–"


def _order(posts: Snapshot) -> list[str]:
    return sorted((p for p, entry in posts.items() if entry["included"]), key=lambda p: int(posts[p]["position"]))
