"""Editions that the schedule approves and queues without an editor, and those that wait for one, with the reason."""

from datetime import datetime

from django.db import transaction

from newsletter.config import Config
from newsletter.editions import approval, notices
from newsletter.editions.problems import Impossible
from newsletter.messages import Message, message_of
from newsletter.messages import schedule as messages
from newsletter.models import Edition
from newsletter.render.html.loader import TemplateProblem
from newsletter.scheduling.occurrences import BY


def leave_by_itself(configuration: Config, edition: Edition, now: datetime) -> Message:
    """Approve and queue without an editor, or record why that is impossible."""
    try:
        with transaction.atomic():
            approved = approval.approve(configuration, edition, by=BY, now=now)
            approval.queue(configuration, approved, by=BY, now=now)
    except (Impossible, TemplateProblem) as problem:
        return wait(edition, message_of(problem), now)
    return messages.QUEUED(edition=edition.name)


def wait(edition: Edition, why: Message, now: datetime) -> Message:
    """Record why an edition waits; editors are notified once for each reason."""
    with transaction.atomic():
        Edition.objects.filter(pk=edition.pk).update(waiting=why)
        return notices.tell_of_wait(edition, why, now)
