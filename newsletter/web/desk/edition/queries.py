"""Queries for the page of a draft: its posts by day with the reason each is in or out, its revisions and its blocks."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import unescape
from typing import Any

from django.db.models.functions import Substr
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from newsletter import config
from newsletter.collecting import gaps as source_gaps
from newsletter.editions.composing.blocks import END, TOP
from newsletter.editions.selection.ordering import day_of
from newsletter.messages import Message, acts, posts as posts_messages
from newsletter.messages.general import TEXT
from newsletter.models import Act, Edition, EditionPost, Revision, State
from newsletter.web.desk import formatting, users

BEGINNING = 1_500
USUALLY_ENOUGH = 400
"""So many characters of a post's HTML are read for its first words before more are."""
SHOWN = 140
_DECISIONS = (
    acts.APPROVED,
    acts.REOPENED,
    acts.QUEUED,
    acts.SENDING_STARTED,
    acts.SENT_NOW,
    acts.SENT_ANYWAY,
    acts.PAUSED,
    acts.RESUMED,
    acts.CANCELLED,
    acts.SKIPPED,
)
"""What the history has besides changes."""


@dataclass(frozen=True, slots=True)
class Day:
    """The posts under one day, in the order in which they are read."""

    day: date
    heading: str
    rows: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Posts:
    """The included posts by day, and the others."""

    days: list[Day]
    out: list[dict[str, Any]]

    @property
    def count(self) -> int:
        """Return the number of included posts."""
        return sum(len(day.rows) for day in self.days)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """All posts, included or not."""
        return [*(row for day in self.days for row in day.rows), *self.out]


def gaps(edition: Edition, newsletter: config.Newsletter) -> list[Message]:
    """Return what to say of the sources of which posts may be missing; nothing once an edition is locked."""
    if edition.is_unscheduled or edition.state != State.DRAFT:
        return []
    return [source_gaps.message(gap) for gap in source_gaps.of_window(newsletter, edition.since, edition.until)]


def posts(edition: Edition, newsletter: config.Newsletter) -> Posts:
    """Return all posts of an edition: one query, whatever their number; of their texts only the beginning is read."""
    rows = edition.entries.select_related("post").defer("post__html", "post__summary", "text")
    rows = rows.annotate(start=Substr("post__html", 1, BEGINNING), own=Substr("text", 1, SHOWN))
    entries = list(rows.order_by("position", "pk"))
    titles = formatting.edition_titles(entry.reason for entry in entries)
    days: dict[date, list[dict[str, Any]]] = {}
    for entry in entries:
        if entry.included:
            day = day_of(entry, newsletter)
            days.setdefault(day, []).append(_row(entry, newsletter, titles, day))
    out = [_row(entry, newsletter, titles) for entry in entries if not entry.included]
    return Posts([Day(day, formatting.day_heading(day), rows) for day, rows in days.items()], out)


def _row(
    entry: EditionPost, newsletter: config.Newsletter, titles: Mapping[str, str], day: date | None = None
) -> dict[str, Any]:
    """Return a post as the list has it; `when` has no day where the list's heading says it."""
    post, own_text = entry.post, str(getattr(entry, "own", ""))
    same_day = post.published is not None and post.published.astimezone(newsletter.zone).date() == day
    is_usual = entry.included and posts_messages.IN_THE_PERIOD.matches(entry.reason)
    return {
        "post": entry.post_id,
        "title": entry.title or post.title or post.url,
        "url": post.url,
        "when": (formatting.clock if same_day else formatting.moment)(post.published, newsletter.zone),
        "reason": "" if is_usual else formatting.message(entry.reason, newsletter.zone, titles),
        "beginning": shortened(own_text) if own_text else beginning(str(getattr(entry, "start", ""))),
        "included": entry.included,
        "pinned": entry.pinned,
        "changed": bool(entry.title or own_text),
        "headline_only": entry.headline_only,
        "language": post.language,
    }


def beginning(html: str) -> str:
    """Return the first words of HTML. Taking the tags out of all of it takes long, so most of it is left out if it can.

    A tag that was cut behind a `>` in one of its values is left in the text, so that all of it is read then.
    """
    text = plain(html[:USUALLY_ENOUGH])
    return shortened(text if len(text) > SHOWN * 1.2 and "<" not in text else plain(html))


def plain(html: str) -> str:
    """Return text out of HTML that may be cut in the middle of a tag; one space for any white space."""
    return " ".join(unescape(strip_tags(re.sub(r"<[^>]*\Z", "", html.replace("><", "> <")))).split())


def shortened(text: str) -> str:
    """Return the first words of a text."""
    return text if len(text) <= SHOWN else text[:SHOWN].rpartition(" ")[0] + "…"


def place(days: Sequence[Day], post: int, act: str) -> tuple[date, int] | None:
    """Return the new place of a post that is moved up or down by one: within its day, else at the end or start of the
    next one.
    """
    for number, day in enumerate(days):
        index = next((i for i, row in enumerate(day.rows) if row["post"] == post), None)
        if index is None:
            continue
        if act == "up":
            if index:
                return day.day, index - 1
            return (days[number - 1].day, len(days[number - 1].rows)) if number else None
        if index < len(day.rows) - 1:
            return day.day, index + 1
        return (days[number + 1].day, 0) if number + 1 < len(days) else None
    return None


def history(edition: Edition, newsletter: config.Newsletter, limit: int | None = 100) -> list[dict[str, Any]]:
    """Return the newest changes of a draft, without their contents, and its approvals and the like: what was done, by
    whom, when. Only changes have a number.
    """
    revisions = edition.revisions.defer("snapshot").order_by("-number")[:limit]
    decisions = Act.objects.filter(about=edition.name, what__code__in=[act.code for act in _DECISIONS])
    entries: list[Revision | Act] = [*decisions.order_by("-at", "-pk")[:limit], *revisions]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    names = users.names(entry.by for entry in entries)
    titles = formatting.edition_titles(entry.what for entry in entries)
    return [
        {
            "number": entry.number if isinstance(entry, Revision) else 0,
            "what": formatting.capital(formatting.message(entry.what, newsletter.zone, titles)),
            "by": names[entry.by],
            "when": formatting.moment(entry.at, newsletter.zone),
        }
        for entry in entries[:limit]
    ]


def last_change(edition: Edition, newsletter: config.Newsletter) -> str:
    """Return what the newest revision changed, in words: `Removed “A headline”`."""
    change = edition.revisions.filter(number=edition.revision).values_list("what", flat=True).first()
    return formatting.capital(formatting.message(change, newsletter.zone))


def step_in_words(what: Message) -> str:
    """Return what undo or redo changes: the names of texts, or the change in words."""
    changed = TEXT(words=what.param("fields")) if acts.TEXTS_CHANGED.matches(what) else what
    return formatting.message(changed, timezone.get_current_timezone())


def block_kinds() -> dict[str, str]:
    """Return the kinds of blocks with their names."""
    return {"sponsor": _("Sponsor"), "event": _("Event"), "action": _("Call to action")}


def places(edition: Edition, newsletter: config.Newsletter) -> list[tuple[str, str]]:
    """Return where a block can be, in reading order."""
    below = [
        (str(row["post"]), _("After “%(title)s”") % {"title": row["title"][:80]})
        for day in posts(edition, newsletter).days
        for row in day.rows
    ]
    return [(TOP, _("Below the introduction")), *below, (END, _("Above the sign-off"))]


def blocks(edition: Edition, newsletter: config.Newsletter) -> list[dict[str, str]]:
    """Return the blocks of an edition in reading order, with their kinds and places in words.

    One below a post that is not in the edition is at the end.
    """
    words, kinds = dict(places(edition, newsletter)), block_kinds()
    order, end = {key: number for number, key in enumerate(words)}, END
    return [
        {**block, "kind": kinds[block["kind"]], "place": words.get(block["after"], words[end])}
        for block in sorted(edition.blocks, key=lambda block: order.get(block["after"], order[end]))
    ]
