"""The variants of an edition as the preview shows them: subscribers, topics, posts, size and findings of each."""

from functools import lru_cache
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from newsletter.config import Config, Newsletter
from newsletter.domain.digest import Letterhead
from newsletter.editions.rendering import Proof, digest_with, letterhead, rendered_of
from newsletter.editions.variants import listing
from newsletter.editions.variants.listing import ListedVariant
from newsletter.editions.variants.preparing import PreparedDraft, prepare
from newsletter.models import LOCKED_STATES, Edition, State
from newsletter.sending import audience
from newsletter.web.desk import formatting
from newsletter.web.desk.edition import preview_queries as queries
from subscribers.models import Subscription

SHOWN_PICKS = 3
"""How many combinations of topics are named for a variant."""


def rows(configuration: Config, edition: Edition, draft: PreparedDraft | None) -> list[dict[str, Any]]:
    """Return the variants of an edition, the editors' own first; none if all subscribers get the same.

    `draft` is the edition with its variants while it is a draft.
    """
    newsletter = configuration.edited(edition)
    receiving = audience.receiving(newsletter, edition, timezone.now())
    head = letterhead(configuration, newsletter)
    return [_row(variant, head, newsletter) for variant in listing.listed(configuration, edition, receiving, draft)]


def _row(variant: ListedVariant, head: Letterhead, newsletter: Newsletter) -> dict[str, Any]:
    """Return one line of the list; without an email, its subscribers are skipped, for a reason."""
    return {
        "position": variant.position,
        "subscribers": variant.subscribers,
        "topics": _topics(variant, newsletter),
        "posts": len(variant.posts),
        "subject": variant.rendered.subject if variant.rendered else "",
        "size": queries.size(variant.rendered, head) if variant.rendered else None,
        "findings": variant.findings,
        "reason": formatting.message(variant.reason) if variant.reason else "",
    }


def _topics(variant: ListedVariant, newsletter: Newsletter) -> str:
    """Return the topics of a variant's subscribers, such as `Film; Books, Film`; "" without topics."""
    if not newsletter.topics:
        return ""
    picks = [", ".join(newsletter.topic_titles(names)) or _("All topics") for names in variant.picks]
    return "; ".join([*picks[:SHOWN_PICKS], *(["…"] if len(picks) > SHOWN_PICKS else [])])


def proof(configuration: Config, edition: Edition, position: int) -> Proof:
    """Return the rendering of a variant; of the edition itself if there is no such variant with an email."""
    of_edition = queries.proof(configuration, edition)
    if position <= 0:
        return of_edition
    if edition.state in LOCKED_STATES:
        variant = edition.variants.filter(position=position).exclude(segments=b"").first()
        if variant is None:
            return of_edition
        return Proof(of_edition.letterhead, digest_with(edition, configuration, ()), rendered_of(variant), ())
    draft = prepared(edition, queries.present(configuration, edition))
    return draft.variants[position].proof if draft and position < len(draft.variants) else of_edition


def prepared(edition: Edition, present: queries.Rendering) -> PreparedDraft | None:
    """Return a draft with its variants, which depend on the sets and topics in each cadence; else None."""
    if edition.state != State.DRAFT:
        return None
    own_posts = Subscription.objects.with_own_posts(edition.newsletter).order_by()
    return _prepared(present, frozenset(own_posts.values_list("cadence", "offered", "topics").distinct()))


@lru_cache(maxsize=8)
def _prepared(of: queries.Rendering, _own_posts: frozenset[tuple[str, int | None, str]]) -> PreparedDraft:
    return prepare(Edition.objects.get(pk=of.edition), of.configuration, own=queries.rendered(of))
