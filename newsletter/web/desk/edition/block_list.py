"""The blocks of an edition as pages list them: kind and place in words, in reading order."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from newsletter import config
from newsletter.editions.composing.blocks import END, TOP
from newsletter.models import Edition
from newsletter.web.desk.edition.queries import posts


@dataclass(frozen=True, slots=True)
class BlockLine:
    """A block in the list: its kind and its place in words."""

    id: str
    kind: str
    title: str
    place: str
    url: str


def kinds() -> list[tuple[str, str]]:
    """Return the kinds of blocks with their names."""
    return [("sponsor", _("Sponsor")), ("event", _("Event")), ("action", _("Call to action"))]


def places(edition: Edition, newsletter: config.Newsletter) -> list[tuple[str, str]]:
    """Return where a block can be, in reading order."""
    after = [(str(row.post), row.title) for day in posts(edition, newsletter).days for row in day.rows]
    below = [(post, _("After “%(title)s”") % {"title": title[:80]}) for post, title in after]
    return [(TOP, _("Below the introduction")), *below, (END, _("Above the sign-off"))]


def blocks(edition: Edition, newsletter: config.Newsletter) -> list[BlockLine]:
    """Return the blocks of an edition in reading order; one below a post that is not in the edition is at the end."""
    where, names = places(edition, newsletter), dict(kinds())
    order = {key: number for number, (key, _words) in enumerate(where)}
    ordered = sorted(edition.blocks, key=lambda block: order.get(block["after"], order[END]))
    words = dict(where)
    return [
        BlockLine(b["id"], names[b["kind"]], b["title"], words.get(b["after"], words[END]), b["url"]) for b in ordered
    ]
