"""Requests to subscribe: each stores a confirmation email, within limits.

The response and the work done are the same for a known, an unknown and a blocked address: what the email says, and
whether it is sent at all, is decided when it is sent. Requests are stored in groups, with a few statements for all,
because a burst of them would otherwise take all of the processor.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from subscribers import transactional
from subscribers.delayed_confirmations import UNSOLVED, waiting
from subscribers.models import (
    Consent,
    CounterKey,
    EarlierKey,
    EmailKind,
    Subscriber,
    Subscription,
    Suppression,
    TransactionalEmail,
    counter_key,
)
from subscribers.models.inserts import insert_all, insert_numbered, unsaved
from subscribers.personal_fields import personal_columns
from subscribers.protection.sign_up_limits import (
    Counters,
    Request,
    RequestAnswer,
    SignUpDecision,
    SignUpLimits,
    mailbox_of,
)

WORDING = "2026-2"
"""The version of `consent_text`; change it with the text."""

AGAIN_AFTER, MONTH, LETTERS_A_MONTH = timedelta(hours=6), timedelta(days=30), 10
"""The time between two emails to an address for one newsletter, and the number per mailbox and month for all."""

_Accepted = tuple[Request, SignUpDecision]


def consent_text(title: str) -> str:
    """Return the text that a person consents to, in the active language."""
    return _("Yes, send me %(title)s by email. I can pause or unsubscribe at any time.") % {"title": title}


def confirmations_counter(key: str) -> str:
    """Return the name of the counter of confirmations sent to an address's mailbox."""
    return f"letters {mailbox_of(key)}"


def request_subscription(request: Request) -> RequestAnswer:
    """Store one request; see `request_subscriptions`."""
    return request_subscriptions([request])[0]


def earlier_choice(subscriber: Subscriber, newsletter: str) -> tuple[str, str]:
    """Return the cadence and the topics that a person chose before, for a button that asks for neither.

    Those of a request that is not confirmed yet are the latest.
    """
    subscription = subscriber.subscriptions.filter(newsletter=newsletter).first()
    if subscription is None:
        return "", ""
    latest = subscription.consents.filter(confirmed_at=None).order_by("pk").last() or subscription
    return latest.cadence, latest.topics


@transaction.atomic
def request_subscriptions(requests: Sequence[Request]) -> list[RequestAnswer]:
    """Store requests and their confirmation emails; return the answer to each: it may be one too many, or has to solve
    a challenge first.

    A request for an address that was emailed recently, or is requested again and again, is answered as accepted, and
    nothing is stored. The result is as if the requests had come one after another. On PostgreSQL rows are locked in
    the same order by all processes, so that they wait for each other instead of failing.
    """
    limits = SignUpLimits(requests)
    decisions = [limits.decide(request) for request in requests]
    accepted = [each for each in zip(requests, decisions, strict=True) if each[1].is_stored]
    if accepted:
        subscribers = _subscribers([request for request, _decision in accepted])
        _store(_without_repetitions(accepted, subscribers, limits.counters), subscribers)
    limits.counters.store()
    return [decision.answer for decision in decisions]


def _subscribers(requests: Sequence[Request]) -> dict[str, int]:
    """Return the primary keys of the requests' subscribers by their address's key, locked; missing ones are created."""
    first_requests = {request.address.key: request for request in reversed(requests)}
    if EarlierKey.objects.in_use():
        for key in first_requests:
            Suppression.objects.rekey(key)
    people = (
        unsaved(
            Subscriber,
            key=key,
            address=request.address.written,
            name=request.name,
            language=request.language,
            created=request.at,
            **personal_columns(request.values),
            **Subscriber.hashed(key),
        )
        for key, request in sorted(first_requests.items())
    )
    insert_all(people, unless_stored=True)
    return dict(
        Subscriber.objects.select_for_update().filter(key__in=first_requests).order_by("key").values_list("key", "pk")
    )


def _without_repetitions(
    accepted: Sequence[_Accepted], subscribers: dict[str, int], counters: Counters
) -> Sequence[_Accepted]:
    """Return the requests that may be emailed: not too many in a month, and not again within AGAIN_AFTER.

    A repeated request lets the email of the first one go if that is delayed and the budget allows it now.
    """
    counters.values([_month(request) for request, _decision in accepted])
    since = min(request.at for request, _decision in accepted) - AGAIN_AFTER
    recent = TransactionalEmail.objects.filter(
        kind=EmailKind.CONFIRM, created__gt=since, subscriber__in=subscribers.values()
    )
    latest: dict[tuple[int, str], datetime] = {}
    for subscriber, newsletter, created in recent.order_by("created").values_list(
        "subscriber", "newsletter", "created"
    ):
        latest[subscriber, newsletter] = created
    fitting: list[_Accepted] = []
    places: dict[tuple[int, str], int] = {}
    for request, decision in accepted:
        to = subscribers[request.address.key], request.newsletter
        if to in latest and latest[to] > request.at - AGAIN_AFTER:
            if decision.answer is RequestAnswer.ACCEPTED and to in places:
                first, first_decision = fitting[places[to]]
                fitting[places[to]] = first, first_decision._replace(answer=RequestAnswer.ACCEPTED)
            elif decision.answer is RequestAnswer.ACCEPTED:
                waiting().filter(subscriber=to[0], newsletter=to[1]).update(delayed_at=None)
        elif counters.value(_month(request)) < LETTERS_A_MONTH:
            latest[to] = request.at
            counters.increment(_month(request))
            places[to] = len(fitting)
            fitting.append((request, decision))
    return fitting


def _month(request: Request) -> CounterKey:
    return counter_key(confirmations_counter(request.address.key), request.at, MONTH)


def _store(accepted: Sequence[_Accepted], subscribers: dict[str, int]) -> None:
    """Write the subscription, the consent and the email of each request."""
    requests = [request for request, _decision in accepted]
    subscriptions = _subscriptions(requests, subscribers)
    tied = [subscriptions[subscribers[r.address.key], r.newsletter] for r in requests]
    consents = [
        unsaved(
            Consent,
            subscription_id=subscription,
            how=Consent.How.FORM,
            wording=WORDING,
            text=request.consent,
            language=request.language,
            at=request.at,
            network=request.network[:45],
            page=request.page[:500],
            cadence=request.cadence,
            topics=request.topics,
        )
        for request, subscription in zip(requests, tied, strict=True)
    ]
    insert_numbered(consents)
    insert_all(
        transactional.unwritten(
            EmailKind.CONFIRM,
            subscribers[request.address.key],
            consent.subscription_id,
            request.newsletter,
            request.at,
            is_delayed=decision.answer is RequestAnswer.DELAYED,
            consent=consent.pk,
            **({UNSOLVED: True} if decision.is_unsolved else {}),
        )
        for (request, decision), consent in zip(accepted, consents, strict=True)
    )


def _subscriptions(requests: Sequence[Request], subscribers: dict[str, int]) -> dict[tuple[int, str], int]:
    """Return the primary keys of the requests' subscriptions by subscriber and newsletter; missing ones are created."""
    first_requests = {(subscribers[r.address.key], r.newsletter): r for r in reversed(requests)}
    subscriptions = (
        unsaved(Subscription, subscriber_id=subscriber, newsletter=newsletter, created=request.at, tags=())
        for (subscriber, newsletter), request in first_requests.items()
    )
    insert_all(subscriptions, unless_stored=True)
    subscriptions_stored = Subscription.objects.filter(
        subscriber__in={subscriber for subscriber, _newsletter in first_requests},
        newsletter__in={newsletter for _subscriber, newsletter in first_requests},
    )
    return {
        (subscriber, name): pk
        for subscriber, name, pk in subscriptions_stored.values_list("subscriber", "newsletter", "pk")
    }
