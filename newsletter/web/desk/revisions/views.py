"""Two revisions of an edition side by side."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from newsletter.editions.history import NO_BLOCKS, WORDS
from newsletter.models import Edition
from newsletter.web.converters import whole_number
from newsletter.web.desk.edition import queries
from newsletter.web.desk.edition.word_fields import word_fields
from newsletter.web.desk.pages import about, edition_of, newsletter_of, page
from newsletter.web.desk.revisions import comparison


def compare(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Compare two revisions; unless the address names others, the newest one with that before it."""
    newsletter, edition = newsletter_of(request, name), edition_of(name, period)
    changes = queries.history(edition, newsletter, limit=None)
    known = [change.number for change in changes]
    newest = _asked(request, "new", known[:1])
    oldest = _asked(request, "old", [n for n in known if newest is not None and n < newest] or known[-1:])
    old, new = _snapshot(edition, oldest), _snapshot(edition, newest)
    labels = {field.key: field.label for field in word_fields(edition)}
    context = {
        **about(request, edition, newsletter),
        "changes": changes,
        "old": oldest,
        "new": newest,
        "texts": [(labels[each.key], each) for each in comparison.texts(old, new, WORDS)],
        "lists": [
            _compared("blocks", _("Blocks"), comparison.blocks(old["blocks"], new["blocks"])),
            _compared("posts", _("Posts"), comparison.posts(old["posts"], new["posts"])),
        ],
        "same": {**old, "due_at": None} == {**new, "due_at": None},
    }
    return page(request, "compare", context, section="home")


@dataclass(frozen=True, slots=True)
class ComparedList:
    """The rows that differ, with the differences in words, and the titles of the others."""

    key: str
    heading: str
    rows: list[tuple[comparison.ComparedRow, list[str]]]
    unchanged: list[str]


def _compared(key: str, heading: str, rows: list[comparison.ComparedRow]) -> ComparedList:
    unchanged = [row.new for row in rows if not row.marks]
    return ComparedList(key, heading, _with_words([row for row in rows if row.marks]), unchanged)


def _with_words(rows: list[comparison.ComparedRow]) -> list[tuple[comparison.ComparedRow, list[str]]]:
    """Rows with what differs in each, in words."""
    words = {
        "added": _("added"),
        "removed": _("removed"),
        "moved": _("moved"),
        "changed": _("changed"),
        "headline": _("headline changed"),
        "text": _("text changed"),
        "source": _("changed at its source"),
        "pinned": _("pinned or unpinned"),
        "day": _("moved to another day"),
        "length": _("shown in full or as a headline"),
    }
    return [(row, [words[mark] for mark in row.marks]) for row in rows]


def _asked(request: HttpRequest, key: str, usual: list[int]) -> int | None:
    asked = request.GET.get(key)
    return whole_number(asked) if asked else next(iter(usual), None)


def _snapshot(edition: Edition, number: int | None) -> dict[str, Any]:
    snapshot = edition.revisions.filter(number=number or 0).values_list("snapshot", flat=True).first()
    if snapshot is None:
        raise Http404("the edition has no such revision")
    return {**NO_BLOCKS, **snapshot}
