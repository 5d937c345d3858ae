"""Why a post is in a draft that an editor included by name: with how many readers had it already, if any did."""

from newsletter import config
from newsletter.editions.offers.readers import groups_of
from newsletter.messages import Message
from newsletter.messages import posts as messages
from newsletter.models import EditionPost
from subscribers.models import Subscription


def reason_of_inclusion(entry: EditionPost, newsletter: config.Newsletter) -> Message:
    """Return the reason of an entry that an editor includes; `newsletter` is that of its edition's cadence.

    Editions outside the schedule go to everyone, whatever they had.
    """
    if entry.edition.standalone or entry.edition.corrects_id:
        return messages.INCLUDED()
    active = Subscription.objects.filter(newsletter=newsletter.name, state=Subscription.State.ACTIVE)
    groups = groups_of(active.in_cadence(newsletter), newsletter, entry.edition)
    had = sum(group.count for group in groups if entry.post.ordinal in group.had)
    readers = sum(group.count for group in groups)
    return messages.INCLUDED_AGAIN(count=had, readers=readers) if had else messages.INCLUDED()
