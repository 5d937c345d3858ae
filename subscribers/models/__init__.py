"""What is kept about people: who they are, what they get, what they consented to, who must get nothing more."""

from subscribers.models.housekeeping import Fingerprint, Hits, Letter
from subscribers.models.people import Consent, Subscriber, Subscription, TagsField, forgotten, local_day
from subscribers.models.suppressions import Suppression
from subscribers.models.where import Where, WhereProblem, parse_where

__all__ = [
    "Consent",
    "Fingerprint",
    "Hits",
    "Letter",
    "Subscriber",
    "Subscription",
    "Suppression",
    "TagsField",
    "Where",
    "WhereProblem",
    "forgotten",
    "local_day",
    "parse_where",
]
