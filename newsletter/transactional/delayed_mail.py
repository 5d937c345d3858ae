"""Lets delayed confirmation emails go as the budget allows, and tells editors when they begin to be delayed, and what
happened once that is over.
"""

from datetime import datetime, timedelta

from django.db.models import Max

from newsletter.config import Config
from newsletter.editions import notices
from newsletter.messages import notices as messages
from newsletter.models import Notice
from subscribers import delayed_confirmations
from subscribers.models import TransactionalEmail

OVER_AFTER = timedelta(hours=1)
"""For so long nothing must have been delayed before it is over."""
BEFORE = timedelta(days=1)
"""How long before the first notice something may have been delayed, if no program ran."""


def tick(configuration: Config, now: datetime) -> None:
    """Let go what is allowed, and store notices."""
    for name in configuration.newsletters:
        delayed_confirmations.release_due(name, now)
        _tell(name, now)


def _tell(newsletter: str, now: datetime) -> None:
    delayed = TransactionalEmail.objects.filter(newsletter=newsletter, delayed_at__isnull=False)
    newest = delayed.aggregate(at=Max("delayed_at"))["at"]
    if newest is None:
        return
    latest = list(Notice.objects.filter(newsletter=newsletter, kind=notices.SIGN_UPS).order_by("-pk")[:2])
    last = latest[0] if latest else None
    is_going_on = last is not None and messages.SIGN_UPS_DELAYED.matches(last.text)
    if not is_going_on and (last is None or newest > last.at):
        notices.tell(newsletter, notices.SIGN_UPS, messages.SIGN_UPS_DELAYED(newsletter=newsletter, at=now), now)
    elif is_going_on and last is not None and newest < now - OVER_AFTER:
        since = latest[1].at if len(latest) > 1 else last.at - BEFORE
        totals = delayed_confirmations.totals(newsletter, since)
        text = messages.SIGN_UPS_OVER(newsletter=newsletter, days=delayed_confirmations.KEEP_DELAYED.days, **totals)
        notices.tell(newsletter, notices.SIGN_UPS, text, now)
