"""Deciding about the posts of a newsletter's drafts again, after posts were refused or released."""

from datetime import datetime

from newsletter import config
from newsletter.editions import history
from newsletter.editions.draft import decide_again
from newsletter.editions.selection import ordering
from newsletter.messages import Message
from newsletter.models import Edition, Numbering, State
from subscribers.pacing import PacedTransactions


def decide_drafts_again(newsletter: config.Newsletter, what: Message, now: datetime) -> None:
    """Apply the rules to the newsletter's drafts again; `what` is the name of the change in their histories.

    Each draft has a transaction of its own, and those that are as the rules have it stay: this can be repeated.
    """
    drafts = Edition.objects.filter(newsletter=newsletter.name, state=State.DRAFT)
    paced = PacedTransactions(1)
    for key in list(drafts.order_by("pk").values_list("pk", flat=True)):
        with paced.begin():
            Numbering.locked(newsletter.name)
            draft = drafts.select_for_update().filter(pk=key).first()
            if draft is None:
                continue
            cadence = newsletter.at(draft.cadence)
            decide_again(draft, cadence, now)
            ordering.arrange(draft, cadence)
            if history.has_changed(draft):
                history.record(draft, "", what, now)
