"""The values of a block's form, earlier letters, and counts for the links to pages of an edition."""

from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.config import Config, Newsletter
from newsletter.editions import titles
from newsletter.messages import Problem
from newsletter.messages import editions as messages
from newsletter.models import Edition
from newsletter.sending import lifecycle
from newsletter.web.desk import formatting

MOST_EARLIER_LETTERS = 10

FIELDS = ("id", "kind", "title", "when", "text", "url", "button", "after")
FIELD_OF = {
    messages.BLOCK_KIND: "kind",
    messages.NO_POST: "after",
    messages.BLOCK_WITHOUT_TITLE: "title",
    messages.BLOCK_TOO_LONG: "text",
    messages.NOT_A_WEB_ADDRESS: "url",
}
"""The field of a block's form that a refusal is about."""


def counts(edition: Edition) -> dict[str, object]:
    """Numbers for the page of further actions."""
    skipped = lifecycle.skipped_to_send(edition)
    return {
        "block_count": len(edition.blocks),
        "note_count": edition.notes.filter(done_at=None).count(),
        "revision_count": edition.revisions.count(),
        "skipped": skipped,
    }


@dataclass(frozen=True, slots=True)
class EarlierLetter:
    """A letter that another one can be started from."""

    period: str
    subject: str
    made: str


def earlier_letters(configuration: Config, newsletter: Newsletter) -> list[EarlierLetter]:
    """Return the newest letters of a newsletter, sent or not, without welcome emails."""
    letters = Edition.objects.filter(newsletter=newsletter.name, standalone=True, welcome=None)
    newest = list(letters.order_by("-created_at")[:MOST_EARLIER_LETTERS])
    subjects = titles.subjects(newest, configuration)
    return [
        EarlierLetter(each.period, subjects[each.pk], formatting.moment(each.created_at, newsletter.zone))
        for each in newest
    ]


def values(edition: Edition, block: str) -> dict[str, str]:
    """Return the values of a block for its form; of a new one if no block has this id."""
    texts: Mapping[str, str] = next((each for each in edition.blocks if each["id"] == block), {})
    return {key: str(texts.get(key, "")) for key in FIELDS}


def field_of(refused: Problem) -> str:
    """Return the field beside which a refusal is shown; "form" for above the form."""
    return next((field for kind, field in FIELD_OF.items() if kind.matches(refused.message)), "form")
