"""Double opt-in: a request stores a confirmation email, and only the link in it activates the subscription.

Requests are in `subscription_requests`; this is what happens afterwards.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Q

from newsletter.config import Config
from newsletter.domain.picks import names_in, picked
from subscribers import delayed_confirmations, transactional
from subscribers.models import (
    Consent,
    EmailKind,
    Hits,
    RefusedLine,
    Subscriber,
    Subscription,
    Suppression,
    TransactionalEmail,
    choices_changed,
    subscriptions_started,
    subscriptions_starting,
)
from subscribers.pacing import delete
from subscribers.protection import confirmation_budget as budget
from subscribers.tokens import Purpose, read_timed

KEEP_PENDING, KEEP_TRANSACTIONAL, KEEP_REFUSED = timedelta(days=30), timedelta(days=30), timedelta(days=30)


class ConfirmResult(StrEnum):
    """The result of following a confirmation link."""

    DONE = "done"
    USED = "used"
    EXPIRED = "expired"
    GONE = "gone"
    REFUSED = "refused"
    TAKEN = "taken"


def invite(
    subscription: Subscription, how: Consent.How, text: str, at: datetime, cadence: str = "", topics: str = ""
) -> None:
    """Ask a person to confirm a subscription that someone else added; runs in the caller's transaction."""
    consent = subscription.consents.create(how=how, text=text, at=at, cadence=cadence, topics=topics)
    transactional.write(
        EmailKind.CONFIRM, subscription.subscriber, subscription, subscription.newsletter, at, consent=consent.pk
    )


def consent_of(token: str) -> tuple[ConfirmResult, Consent | None]:
    """Return the consent that a link confirms, without confirming it. DONE means that confirming would succeed."""
    timed = read_timed(Purpose.CONFIRM, token)
    if timed is None:
        return ConfirmResult.GONE, None
    consent = Consent.objects.select_related("subscription__subscriber").filter(pk=timed.number).first()
    if consent is None:
        return ConfirmResult.GONE, None
    if consent.confirmed_at:
        return ConfirmResult.USED, consent
    return (ConfirmResult.EXPIRED if timed.expired else ConfirmResult.DONE), consent


@transaction.atomic
def confirm(configuration: Config, token: str, at: datetime) -> tuple[ConfirmResult, Subscription | None]:
    """Activate the subscription of a link, once, and unblock the address where confirming does.

    The link of an address that remains blocked can be used again once an editor has unblocked it.
    """
    result, consent = consent_of(token)
    if consent is None or result is not ConfirmResult.DONE:
        return result, consent.subscription if consent else None
    if not Consent.objects.filter(pk=consent.pk, confirmed_at=None).update(confirmed_at=at):
        return ConfirmResult.USED, consent.subscription
    subscription = consent.subscription
    if not unblock(subscription.subscriber.key, at):
        Consent.objects.filter(pk=consent.pk).update(confirmed_at=None)
        return ConfirmResult.REFUSED, subscription
    email = _email_of(consent)
    if consent.how == Consent.How.FORM and not email.get(delayed_confirmations.ASKED):
        _count_for_budget(consent, at, is_unsolved=delayed_confirmations.UNSOLVED in email)
    _activate_consent(configuration, consent, at)
    of_person = Consent.objects.filter(subscription__subscriber=consent.subscription.subscriber_id)
    for further in of_person.filter(pk__in=email.get("more", ())).select_related("subscription__subscriber"):
        if Consent.objects.filter(pk=further.pk, confirmed_at=None).update(confirmed_at=at):
            _activate_consent(configuration, further, at)
    return ConfirmResult.DONE, subscription


def _email_of(consent: Consent) -> dict[str, Any]:
    """Return the payload of the email with a consent's link; empty if it is not kept any more."""
    of_person = TransactionalEmail.objects.filter(kind=EmailKind.CONFIRM, subscriber=consent.subscription.subscriber_id)
    payloads = of_person.values_list("payload", flat=True)
    return next((payload for payload in payloads if payload["consent"] == consent.pk), {})


def _activate_consent(configuration: Config, consent: Consent, at: datetime) -> None:
    """Activate the subscription that a consent asked for, as it asked for it."""
    subscription = consent.subscription
    subscription.consents.filter(confirmed_at=None).delete()
    subscriptions_starting.send(Subscription, newsletter=subscription.newsletter, at=at)
    subscription.choose_cadence(consent.cadence or subscription.cadence)
    if subscription.state == Subscription.State.ACTIVE:
        subscription.pick(_topics_again(configuration, subscription, consent), at)
    elif consent.topics or consent.how == Consent.How.FORM:
        subscription.pick(consent.topics, at)
    _activate(configuration, subscription, at)
    choices_changed.send(Subscription, numbers=[subscription.pk])


def _topics_again(configuration: Config, subscription: Subscription, consent: Consent) -> str:
    """Return the topics of a subscriber who signed up again: those of the form, if any were picked in it.

    Topics that were not configured then stay as they were.
    """
    names = names_in(consent.topics)
    newsletter = configuration.newsletters.get(subscription.newsletter)
    offered = {*names, *(newsletter.topics if newsletter else ())}
    return picked(subscription.topics, names, offered) if names else subscription.topics


def _count_for_budget(consent: Consent, at: datetime, *, is_unsolved: bool) -> None:
    """Let a confirmation allow further emails."""
    subscription = consent.subscription
    domain = subscription.subscriber.domain
    scopes = budget.scopes(subscription.newsletter, domain, consent.network, is_unsolved=is_unsolved)
    Hits.objects.add({key: 1 for scope in scopes for key in budget.keys_now("confirmed", scope, at)})


def unblock(key: str, at: datetime) -> bool:
    """Unblock an address; return False if it remains blocked."""
    if not transactional.can_be_unblocked(key, at):
        return False
    covering = Suppression.objects.covering(key)
    if covering.filter(reason=Suppression.Reason.BOUNCED).exists():
        Hits.objects.increment(at, transactional.UNBLOCK_BOUNCED_EVERY, transactional.unblocked_counter(key))
    covering.filter(kind=Suppression.Kind.ADDRESS).delete()
    return not covering.exists()


def _activate(configuration: Config, subscription: Subscription, at: datetime) -> None:
    started = subscription.state != Subscription.State.ACTIVE
    if started:
        subscription.state, subscription.joined = Subscription.State.ACTIVE, at
        subscription.welcome_from = at
    subscription.heard_at = at
    subscription.unsubscribed_at, subscription.reason, subscription.paused_until = None, "", None
    subscription.save(
        update_fields=["state", "joined", "welcome_from", "heard_at", "unsubscribed_at", "reason", "paused_until"]
    )
    if started:
        subscriptions_started.send(Subscription, numbers=[subscription.pk])
    newsletter = configuration.newsletters.get(subscription.newsletter)
    if newsletter and newsletter.welcome:
        transactional.write(EmailKind.WELCOME, subscription.subscriber, subscription, subscription.newsletter, at)


def delete_expired(at: datetime) -> int:
    """Delete unconfirmed requests, finished emails and the refused lines of imports after 30 days, delayed emails
    after three, and old counters, in portions; return the number of rows.

    Run it once a day.
    """
    cutoff = at - KEEP_PENDING
    unanswered = Subscription.objects.filter(state=Subscription.State.PENDING, created__lt=cutoff)
    asked_since = Consent.objects.filter(at__gte=cutoff).values("subscription")
    count = delete(unanswered.exclude(pk__in=asked_since).exclude(consents__how=Consent.How.IMPORT))
    count += delete(Subscriber.objects.filter(subscriptions=None, created__lt=cutoff))
    is_over = Q(sent_at__lt=at - KEEP_TRANSACTIONAL) | Q(gave_up_at__lt=at - KEEP_TRANSACTIONAL)
    count += delete(TransactionalEmail.objects.filter(is_over))
    count += delayed_confirmations.delete_old(at)
    count += delete(RefusedLine.objects.filter(of__at__lt=at - KEEP_REFUSED))
    return count + Hits.objects.delete_expired(at)
