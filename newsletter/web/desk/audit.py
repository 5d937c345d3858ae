"""The audit log of what is done at the desk itself; jobs write their own lines."""

from typing import Any

from django.utils import timezone

from newsletter.messages import Message
from newsletter.models import Act


def note(by: str, what: Message, about: str, before: Any = None, after: Any = None) -> None:
    """Write a line: who, what, about what, and what differs."""
    Act.objects.create(at=timezone.now(), by=by, what=what, about=about, before=before, after=after)
