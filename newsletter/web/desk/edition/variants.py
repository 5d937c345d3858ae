"""The variants of an edition as the preview shows them: readers, posts, size and findings of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Count
from django.utils import timezone

from newsletter.config import Config
from newsletter.domain.cadence import start
from newsletter.domain.digest import Finding
from newsletter.editions.rendering import Proof, digest_with, rendered_of
from newsletter.editions.selection.series import by_marks, ends
from newsletter.editions.variants.preparing import PreparedVariant, prepare
from newsletter.models import LOCKED_STATES, Edition, State
from newsletter.sending import audience
from newsletter.web.desk.edition import preview_queries as queries


@dataclass(frozen=True, slots=True)
class VariantRow:
    """One line of the list; without an email, its readers are skipped."""

    position: int
    readers: int
    posts: int
    size: queries.Size | None
    findings: tuple[Finding, ...]


def rows(configuration: Config, edition: Edition) -> list[VariantRow]:
    """Return the variants of an edition, the editors' own first; none if all readers get the same."""
    if edition.standalone or edition.corrects_id or not by_marks(configuration.edited(edition)):
        return []
    readers = _readers(configuration, edition)
    if edition.state in LOCKED_STATES:
        return [
            VariantRow(
                each.position,
                _counted(each.marks, readers) if each.last is None else each.last - (each.first or 1) + 1,
                len(each.posts),
                _size(proof(configuration, edition, each.position)) if each.posts else None,
                (),
            )
            for each in edition.variants.only("position", "marks", "posts", "first", "last")
        ]
    if edition.state != State.DRAFT:
        return []
    return [
        VariantRow(
            position,
            _counted(each.planned.marks, readers),
            len(each.planned.entries),
            _size(each.proof) if each.proof and each.planned.entries else None,
            each.proof.findings if each.proof else (),
        )
        for position, each in enumerate(_prepared(configuration, edition))
    ]


def proof(configuration: Config, edition: Edition, position: int) -> Proof:
    """Return the rendering of a variant; of the edition itself if there is no such variant with an email."""
    own = queries.proof(configuration, edition)
    if position <= 0:
        return own
    if edition.state in LOCKED_STATES:
        variant = edition.variants.filter(position=position).exclude(segments=b"").first()
        if variant is None:
            return own
        return Proof(own.letterhead, digest_with(edition, configuration, ()), rendered_of(variant), ())
    found = _prepared(configuration, edition)[position : position + 1] if edition.state == State.DRAFT else ()
    return found[0].proof or own if found else own


def _prepared(configuration: Config, edition: Edition) -> tuple[PreparedVariant, ...]:
    mark = f"{queries.content_mark(edition)} {sorted(_readers(configuration, edition))}"
    return _prepared_once(queries.Rendering(edition.pk, edition.state, mark, id(configuration), configuration))


@lru_cache(maxsize=8)
def _prepared_once(wanted: queries.Rendering) -> tuple[PreparedVariant, ...]:
    return prepare(Edition.objects.get(pk=wanted.edition), wanted.configuration).variants


def _readers(configuration: Config, edition: Edition) -> Mapping[int, int]:
    """Return how many readers of the edition have each mark."""
    newsletter = configuration.edited(edition)
    first = start(newsletter.period, newsletter.default_cadence, ends(newsletter, fixed=True))
    receiving = audience.receiving(newsletter, edition, timezone.now())
    found: dict[int, int] = {}
    for mark, starts, count in receiving.values_list("mark", "starts").annotate(Count("pk")):
        effective = max(mark, first) if starts else mark
        found[effective] = found.get(effective, 0) + count
    return found


def _counted(marks: tuple[int, ...] | list[int], readers: Mapping[int, int]) -> int:
    return sum(readers.get(mark, 0) for mark in marks)


def _size(looked_at: Proof | None) -> queries.Size | None:
    return queries.size(looked_at) if looked_at else None
