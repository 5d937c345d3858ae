"""The values of a block's form, and counts for the links to pages of an edition."""

from collections.abc import Mapping

from newsletter.models import Edition
from newsletter.sending import lifecycle

FIELDS = ("id", "kind", "title", "when", "text", "url", "button", "after")


def counts(edition: Edition) -> dict[str, object]:
    """Numbers for the page of further actions."""
    skipped = lifecycle.skipped_to_send(edition)
    return {
        "block_count": len(edition.blocks),
        "note_count": edition.notes.filter(done_at=None).count(),
        "revision_count": edition.revisions.count(),
        "skipped": skipped,
    }


def values(edition: Edition, block: str) -> dict[str, str]:
    """Return the values of a block for its form; of a new one if no block has this id."""
    found: Mapping[str, str] = next((each for each in edition.blocks if each["id"] == block), {})
    return {key: str(found.get(key, "")) for key in FIELDS}
