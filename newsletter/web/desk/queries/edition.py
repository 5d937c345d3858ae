"""A draft as its editors see it: its posts by day with the reason each is in or out, and its revisions."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from html import unescape

from django.db.models.functions import Substr
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from newsletter import config
from newsletter.jobs.order import day_of
from newsletter.models import Edition, EditionPost, Post, Revision
from newsletter.render.digest import day_heading
from newsletter.web.desk import words
from newsletter.web.desk.said import in_words, reason

BEGINNING = 1_500
SHOWN = 140


@dataclass(frozen=True, slots=True)
class Row:
    """A post in the list; `beginning` are its first words; `when` has no day where the list's heading says it."""

    post: int
    title: str
    url: str
    when: str
    reason: str
    beginning: str
    included: bool
    pinned: bool
    changed: bool
    headline_only: bool
    language: str


@dataclass(frozen=True, slots=True)
class Day:
    """The posts under one day, in the order in which they are read."""

    day: date
    heading: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Posts:
    """What is in, by day, and what is out."""

    days: tuple[Day, ...]
    out: tuple[Row, ...]

    @property
    def count(self) -> int:
        """How many are in."""
        return sum(len(day.rows) for day in self.days)


@dataclass(frozen=True, slots=True)
class Change:
    """A revision in the history: what was done, by whom, when."""

    number: int
    what: str
    by: str
    when: str


def posts(edition: Edition, newsletter: config.Newsletter) -> Posts:
    """All posts of an edition: one query, whatever their number; of their texts only the beginning is read."""
    entries = edition.entries.select_related("post").defer("post__html", "post__summary", "text")
    entries = entries.annotate(start=Substr("post__html", 1, BEGINNING), own=Substr("text", 1, SHOWN))
    days: dict[date, list[EditionPost]] = {}
    out = []
    for entry in entries.order_by("position", "pk"):
        if entry.included:
            days.setdefault(day_of(entry, newsletter), []).append(entry)
        else:
            out.append(_row(entry, newsletter))
    return Posts(tuple(_day(day, held, newsletter) for day, held in days.items()), tuple(out))


def _day(day: date, entries: list[EditionPost], newsletter: config.Newsletter) -> Day:
    rows = tuple(_row(e, newsletter, day) for e in entries)
    return Day(day, day_heading(day, words.language()), rows)


def _row(entry: EditionPost, newsletter: config.Newsletter, day: date | None = None) -> Row:
    post, own = entry.post, str(getattr(entry, "own", ""))
    same_day = post.published is not None and post.published.astimezone(newsletter.zone).date() == day
    return Row(
        post=entry.post_id,
        title=entry.title or post.title or post.url,
        url=post.url,
        when=(words.clock if same_day else words.moment)(post.published, newsletter.zone),
        reason=reason(entry.reason),
        beginning=_short(own or plain(str(getattr(entry, "start", "")))),
        included=entry.included,
        pinned=entry.pinned,
        changed=bool(entry.title or own),
        headline_only=entry.headline_only,
        language=post.language,
    )


def plain(html: str) -> str:
    """Text out of HTML that may be cut in the middle of a tag; one space for any white space."""
    return " ".join(unescape(strip_tags(re.sub(r"<[^>]*\Z", "", html.replace("><", "> <")))).split())


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN].rpartition(" ")[0] + "…"


def place(found: Posts, post: int, act: str) -> tuple[date, int] | None:
    """Where a post goes that is moved up or down by one: within its day, else to the end or start of the next one."""
    for number, day in enumerate(found.days):
        index = next((i for i, row in enumerate(day.rows) if row.post == post), None)
        if index is None:
            continue
        if act == "up":
            if index:
                return day.day, index - 1
            return (found.days[number - 1].day, len(found.days[number - 1].rows)) if number else None
        if index < len(day.rows) - 1:
            return day.day, index + 1
        return (found.days[number + 1].day, 0) if number + 1 < len(found.days) else None
    return None


def history(edition: Edition, newsletter: config.Newsletter, limit: int = 100) -> list[Change]:
    """The newest revisions of a draft, without what they hold."""
    rows = list(edition.revisions.defer("snapshot").order_by("-number")[:limit])
    titles = dict(_titles(edition, rows))
    return [Change(r.number, what(r.what, titles), r.by, words.moment(r.at, newsletter.zone)) for r in rows]


def headlines(acts: Iterable[str]) -> dict[str, str]:
    """The headlines of the posts that lines of the audit log name by their numbers."""
    named = {found[1] for act in acts if (found := re.search(r" post (\d+)$", act))}
    return {str(pk): title for pk, title in Post.objects.filter(pk__in=named).values_list("pk", "title")}


def _titles(edition: Edition, rows: Iterable[Revision]) -> Iterable[tuple[str, str]]:
    named = {found[1] for row in rows if (found := re.search(r" post (\d+)$", row.what))}
    for entry in edition.entries.filter(post_id__in=named).select_related("post").defer("post__html", "text"):
        yield str(entry.post_id), entry.title or entry.post.title


def what(text: str, titles: dict[str, str]) -> str:
    """A revision's sentence, with the headline in the place of the post's number."""
    found = re.fullmatch(r"(.+) post (\d+)", text)
    if not found:
        return _plain_act(text)
    acts = {
        "left out": _("Left out"),
        "included": _("Included"),
        "pinned": _("Pinned"),
        "unpinned": _("Unpinned"),
        "retitled": _("Changed the headline of"),
        "rewrote": _("Changed the text of"),
        "moved": _("Moved"),
        "left to the rules": _("Left to the rules"),
    }
    return f"{acts.get(found[1], found[1])}: {titles.get(found[2], found[2])}"


def _plain_act(text: str) -> str:
    fixed = {"made": _("Made"), "refreshed from its sources": _("Refreshed from its sources")}
    if back := re.fullmatch(r"back to revision (\d+)", text):
        return _("Back to revision %(number)s") % {"number": back[1]}
    if text.startswith("set "):
        names = {
            "subject": _("subject"),
            "preheader": _("preheader"),
            "greeting": _("greeting"),
            "closing": _("closing"),
        }
        return _("Changed %(what)s") % {"what": ", ".join(names.get(n, n) for n in text[4:].split(", "))}
    said = fixed.get(text) or in_words(text)
    return said[:1].upper() + said[1:]


def undo_target(edition: Edition) -> int | None:
    """The revision that the last change was made on; undoing an undo goes one further back."""
    newest = edition.revisions.filter(number=edition.revision).values_list("what", flat=True).first()
    if newest is None:
        return None
    back = re.fullmatch(r"back to revision (\d+)", newest)
    before = int(back[1]) if back else edition.revision
    return edition.revisions.filter(number__lt=before).order_by("-number").values_list("number", flat=True).first()
