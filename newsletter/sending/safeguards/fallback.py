"""The fallback provider: sends the rest of an edition if its provider refuses access or can't be reached.

The switch is one transaction that changes the edition, and no delivery. What the first provider accepted, refused or
left unconfirmed keeps its result; only deliveries that were certainly not made are attempted by the other one. What a
process of the first provider says after the switch changes nothing. A resumed edition begins with its own provider.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from newsletter.config import Config
from newsletter.domain.outcome import Fault
from newsletter.logs import log_event
from newsletter.messages import (
    Message,
    acts,
    delivery as delivery_messages,
    from_text,
    notices as notices_messages,
    sending as messages,
)
from newsletter.messages.general import TEXT
from newsletter.models import Act, DeliveryStatus, Edition, Retry, State, Tally
from newsletter.sending import lifecycle
from newsletter.sending.lifecycle import ACTIVE_STATES
from newsletter.sending.results import ResultRow
from newsletter.sending.sql import database

log = logging.getLogger("newsletter.sending")

NOT_THE_PROVIDERS = (messages.TOO_MANY_REFUSALS, delivery_messages.EMAIL_NOT_MADE)
"""Reasons to pause that another provider would not change: what is refused are our emails."""

OUTAGE = timedelta(minutes=1)
TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class Succession:
    """The provider of a process, by newsletter what takes over from it, and the newsletters for which it takes over."""

    provider: str = ""
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    successor_of: tuple[str, ...] = ()


ALONE = Succession()
"""Without a fallback provider."""


@dataclass(frozen=True, slots=True)
class Work:
    """The newsletters that have a process's provider, and the succession."""

    newsletters: tuple[str, ...]
    succession: Succession = ALONE

    def editions(self, prefix: str = "") -> Q:
        """Return the condition for editions that this provider sends now; `prefix` leads to the edition."""
        fallbacks, successor_of = self.succession.fallbacks, self.succession.successor_of
        name, reason = f"{prefix}newsletter__in", f"{prefix}fallback_reason__isnull"
        if not (fallbacks or successor_of):
            return Q(**{name: self.newsletters})
        alone = tuple(newsletter for newsletter in self.newsletters if newsletter not in fallbacks)
        before_failure = Q(**{name: tuple(fallbacks), reason: True})
        return Q(**{name: alone}) | before_failure | Q(**{name: successor_of, reason: False})


def succession_of(configuration: Config, provider: str) -> Succession:
    """Return the succession for a process that sends through this provider."""
    newsletters = {name: configuration.newsletters[name] for name in configuration.active}
    fallbacks = {
        name: fallback
        for name, newsletter in newsletters.items()
        if configuration.provider_of(newsletter) == provider and (fallback := configuration.fallback_of(newsletter))
    }
    successor_of = tuple(
        name for name, newsletter in newsletters.items() if configuration.fallback_of(newsletter) == provider
    )
    return Succession(provider, fallbacks, successor_of)


def taken_over() -> set[str]:
    """Return the newsletters with an edition of which a fallback provider has something left to send."""
    going = Edition.objects.filter(_unfinished(), fallback_reason__isnull=False)
    return set(going.values_list("newsletter", flat=True))


def _unfinished() -> Q:
    return Q(state=State.SENDING) | Q(Exists(Retry.objects.filter(edition=OuterRef("pk"))), state=State.SENT)


def pause(work: Work, name: str, reason: Message) -> None:
    """Pause an edition for a process, unless the fallback provider takes over, or has taken over from this one.

    To be called in a transaction.
    """
    edition = _locked(name)
    if edition is None:
        return
    if edition.fallback_reason and edition.newsletter in work.succession.fallbacks:
        return
    if any(kind.matches(reason) for kind in NOT_THE_PROVIDERS) or not _take_over(work, edition, reason):
        lifecycle.pause_automatically(name, reason)


def take_over_all(work: Work, reason: Message) -> bool:
    """Let the fallback provider take over what this one sends; return whether it took over any edition.

    To be called in a transaction.
    """
    going = Edition.objects.filter(work.editions(), _unfinished())
    names = [edition.name for edition in going.only("newsletter", "period")]
    taken = [_take_over(work, edition, reason) for name in names if (edition := _locked(name))]
    return any(taken)


def outage(rows: Sequence[ResultRow]) -> Message | None:
    """Return the reason if these outcomes say that the provider can't be reached, also when tried again. Pure."""
    failed = [row for row in rows if row.fault == Fault.CONNECTION and row.code != TOO_MANY_REQUESTS]
    again = [row for row in failed if row.kind == DeliveryStatus.DEFERRED and row.attempt > 1]
    if not again or any(row.kind == DeliveryStatus.ACCEPTED for row in rows):
        return None
    words = from_text(again[-1].text) or TEXT(words=str(again[-1].code))
    return messages.OUTAGE(reply=words)


def after_outage(work: Work, name: str, reason: Message) -> None:
    """Let the fallback provider take over if nothing was accepted for a while. To be called in a transaction."""
    recent = Tally.objects.filter(accepted__gt=0, at__gt=database.now() - OUTAGE)
    edition = _locked(name)
    if edition and not recent.filter(edition=edition).exists():
        _take_over(work, edition, reason)


def _locked(name: str) -> Edition | None:
    newsletter, _, period = name.partition("/")
    editions = Edition.objects.select_for_update().filter(newsletter=newsletter, period=period, state__in=ACTIVE_STATES)
    return editions.first()


def _take_over(work: Work, edition: Edition, reason: Message) -> bool:
    """Record that the fallback provider sends the rest; False without a fallback, or if it does already."""
    fallback = work.succession.fallbacks.get(edition.newsletter)
    if not fallback or edition.fallback_reason:
        return False
    now, provider = database.now(), work.succession.provider
    Edition.objects.filter(pk=edition.pk).update(fallback_reason=reason)
    after = {"provider": fallback, "reason": reason.to_json()}
    Act.objects.log("the sender", acts.FELL_BACK(), edition.name, before={"provider": provider}, after=after, now=now)
    text = notices_messages.FELL_BACK(provider=provider, edition=edition.name, fallback=fallback, reason=reason)
    lifecycle.tell(edition, "fallback", text, now)
    transaction.on_commit(partial(_log, edition.name, provider, fallback, reason), robust=True)
    return True


def _log(edition: str, provider: str, fallback: str, reason: Message) -> None:
    sentence = f"{edition}: {provider} failed, and {fallback} sends the rest: {reason}"
    log_event(log, "fell-back", sentence, level=logging.WARNING, edition=edition, provider=provider, fallback=fallback)
