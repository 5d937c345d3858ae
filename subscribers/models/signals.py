"""Signals about people and subscriptions, by which apps that `subscribers` doesn't import learn what changes."""

from django.dispatch import Signal

person_erased = Signal()
"""Sent in the transaction of an erasure, with `subscriber` (the primary key) and `address`; receivers delete what they
store under either."""

data_requested = Signal()
"""Sent with `subscriber` (the primary key) when a person requests their data; receivers return what they store as a
dictionary."""

subscriptions_starting = Signal()
"""Sent in the transaction in which subscriptions become active, before they do, with `newsletter` (its name) and `at`.
"""

subscriptions_started = Signal()
"""Sent in the transaction in which subscriptions become active, except by an import, with `numbers` (their keys)."""

subscriptions_changed = Signal()
"""Sent in the transaction in which names, addresses, tags or pauses change, with `numbers` (keys of subscriptions)."""

choices_changed = Signal()
"""Sent in the transaction in which cadences, topics or pauses of subscriptions change, with `numbers`."""

subscriptions_asked = Signal()
"""Sent in the transaction in which people are asked whether they still want it, with `numbers`, like the others."""

subscriptions_ended = Signal()
"""Sent in the transaction in which people unsubscribe, with `newsletters` (by the primary keys of subscriptions)."""
