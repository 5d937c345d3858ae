"""What a subscriber gets from an edition, and what the subscriber was offered afterwards. Pure functions.

What a person was offered is a set of posts. An edition has candidates; when its audience is fixed, a subscriber gets
those that are not in the set and in the topics that the subscriber picked. docs/decisions/each-post-once.md has the
rule in full.

What a cadence has behind it was offered to nobody there. It is in the sets of its subscribers under another number, so
that an editor who includes it by name reaches them, and those who had it elsewhere don't get it again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from newsletter.domain.ordinals import Ordinals
from newsletter.domain.picks import wants

NONE = Ordinals()
BEHIND = 1 << 40
"""What is added to the ordinal of a post that is behind a cadence."""


def behind(posts: Ordinals) -> Ordinals:
    """Return what a set has of posts that are behind a cadence."""
    return posts.moved_by(BEHIND)


def offered(had: Ordinals) -> Ordinals:
    """Return the posts of a set that were offered, without those that are behind."""
    return had - _ALL_BEHIND


def not_due(had: Ordinals) -> Ordinals:
    """Return the posts that are not due to somebody with a set: those that were offered, and those that are behind."""
    if not had.ranges or had.ranges[-1][1] <= BEHIND:
        return had
    posts = offered(had)
    return posts | (had - posts).moved_by(-BEHIND)


_ALL_BEHIND = Ordinals(((BEHIND + 1, 2 * BEHIND),))


class OfferOutcome(StrEnum):
    """The result for one subscriber when an audience is fixed."""

    MAILED = "mailed"
    NOTHING_NEW = "nothing new"
    OFF_TOPIC = "off topic"
    TOO_FEW = "too few"


@dataclass(frozen=True, slots=True)
class Offer:
    """The posts that a subscriber gets or would get from an edition, and the sets afterwards.

    `grown` is the subscriber's set once the subscriber is in the audience, `kept` the set of one who waits for the next
    edition with these posts.
    """

    outcome: OfferOutcome
    posts: Ordinals
    grown: Ordinals
    kept: Ordinals

    @property
    def waits(self) -> bool:
        """Whether the posts remain due because they are too few."""
        return self.outcome == OfferOutcome.TOO_FEW

    @property
    def afterwards(self) -> Ordinals:
        """The subscriber's set if the posts have a variant."""
        return self.kept if self.waits else self.grown


def offer(
    candidates: Ordinals,
    had: Ordinals,
    picks: str,
    topics: Mapping[int, Collection[str]],
    minimum: int,
    by_name: Ordinals = NONE,
) -> Offer:
    """Return what a subscriber with the set `had` is offered. `topics` has those of each candidate.

    Candidates that an editor included `by_name` are offered to those who have them behind, too.

    Posts outside the picked topics always enter the set, so that picking more topics later brings no old posts.
    """
    lacked = candidates - (not_due(had) - by_name) - had
    posts = lacked if not picks else Ordinals.of(ordinal for ordinal in lacked if wants(picks, topics.get(ordinal, ())))
    if posts:
        outcome = OfferOutcome.MAILED if len(posts) >= minimum else OfferOutcome.TOO_FEW
    else:
        outcome = OfferOutcome.OFF_TOPIC if lacked else OfferOutcome.NOTHING_NEW
    return Offer(outcome, posts, had | lacked, had | (lacked - posts))
