"""The kinds of events."""

from enum import StrEnum


class EventKind(StrEnum):
    """The kinds of events."""

    EDITION_DRAFTED = "edition.drafted"
    EDITION_APPROVED = "edition.approved"
    EDITION_SENT = "edition.sent"
    SUBSCRIBER_JOINED = "subscriber.joined"
    SUBSCRIBER_CHANGED = "subscriber.changed"
    SUBSCRIBER_LEFT = "subscriber.left"
    EMAIL_BOUNCED = "email.bounced"
    EMAIL_COMPLAINED = "email.complained"
