"""Subscribers, subscriptions, consents, suppressions, and emails to single subscribers."""

from subscribers.models.earlier_keys import EarlierKey
from subscribers.models.folding import Folded, fold
from subscribers.models.housekeeping import CounterKey, Fingerprint, Hits, Letter, counter_key
from subscribers.models.offered import (
    Base,
    OfferedSet,
    add_base,
    bases_of,
    in_base,
    locked_bases,
    replace_sets,
    sets_of,
    store_sets,
)
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
    "Base",
    "Consent",
    "CounterKey",
    "EarlierKey",
    "Fingerprint",
    "Folded",
    "Hits",
    "Letter",
    "OfferedSet",
    "Subscriber",
    "Subscription",
    "SubscriptionQuerySet",
    "Suppression",
    "TagsField",
    "TopicChange",
    "Where",
    "WhereProblem",
    "add_base",
    "bases_of",
    "choices_changed",
    "clean_tag",
    "counter_key",
    "fold",
    "in_base",
    "local_day",
    "locked_bases",
    "parse_where",
    "person_erased",
    "replace_sets",
    "sets_of",
    "store_sets",
    "subscriptions_asked",
    "subscriptions_changed",
    "subscriptions_ended",
    "subscriptions_started",
    "suppressed",
]
