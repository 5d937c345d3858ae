"""The teasers of listed editions: made once for each approved text in a process, and kept."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from newsletter.config import Theme
from newsletter.editions.rendering import placeholders_of
from newsletter.models import ApprovedContent
from newsletter.render.placeholders import fill, name_for
from newsletter.render.teaser import Teaser, teaser
from newsletter.web.archive.queries import ListedEdition

MOST_KEPT = 2_000
"""A teaser takes about 1 KB."""

_Key = tuple[int, tuple[str, ...]]
_made: OrderedDict[_Key, Teaser] = OrderedDict()
_lock = Lock()


def teasers(editions: Sequence[ListedEdition], theme: Theme) -> list[Teaser]:
    """Return the teasers of editions in their order: one query for those that are not kept, none if all are."""
    logos = tuple(filter(None, (theme.logo, theme.logo_dark)))
    kept = {key: value for key in (_key(edition, logos) for edition in editions) if (value := _made.get(key))}
    missing = [edition.content for edition in editions if _key(edition, logos) not in kept]
    if missing:
        kept |= _from_content(missing, logos)
    _keep(kept)
    return [kept.get(_key(edition, logos)) or Teaser(edition.preheader) for edition in editions]


def _key(edition: ListedEdition, logos: tuple[str, ...]) -> _Key:
    return edition.content, logos


def _from_content(numbers: list[int], logos: tuple[str, ...]) -> dict[_Key, Teaser]:
    fields = ("preheader", "html", "page", "placeholders", "edition__preheader")
    rows = ApprovedContent.objects.filter(pk__in=numbers).select_related("edition").only(*fields)
    return {(row.pk, logos): _teaser(row, logos) for row in rows}


def forget() -> None:
    """Make every teaser anew."""
    _made.clear()


def _teaser(content: ApprovedContent, logos: tuple[str, ...]) -> Teaser:
    page = fill(content.page or content.html, placeholders_of(content), name_for)
    return teaser(page, content.preheader, written=bool(content.edition.preheader), logos=logos)


def _keep(teasers_in_use: dict[_Key, Teaser]) -> None:
    with _lock:
        for key, value in teasers_in_use.items():
            _made[key] = value
            _made.move_to_end(key)
        while len(_made) > MOST_KEPT:
            _made.popitem(last=False)
