"""The variants of an edition as the preview shows them: readers, topics, posts, size and findings of each."""

from dataclasses import dataclass, replace
from functools import lru_cache

from django.utils import timezone
from django.utils.translation import gettext as _

from newsletter.config import Config, Newsletter
from newsletter.domain.digest import Finding
from newsletter.editions.offers.readers import ReaderGroup, groups_of
from newsletter.editions.rendering import Proof, digest_with, rendered_of
from newsletter.editions.variants import listing
from newsletter.editions.variants.listing import ListedVariant
from newsletter.editions.variants.preparing import PreparedDraft, prepare
from newsletter.models import LOCKED_STATES, Edition, State
from newsletter.sending import audience
from newsletter.web.desk import formatting
from newsletter.web.desk.edition import preview_queries as queries

SHOWN_PICKS = 3
"""How many combinations of topics are named for a variant."""


@dataclass(frozen=True, slots=True)
class VariantRow:
    """One line of the list; without an email, its readers are skipped, for a reason."""

    position: int
    readers: int
    topics: str
    posts: int
    subject: str
    size: queries.Size | None
    findings: tuple[Finding, ...]
    reason: str


def rows(configuration: Config, edition: Edition) -> list[VariantRow]:
    """Return the variants of an edition, the editors' own first; none if all readers get the same."""
    if not listing.has_variants(edition):
        return []
    own, newsletter = queries.proof(configuration, edition), configuration.edited(edition)
    return [_row(each, own, newsletter) for each in _listed(configuration, edition)]


def _listed(configuration: Config, edition: Edition) -> list[ListedVariant]:
    readers = _readers(configuration, edition)
    if edition.state in LOCKED_STATES:
        return listing.approved(configuration, edition, readers)
    return listing.planned(_prepared(configuration, edition, readers), readers) if edition.state == State.DRAFT else []


def _row(variant: ListedVariant, own: Proof, newsletter: Newsletter) -> VariantRow:
    size = queries.size(replace(own, rendered=variant.rendered)) if variant.rendered else None
    return VariantRow(
        variant.position,
        variant.readers,
        _topics(variant, newsletter),
        len(variant.posts),
        variant.rendered.subject if variant.rendered else "",
        size,
        variant.findings,
        formatting.message(variant.reason) if variant.reason else "",
    )


def _topics(variant: ListedVariant, newsletter: Newsletter) -> str:
    """Return the topics of a variant's readers, such as `Film; Books, Film`; "" without topics."""
    if not newsletter.topics:
        return ""
    named = [", ".join(newsletter.topic_titles(names)) or _("All topics") for names in variant.picks]
    return "; ".join([*named[:SHOWN_PICKS], *(["…"] if len(named) > SHOWN_PICKS else [])])


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
    if edition.state != State.DRAFT:
        return own
    prepared = _prepared(configuration, edition, _readers(configuration, edition))
    return prepared.variants[position].proof if position < len(prepared.variants) else own


def _prepared(configuration: Config, edition: Edition, readers: list[ReaderGroup]) -> PreparedDraft:
    mark = f"{queries.content_mark(edition)} {sorted((group.key or 0, group.picks) for group in readers)}"
    return _prepared_once(queries.wanted(edition, mark, configuration))


@lru_cache(maxsize=8)
def _prepared_once(wanted: queries.Rendering) -> PreparedDraft:
    return prepare(Edition.objects.get(pk=wanted.edition), wanted.configuration)


def _readers(configuration: Config, edition: Edition) -> list[ReaderGroup]:
    """Return the groups of those who would get the edition now."""
    newsletter = configuration.edited(edition)
    return groups_of(audience.receiving(newsletter, edition, timezone.now()), newsletter, edition)
