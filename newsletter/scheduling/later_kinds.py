"""Every kind of later work: whoever imports this knows them all."""

from datetime import datetime

from newsletter import later
from newsletter.config import Config
from newsletter.events import delivering
from newsletter.transactional import notice_delivery

LATER = (delivering.tell, notice_delivery.email, notice_delivery.post)


def hand_out(configuration: Config, now: datetime) -> None:
    """Start what is due of every kind."""
    later.hand_out(configuration, now)
