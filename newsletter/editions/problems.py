"""The exception for an action on an edition that isn't possible."""

from newsletter import config
from newsletter.messages import Message, Problem, editions as messages
from newsletter.messages.general import TEXT


class Impossible(Problem):
    """An action is impossible; the message says what, where, and what to do."""

    def __init__(self, message: Message | str) -> None:
        super().__init__(TEXT(words=message) if isinstance(message, str) else message)


def inactivity(newsletter: config.Newsletter) -> Message | None:
    """Return a message if a newsletter is paused or archived, None if it is active."""
    messages_by_status = {"paused": messages.NEWSLETTER_PAUSED, "archived": messages.NEWSLETTER_ARCHIVED}.get(
        newsletter.status
    )
    return messages_by_status(title=newsletter.title) if messages_by_status else None


def refuse_inactive(newsletter: config.Newsletter) -> None:
    """Raise Impossible if a newsletter is paused or archived."""
    if message := inactivity(newsletter):
        raise Impossible(message)
