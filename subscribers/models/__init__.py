"""Subscribers, subscriptions, consents, suppressions, and emails to single subscribers."""

from subscribers.models.earlier_keys import EarlierKey
from subscribers.models.folding import Folded, fold
from subscribers.models.housekeeping import CounterKey, Fingerprint, Hits, Letter, counter_key
from subscribers.models.people import (
    Consent,
    Subscriber,
    Subscription,
    SubscriptionQuerySet,
    TagsField,
    TopicChange,
    choices_changed,
    clean_tag,
    local_day,
    person_erased,
    subscriptions_asked,
    subscriptions_changed,
    subscriptions_ended,
    subscriptions_started,
)
from subscribers.models.suppressions import Suppression, suppressed
from subscribers.models.where import Where, WhereProblem, parse_where

__all__ = [
    "Consent",
    "CounterKey",
    "EarlierKey",
    "Fingerprint",
    "Folded",
    "Hits",
    "Letter",
    "Subscriber",
    "Subscription",
    "SubscriptionQuerySet",
    "Suppression",
    "TagsField",
    "TopicChange",
    "Where",
    "WhereProblem",
    "choices_changed",
    "clean_tag",
    "counter_key",
    "fold",
    "local_day",
    "parse_where",
    "person_erased",
    "subscriptions_asked",
    "subscriptions_changed",
    "subscriptions_ended",
    "subscriptions_started",
    "suppressed",
]
