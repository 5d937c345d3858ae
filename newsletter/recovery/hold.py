"""The hold on a restored database: nothing is sent until a person confirms that it may be."""

from datetime import datetime

from newsletter.messages import Message, sending as messages
from newsletter.models import Hold


def reason() -> Message | None:
    """Return why nothing is sent; None if there is no hold."""
    hold = Hold.objects.order_by("pk").first()
    if hold is None:
        return None
    if messages.OLDER_COPY.matches(hold.reason):
        return messages.HELD_OLDER_COPY(made_at=hold.made_at)
    return messages.HELD(made_at=hold.made_at, why=hold.reason)


def place(made_at: datetime, why: Message, at: datetime) -> None:
    """Let nothing be sent from now on; `made_at` is when the restored backup was made."""
    Hold.objects.create(made_at=made_at, reason=why, since=at)


def confirm() -> bool:
    """Resume sending; return whether there was a hold."""
    return bool(Hold.objects.all().delete()[0])
