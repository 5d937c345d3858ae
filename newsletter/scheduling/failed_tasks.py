"""Tells editors of tasks that fail again and again, or that were set aside because they ended every program."""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.utils import timezone

from newsletter.background.causes import cause
from newsletter.config import Config
from newsletter.domain.hosts import without_secrets
from newsletter.editions import notices
from newsletter.messages import Message, failures as messages
from newsletter.models import Job, JobState


def tell_set_aside(configuration: Config, name: str, arguments: Mapping[str, str]) -> None:
    """Tell the editors of the newsletter that a set-aside task is about, or of all. A job of the desk has failed."""
    text = messages.TASK_SET_ASIDE(task=name, about=about(arguments))
    Job.objects.filter(pk=arguments.get("job", 0), state__in=(JobState.WAITING, JobState.RUNNING)).update(
        state=JobState.FAILED, problem=text, updated_at=timezone.now()
    )
    _tell(configuration, text, arguments)


def tell_failing(
    configuration: Config, name: str, arguments: Mapping[str, str], error: BaseException, count: int
) -> None:
    """Tell the same editors of a task that failed so often in a row."""
    text = messages.TASK_FAILED(task=name, about=about(arguments), count=count, error=cause(error))
    _tell(configuration, text, arguments)


def about(arguments: Mapping[str, str]) -> str:
    """Return what a task is about, without what may be secret."""
    return without_secrets(arguments.get("url", "")) or arguments.get("newsletter", "") or "–"


def _tell(configuration: Config, text: Message, arguments: Mapping[str, str]) -> None:
    now = datetime.now(UTC)
    if (newsletter := arguments.get("newsletter", "")) in configuration.newsletters:
        notices.tell(newsletter, notices.TASK, text, now)
    else:
        notices.tell_everyone(configuration, notices.TASK, text, now)
