"""Changes by two editors of one draft: merged if they are independent, otherwise shown as a conflict.

Promises: nobody's words are overwritten unless they were shown first; the rules of a change stay those of the jobs.
The draft's row is held from the look to the change, so that however many save at once, none is turned away for that.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from newsletter.config import Config
from newsletter.editions import editing, leases
from newsletter.editions.problems import Impossible
from newsletter.messages import editions as messages
from newsletter.models import Edition, Revision
from newsletter.web.desk.edition import texts


class TwoWordings(Impossible):
    """Someone else changed or is writing the same texts: each of `wordings` has the key of one, its present text with
    the mark of that, and what this editor wrote.
    """

    def __init__(self, by: str, wordings: list[dict[str, str]], *, is_writing: bool) -> None:
        self.by, self.wordings, self.is_writing = by, wordings, is_writing
        super().__init__(f"{by or 'somebody'} changed the same words meanwhile")


@transaction.atomic
def write(
    configuration: Config,
    edition: Edition,
    by: str,
    typed: Mapping[str, str],
    marks: Mapping[str, str] | None,
    now: datetime,
) -> Edition:
    """Store what the editor changed: each text that differs from the mark of what was `shown`; None takes over.

    Raises TwoWordings where what stands there now was not shown either, or where somebody else is writing.
    """
    draft = _held(edition)
    present = texts.read(draft, typed)
    if missing := [post for key in typed if key not in present and (post := texts.post_of(key))]:
        raise Impossible(messages.NO_POST(name=draft.name, post=str(missing[0])))
    if marks is None:
        leases.take(draft, typed, by, now)
        marks = {key: text.mark for key, text in present.items()}
    mine = {key: text for key, raw in typed.items() if texts.mark(text := texts.plain(key, raw)) != marks.get(key)}
    stored = {key: "" if text == present[key].automatic else text for key, text in mine.items()}
    changes = {key: text for key, text in stored.items() if text != present[key].written}
    writers = leases.of_others(draft, by, now)
    clashing = [key for key in changes if key in writers or present[key].mark != marks.get(key)]
    if clashing:
        writer = next((writers[key] for key in clashing if key in writers), "")
        wordings = [
            {"key": key, "theirs": present[key].value, "mark": present[key].mark, "mine": mine[key]} for key in clashing
        ]
        raise TwoWordings(writer or _author(draft), wordings, is_writing=bool(writer))
    leases.take(draft, changes, by, now)
    return texts.store(configuration, draft, by, changes)


@transaction.atomic
def on_posts(edition: Edition, seen: int, posts: Iterable[int], act: Callable[[Edition, int], Edition]) -> Edition:
    """Do something to posts, on the newest revision where each of them is as it was seen.

    Raises Conflict where somebody else changed one of them.
    """
    draft = _held(edition)
    if draft.revision != seen and not all(_same_post(draft, seen, draft.revision, post) for post in posts):
        raise editing.Conflict(draft, seen)
    return act(draft, draft.revision)


@transaction.atomic
def on_block(edition: Edition, seen: int, block: str, act: Callable[[Edition, int], Edition]) -> Edition:
    """Do something to a block, on the newest revision where this block is as it was seen; "" is a new one.

    Raises Conflict where somebody else changed the same block.
    """
    draft = _held(edition)
    if draft.revision != seen and block and _block(draft, seen, block) != _block(draft, draft.revision, block):
        raise editing.Conflict(draft, seen)
    return act(draft, draft.revision)


def _block(edition: Edition, revision: int, block: str) -> dict[str, Any] | None:
    return next((stored for stored in _snapshot(edition, revision).get("blocks", []) if stored["id"] == block), None)


def _held(edition: Edition) -> Edition:
    """Return the draft as it stands, its row held until the transaction ends."""
    return Edition.objects.select_for_update().get(pk=edition.pk)


def _same_post(edition: Edition, seen: int, newest: int, post: int) -> bool:
    """Return whether a post is the same in two revisions, apart from its position."""
    old, new = (_snapshot(edition, number).get("posts", {}).get(str(post)) for number in (seen, newest))
    if old is None or new is None:
        return False
    moved = ("position", "moved_rank")
    return {k: v for k, v in old.items() if k not in moved} == {k: v for k, v in new.items() if k not in moved}


def _snapshot(edition: Edition, number: int) -> dict[str, Any]:
    snapshot = Revision.objects.filter(edition=edition, number=number).values_list("snapshot", flat=True).first()
    return dict(snapshot or {})


def _author(edition: Edition) -> str:
    authors = Revision.objects.filter(edition=edition, number=edition.revision).values_list("by", flat=True)
    return authors.first() or ""
