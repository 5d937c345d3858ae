"""What an editor does for people, one at a time: add, show, remove, suppress, lift.

Addresses and newsletters come as they were typed; each function raises AddressProblem or Refused with one sentence.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone

from subscribers import signup
from subscribers.addresses import Address, AddressProblem, read_address
from subscribers.models import Consent, Subscriber, Subscription, Suppression
from subscribers.preferences import data_of, leave, leave_everything


class Refused(ValueError):
    """It was not done; the message says why, and what would help."""


def address_given(text: str) -> Address:
    """An address off a command line or a form. Raises AddressProblem with the address in the sentence."""
    try:
        return read_address(text)
    except AddressProblem as e:
        raise AddressProblem(f"'{text}' is no mail address: {e}") from e


@transaction.atomic
def add(text: str, newsletter: str, *, consent: str = "", confirm_by_mail: bool = False, name: str = "") -> str:
    """Subscribe a person; gives "added" or "unchanged". With `confirm_by_mail` they are pending until they confirm.

    Raises Refused for a suppressed address, and for a person who left, unless they are asked to confirm by mail.
    """
    address = address_given(text)
    reason = Suppression.objects.suppressed([address.key]).get(address.key)
    if reason:
        raise Refused(f"{address.written} is suppressed ({reason}), so that it was not added")
    Suppression.objects.adopt(address.key)
    subscriber = Subscriber.objects.named(address.key, address.written, name=name)
    subscription, made = Subscription.objects.get_or_create(subscriber=subscriber, newsletter=newsletter)
    if subscription.state == Subscription.State.ACTIVE:
        return "unchanged"
    if confirm_by_mail:
        signup.invite(subscription, Consent.How.BY_HAND, consent, timezone.now())
        return "added"
    if not made and subscription.state == Subscription.State.UNSUBSCRIBED:
        raise Refused(f"{address.written} has left {newsletter}; ask them to confirm with --confirm-by-mail")
    now = timezone.now()
    subscription.state, subscription.joined = Subscription.State.ACTIVE, now
    subscription.save()
    Consent.objects.create(subscription=subscription, how=Consent.How.BY_HAND, text=consent, at=now, confirmed_at=now)
    return "added"


def show(text: str) -> dict[str, Any]:
    """Everything that is kept about an address. Raises Refused where nothing is."""
    address = address_given(text)
    subscriber = Subscriber.objects.filter(key=address.key).first()
    if subscriber:
        return data_of(subscriber)
    rows = [
        {"kind": s.kind, "reason": s.reason, "at": s.at.isoformat(), "note": s.note}
        for s in Suppression.objects.covering(address.key)
    ]
    if not rows:
        raise Refused(f"{address.written} is nobody here")
    return {"address": address.written, "subscriptions": [], "suppressions": rows}


@transaction.atomic
def remove(text: str, newsletter: str | None = None) -> int:
    """Unsubscribe a person from one newsletter, or from all; gives from how many. Raises Refused for an unknown one."""
    address = address_given(text)
    subscriber = Subscriber.objects.filter(key=address.key).first()
    if not subscriber:
        raise Refused(f"{address.written} is nobody here")
    active = subscriber.subscriptions.exclude(state=Subscription.State.UNSUBSCRIBED)
    if newsletter is None:
        count = active.count()
        leave_everything(subscriber, timezone.now())
        return count
    number = active.filter(newsletter=newsletter).values_list("pk", flat=True).first()
    return int(number is not None and leave(number, timezone.now()))


def suppress(text: str, reason: str = Suppression.Reason.BY_HAND, note: str = "") -> bool:
    """Let an address, or a whole domain written `@example.org`, get nothing more; tells whether that is new."""
    if reason not in Suppression.Reason.values:
        raise Refused(f"'{reason}' is no reason; write one of {', '.join(Suppression.Reason.values)}")
    if text.startswith("@"):
        domain = address_given(f"a{text}").domain
        with transaction.atomic():
            return Suppression.objects.suppress_domain(domain, reason, note)
    with transaction.atomic():
        return Suppression.objects.suppress(address_given(text).key, reason, note)


def lift(text: str) -> int:
    """Take back what suppresses an address, or a domain written `@example.org`; gives how many rows went."""
    if text.startswith("@"):
        key, kind = address_given(f"a{text}").key, Suppression.Kind.DOMAIN
    else:
        key, kind = address_given(text).key, Suppression.Kind.ADDRESS
    return Suppression.objects.covering(key).filter(kind=kind).delete()[0]
