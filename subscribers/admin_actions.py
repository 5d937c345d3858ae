"""An editor's actions on one subscriber: add, show, change, remove, block and unblock.

Addresses are given as typed; each function raises AddressProblem or ActionRefused with one sentence.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from newsletter.domain.picks import picked, picks_of
from newsletter.messages import Problem, subscriptions as messages
from newsletter.messages.general import ABOUT, TEXT
from subscribers import preferences, signup
from subscribers.addresses import Address, AddressProblem, read_address
from subscribers.models import (
    Consent,
    EmailKind,
    Subscriber,
    Subscription,
    Suppression,
    subscriptions_changed,
    subscriptions_started,
    subscriptions_starting,
)
from subscribers.personal_data import personal_data_of, suppressions_of
from subscribers.personal_fields import COLUMNS, fields_for, personal_columns, value_of
from subscribers.preferences import unsubscribe, unsubscribe_from_all
from subscribers.transactional import write


class InvalidFieldValue(Problem):
    """There is no such field for editors, or a text is no value of it."""


class ActionRefused(Problem):
    """The action was refused; the message says why and what to do."""


def address_given(text: str) -> Address:
    """Validate an address from a command line or a form; the sentence of an AddressProblem includes it."""
    try:
        return read_address(text)
    except AddressProblem as e:
        raise AddressProblem(messages.INVALID_GIVEN(address=text, problem=e.message)) from e


@transaction.atomic
def add(
    text: str,
    newsletter: str,
    *,
    consent: str = "",
    confirm_by_mail: bool = False,
    name: str = "",
    cadence: str = "",
    topics: Iterable[str] = (),
    values: Mapping[str, str] | None = None,
) -> str:
    """Subscribe a person; return "added" or "unchanged". With `confirm_by_mail` they are pending until they
    confirm. `values` of own fields are stored where they have none.

    An empty `cadence` is the newsletter's default, or the one that they chose earlier; no `topics` are all posts, or
    those that they picked earlier. Raises ActionRefused for a
    blocked address, and for a person who has unsubscribed, unless they are asked to confirm.
    """
    address = address_given(text)
    Suppression.objects.take_up_again(address.key)
    reason = Suppression.objects.suppressed([address.key]).get(address.key)
    if reason:
        raise ActionRefused(messages.BLOCKED_NOT_ADDED(address=address.written, reason=reason))
    Suppression.objects.rekey(address.key)
    subscriber = Subscriber.objects.named(address.key, address.written, name=name)
    complete(subscriber, values or {})
    subscription, is_new = Subscription.objects.get_or_create(subscriber=subscriber, newsletter=newsletter)
    if subscription.state == Subscription.State.ACTIVE:
        return "unchanged"
    if confirm_by_mail:
        signup.invite(subscription, Consent.How.BY_HAND, consent, timezone.now(), cadence, picks_of(topics))
        return "added"
    if not is_new and subscription.state == Subscription.State.UNSUBSCRIBED:
        raise ActionRefused(messages.LEFT_NOT_ADDED(address=address.written, newsletter=newsletter))
    now = timezone.now()
    subscriptions_starting.send(Subscription, newsletter=newsletter, at=now)
    subscription.choose_cadence(cadence or subscription.cadence)
    subscription.state, subscription.joined = Subscription.State.ACTIVE, now
    subscription.topics = picks_of(topics) or subscription.topics
    subscription.save(update_fields=["state", "joined", "topics"])
    Consent.objects.create(subscription=subscription, how=Consent.How.BY_HAND, text=consent, at=now, confirmed_at=now)
    subscriptions_started.send(Subscription, numbers=[subscription.pk])
    return "added"


def show(text: str) -> dict[str, Any]:
    """Return everything stored about an address. Raises ActionRefused if there is nothing."""
    address = address_given(text)
    subscriber = Subscriber.objects.filter(key=address.key).first()
    if subscriber:
        return personal_data_of(subscriber)
    suppressions = suppressions_of(address.key)
    if not suppressions:
        raise ActionRefused(messages.UNKNOWN(address=address.written))
    return {"address": address.written, "subscriptions": [], "suppressions": suppressions}


@transaction.atomic
def remove(text: str, newsletter: str | None = None) -> int:
    """Unsubscribe a person from one newsletter, or from all; return the number. Raises ActionRefused if unknown."""
    address = address_given(text)
    subscriber = Subscriber.objects.filter(key=address.key).first()
    if not subscriber:
        raise ActionRefused(messages.UNKNOWN(address=address.written))
    active = subscriber.subscriptions.exclude(state=Subscription.State.UNSUBSCRIBED)
    if newsletter is None:
        count = active.count()
        unsubscribe_from_all(subscriber, timezone.now())
        return count
    number = active.filter(newsletter=newsletter).values_list("pk", flat=True).first()
    return int(number is not None and unsubscribe(number, timezone.now()))


def values_entered(texts: Mapping[str, str]) -> dict[str, str]:
    """Return what is stored of texts for own fields that editors may change. Raises InvalidFieldValue."""
    fields, values = {field.name: field for field in fields_for("editor")}, {}
    for key, text in texts.items():
        if key not in fields:
            raise InvalidFieldValue(messages.UNKNOWN_FIELD(field=key))
        try:
            values[key] = fields[key].entered(text)
        except ValidationError as problem:
            raise InvalidFieldValue(ABOUT(subject=key, message=TEXT(words=problem.messages[0]))) from None
    return values


@transaction.atomic
def change_values(subscriber: Subscriber, values: Mapping[str, str]) -> bool:
    """Change a person's values of personal fields, "" for none; return whether that changed any."""
    locked = Subscriber.objects.select_for_update().get(pk=subscriber.pk)
    changed = {key: value for key, value in values.items() if value != value_of(locked, key)}
    for column, value in personal_columns(changed, locked.field_values).items():
        setattr(locked, column, value)
        setattr(subscriber, column, value)
    if changed:
        locked.save(update_fields=COLUMNS)
        numbers = list(subscriber.subscriptions.values_list("pk", flat=True))
        subscriptions_changed.send(Subscription, numbers=numbers)
    return bool(changed)


def rename(subscriber: Subscriber, name: str) -> bool:
    """Change a person's name; "" for none."""
    return change_values(subscriber, {"name": " ".join(name.split())[:100]})


def complete(subscriber: Subscriber, values: Mapping[str, str]) -> None:
    """Store a person's values of fields of which they have none."""
    change_values(subscriber, {key: value for key, value in values.items() if not value_of(subscriber, key)})


@transaction.atomic
def change_address(subscriber: Subscriber, text: str, at: datetime) -> bool:
    """Change a person's address; return whether that sent an email.

    Consents, deliveries, and the links of earlier emails remain. No email is sent to a person who is subscribed. Who
    has a confirmation email and hasn't followed its link gets another one at the new address, and the earlier link
    ends, since it would let somebody else confirm. Raises ActionRefused if the new address is another subscriber's or
    blocked, or if the present one is blocked for another reason than that emails bounced.
    """
    address = address_given(text)
    if address.key == subscriber.key:
        Subscriber.objects.filter(pk=subscriber.pk).update(address=address.written)
        return False
    if Subscriber.objects.filter(key=address.key).exists():
        raise ActionRefused(messages.ADDRESS_TAKEN(address=address.written))
    Suppression.objects.take_up_again(address.key)
    reasons = Suppression.objects.suppressed([address.key, subscriber.key])
    if reasons.get(subscriber.key, Suppression.Reason.BOUNCED) != Suppression.Reason.BOUNCED:
        raise ActionRefused(messages.BLOCKED_NOT_CHANGED(address=subscriber.address, reason=reasons[subscriber.key]))
    if address.key in reasons:
        raise ActionRefused(messages.BLOCKED_NOT_CHANGED(address=address.written, reason=reasons[address.key]))
    Suppression.objects.rekey(address.key)
    try:
        preferences.move(subscriber, address.written, at)
    except IntegrityError:  # somebody signed up with it meanwhile
        raise ActionRefused(messages.ADDRESS_TAKEN(address=address.written)) from None
    is_mailed = _ask_at_new_address(subscriber, at)
    subscriptions_changed.send(Subscription, numbers=list(subscriber.subscriptions.values_list("pk", flat=True)))
    return is_mailed


def _ask_at_new_address(subscriber: Subscriber, at: datetime) -> bool:
    """End the confirmation links sent to the earlier address, and send new ones to who is not subscribed yet."""
    is_mailed = False
    for email in (
        subscriber.transactional_emails.filter(kind=EmailKind.CONFIRM).select_related("subscription").order_by("-pk")
    ):
        unconfirmed = Consent.objects.filter(pk=email.payload.get("consent"), confirmed_at=None).first()
        email.delete()
        if unconfirmed is None or email.subscription is None:
            continue
        email.subscription.consents.filter(confirmed_at=None).delete()
        if email.subscription.state != Subscription.State.ACTIVE:
            unconfirmed.pk, unconfirmed.at = None, at
            unconfirmed.save(force_insert=True)
            newsletter = email.subscription.newsletter
            write(EmailKind.CONFIRM, subscriber, email.subscription, newsletter, at, consent=unconfirmed.pk)
            is_mailed = True
    return is_mailed


@transaction.atomic
def choose_cadence(subscription: Subscription, cadence: str) -> bool:
    """Change how often a person gets a newsletter, as they could; return whether that changed anything."""
    if subscription.cadence == cadence:
        return False
    preferences.choose_cadence(subscription, cadence)
    return True


@transaction.atomic
def choose_topics(subscription: Subscription, names: Collection[str], at: datetime, offered: Collection[str]) -> bool:
    """Change a person's topics to some of those that are offered, as they could; return whether that changed any."""
    if subscription.topics == picked(subscription.topics, names, offered):
        return False
    preferences.choose_topics(subscription, names, at, offered)
    return True


@transaction.atomic
def set_tags(subscription: Subscription, tags: Iterable[str]) -> None:
    """Replace the tags of a subscription, which has them cleaned afterwards."""
    subscription.tags = tuple(tags)
    subscription.save(update_fields=["tags"])
    subscription.refresh_from_db(fields=["tags"])
    subscriptions_changed.send(Subscription, numbers=[subscription.pk])


@transaction.atomic
def suppress(text: str, reason: str = Suppression.Reason.BY_HAND, note: str = "") -> bool:
    """Block an address, or a whole domain written `@example.org`; return whether it was not blocked before."""
    if reason not in Suppression.Reason.values:
        raise ActionRefused(messages.UNKNOWN_REASON(reason=reason, known=tuple(Suppression.Reason.values)))
    if text.startswith("@"):
        return Suppression.objects.suppress_domain(address_given(f"a{text}").domain, reason, note)
    return Suppression.objects.suppress(address_given(text).key, reason, note)


def unblock(text: str) -> int:
    """Unblock an address, or a domain written `@example.org`; return the number of suppressions deleted."""
    if text.startswith("@"):
        key, kind = address_given(f"a{text}").key, Suppression.Kind.DOMAIN
    else:
        key, kind = address_given(text).key, Suppression.Kind.ADDRESS
    return Suppression.objects.covering(key).filter(kind=kind).delete()[0]
