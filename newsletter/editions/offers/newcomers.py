"""Lets newcomers begin with what their cadence has, as it is configured when they join."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from newsletter import config
from subscribers.models import subscriptions_starting


@receiver(subscriptions_starting)
def _starting(newsletter: str, at: datetime, **_: Any) -> None:
    # Imported here, because the web server needs the rest only when somebody joins.
    from newsletter.editions.offers import bases

    if (joined := config.current().newsletters.get(newsletter)) is not None:
        bases.follow(joined, at)
