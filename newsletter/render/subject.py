"""The subject line and the preheader, worded from an edition's posts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from newsletter.mail import DigestPost, Letterhead


def subject(
    template: str,
    letterhead: Letterhead,
    posts: Sequence[DigestPost],
    since: datetime,
    until: datetime,
    period: Literal["day", "week", "month"] = "week",
) -> str:
    """The subject that `template` (Jinja2; "" for the period's default) gives; `TemplateProblem` where it can't be read."""
    raise NotImplementedError


def preheader(posts: Sequence[DigestPost]) -> str:
    """The line that inboxes show beside the subject: the headlines after the first, 40 to 140 characters where there are enough."""
    raise NotImplementedError
