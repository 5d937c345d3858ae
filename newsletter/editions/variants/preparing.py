"""Renders all variants of a draft, for review and for approval."""

from dataclasses import dataclass

from newsletter.config import Config
from newsletter.domain.digest import Finding, Level
from newsletter.editions.rendering import Proof, digest_with, proof, proof_of
from newsletter.editions.selection.numbers import end_of
from newsletter.editions.selection.series import by_marks
from newsletter.editions.variants.planning import PlannedVariant, plan
from newsletter.models import Edition


@dataclass(frozen=True, slots=True)
class PreparedVariant:
    """A variant with its rendering; without posts it has none, because its readers are skipped."""

    planned: PlannedVariant
    proof: Proof | None


@dataclass(frozen=True, slots=True)
class PreparedDraft:
    """A draft as it would be approved: its own rendering, where it ends, and its variants.

    Letters and corrections end nowhere, and an edition of a newsletter with one cadence has no variants.
    """

    own: Proof
    end: int | None = None
    variants: tuple[PreparedVariant, ...] = ()

    @property
    def proofs(self) -> tuple[Proof, ...]:
        """All renderings, the draft's own first."""
        others = (v.proof for v in self.variants if not v.planned.own and v.proof is not None)
        return (self.own, *others)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that block approval, each once."""
        return tuple(dict.fromkeys(f for each in self.proofs for f in each.findings if f.level == Level.ERROR))


def prepare(draft: Edition, configuration: Config) -> PreparedDraft:
    """Render a draft in all its variants. Its posts have numbers; raises JobProblem as `end_of` does."""
    newsletter, own = configuration.edited(draft), proof(draft, configuration)
    if draft.standalone or draft.corrects_id:
        return PreparedDraft(own)
    end = end_of(draft, newsletter)
    if not by_marks(newsletter):
        return PreparedDraft(own, end)
    planned = plan(draft, newsletter, end)
    return PreparedDraft(own, end, tuple(_prepared(draft, configuration, each, own) for each in planned))


def _prepared(draft: Edition, configuration: Config, planned: PlannedVariant, own: Proof) -> PreparedVariant:
    if planned.own or not planned.entries:
        return PreparedVariant(planned, own if planned.own else None)
    digest = digest_with(draft, configuration, planned.entries)
    return PreparedVariant(planned, proof_of(digest, configuration, configuration.edited(draft)))
