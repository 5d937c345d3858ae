"""What editors must know: written down in the transaction of what happened, mailed and posted afterwards.

Promises: a notice is never lost and tells the same thing once; silence is never mistaken for a quiet week.
"""

from datetime import datetime, timedelta

from newsletter import config
from newsletter.models import Edition, Notice

DRAFT, WAITING, PAUSED, SOURCE, SKIPPED, SENT = "draft", "waiting", "paused", "source", "skipped", "sent"
POSTED = (WAITING, PAUSED, SOURCE, SKIPPED)
"""The kinds that `alert_url` gets."""

SAME_AGAIN = timedelta(hours=20)


def tell(newsletter: str, kind: str, text: str, now: datetime, edition: str = "") -> None:
    """Write a notice down, unless the very same was told within the day."""
    same = Notice.objects.filter(newsletter=newsletter, kind=kind, text=text, at__gt=now - SAME_AGAIN)
    if not same.exists():
        Notice.objects.create(newsletter=newsletter, kind=kind, text=text, at=now, edition=edition)


def tell_of_draft(newsletter: config.Newsletter, edition: Edition, now: datetime) -> None:
    """Tell the editors that a draft is there: its posts, when it leaves, and which sources were silent."""
    posts = edition.entries.filter(included=True).count()
    leaves = f"{edition.due_at.astimezone(newsletter.zone):%F %H:%M}" if edition.due_at else "when somebody sends it"
    how = "by itself" if newsletter.approval == "none" else "once it is approved"
    counted = "1 post" if posts == 1 else f"{posts} posts"
    text = f"The draft {edition.name} is there with {counted}; it leaves {how}, {leaves}."
    if edition.waiting:
        tell(newsletter.name, SOURCE, f"{edition.name}: {edition.waiting}", now, edition.name)
        text += f" It waits: {edition.waiting}."
    tell(newsletter.name, DRAFT, text, now, edition.name)
