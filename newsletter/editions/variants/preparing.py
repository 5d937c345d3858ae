"""Renders all variants of a draft, for review and for approval."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from newsletter.config import Config
from newsletter.domain.digest import Finding, Level
from newsletter.editions.rendering import Proof, digest_of, digest_with, make_proof, proof_of_variant
from newsletter.editions.variants.planning import Plan, PlannedVariant, plan
from newsletter.models import Edition
from newsletter.render.html.loader import TemplateProblem
from newsletter.render.subject import is_plain


@dataclass(frozen=True, slots=True)
class PreparedVariant:
    """A variant with its rendering."""

    planned: PlannedVariant
    proof: Proof


@dataclass(frozen=True, slots=True)
class PreparedDraft:
    """A draft as it would be approved: its own rendering, its plan, and its variants.

    Letters and corrections have neither plan nor variants: all their subscribers get the same.
    """

    own: Proof
    plan: Plan | None = None
    variants: tuple[PreparedVariant, ...] = ()

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """The renderings of all variants, with that of the draft first."""
        return (self.own, *(v.proof for v in self.variants if not v.planned.own))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that block approval, each once."""
        return tuple(dict.fromkeys(f for proof in self.proofs for f in proof.findings if f.level == Level.ERROR))


def render_subjects(draft: Edition, configuration: Config, now: datetime | None = None) -> None:
    """Render the subjects that `prepare` will need, before the transaction in which it runs.

    The template of a subject may take seconds of a child process. Its mistakes are raised by `prepare`.
    """
    newsletter = configuration.edited(draft)
    if draft.subject or is_plain(newsletter.subject):
        return
    with suppress(TemplateProblem):
        digest_of(draft, configuration, now)
        if not draft.is_unscheduled:
            for variant in plan(draft, newsletter, now).variants:
                digest_with(draft, configuration, variant.entries)


def prepare(
    draft: Edition, configuration: Config, now: datetime | None = None, own: Proof | None = None
) -> PreparedDraft:
    """Render a draft in all its variants, and itself unless its present rendering is given as `own`."""
    newsletter, own = configuration.edited(draft), own or make_proof(draft, configuration, now)
    if draft.is_unscheduled:
        return PreparedDraft(own)
    draft_plan = plan(draft, newsletter, now)
    return PreparedDraft(
        own, draft_plan, tuple(_prepared(draft, configuration, variant, own) for variant in draft_plan.variants)
    )


def _prepared(draft: Edition, configuration: Config, planned: PlannedVariant, own: Proof) -> PreparedVariant:
    if planned.own:
        return PreparedVariant(planned, own)
    digest = digest_with(draft, configuration, planned.entries)
    on_page = [post.id for post in own.digest.posts]
    return PreparedVariant(planned, proof_of_variant(digest, configuration, configuration.edited(draft), on_page))
