"""Tells editors of a task that was set aside, because it ended every program that did it."""

from collections.abc import Mapping
from datetime import UTC, datetime

from newsletter.config import Config
from newsletter.domain.hosts import without_secrets
from newsletter.editions import notices
from newsletter.messages import failures as messages


def tell(configuration: Config, name: str, arguments: Mapping[str, str]) -> None:
    """Store a notice for the editors of the newsletter that the task is about, or of all."""
    about = without_secrets(arguments.get("url", "")) or arguments.get("newsletter", "")
    text, now = messages.TASK_SET_ASIDE(task=name, about=about), datetime.now(UTC)
    if (newsletter := arguments.get("newsletter", "")) in configuration.newsletters:
        notices.tell(newsletter, notices.SERVICE, text, now)
    else:
        notices.tell_everyone(configuration, notices.SERVICE, text, now)
