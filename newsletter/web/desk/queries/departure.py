"""What pressing the button would do: when the edition leaves, to how many, carried by what."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from newsletter.config import Newsletter
from newsletter.models import Edition, State
from newsletter.web.desk import words
from newsletter.web.desk.pages import settings
from newsletter.web.desk.queries import audience

TYPED_ABOVE = 1_000
"""Sending to more readers than this wants their number typed."""


@dataclass(frozen=True, slots=True)
class Departure:
    """`by_itself` is when an approved edition leaves without a further act; None: it is sent by hand."""

    readers: int
    readers_text: str
    provider: str
    by_itself: datetime | None
    when: str
    approve: str
    typed: bool


def departure(edition: Edition, newsletter: Newsletter) -> Departure:
    """For a draft or an approved edition, as it would leave now."""
    readers = edition.audience if edition.audience is not None else audience.count(newsletter)
    due = edition.due_at if edition.due_at and edition.due_at > timezone.now() else None
    when = words.moment(due, newsletter.zone)
    counted = words.readers(readers)
    if due:
        label = _("Approve: leaves %(when)s to %(readers)s") % {"when": when, "readers": counted}
    else:
        label = _("Approve for %(readers)s; you send it afterwards") % {"readers": counted}
    by_itself = due if edition.state in (State.DRAFT, State.APPROVED) else None
    provider = settings().provider_of(newsletter)
    return Departure(readers, counted, provider, by_itself, when, label, readers > TYPED_ABOVE)
