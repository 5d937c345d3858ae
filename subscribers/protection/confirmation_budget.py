"""The budget of confirmation emails, by newsletter, domain and network: what is above it is delayed.

Programs that solve challenges can sign up thousands of strangers, who don't confirm. So what may be sent grows with
what is confirmed: each confirmation allows four more emails, which lets a crowd of real people through within minutes,
and a program hardly anything beyond the least that is always allowed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

from newsletter.config.email_addresses import mailbox_domain
from subscribers.models import CounterKey, counter_key
from subscribers.requests import network_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OF_NEWSLETTER, OF_DOMAIN, OF_NETWORK = 100, 50, 30
"""Emails that are allowed in an hour and the one before, whatever is confirmed; for a domain and a network, those of
one newsletter. `DAYS` times as many are allowed in a day (UTC)."""
UNSOLVED, UNSOLVED_PER_NETWORK = 60, 3
"""The same for requests without a solution while a challenge is in force, which have a budget of their own."""
DAYS = 3
FOR_EACH_CONFIRMED = 4
"""How many more emails each confirmation allows."""
USUAL_DAYS, USUAL_SHARE = 14, 4
"""The busiest of so many days is usual, a quarter of it in an hour."""


@dataclass(frozen=True, slots=True)
class BudgetScope:
    """What a budget is for, and the emails that are always allowed in an hour; networks have no budget for a day."""

    name: str
    floor: int
    daily: bool


def scopes(newsletter: str, domain: str, network: str = "", *, is_unsolved: bool = False) -> tuple[BudgetScope, ...]:
    """Return the budgets that a sign-up with an address at this domain, from this IP address, counts for.

    Without an IP address, as for an email that has waited, they are those of the newsletter and of the domain. One
    without a solution counts for `unsolved_scopes` instead.
    """
    if is_unsolved:
        return unsolved_scopes(newsletter, network)
    of_both = (
        of_newsletter(newsletter),
        BudgetScope(f"{newsletter} domain {mailbox_domain(domain)}", OF_DOMAIN, daily=True),
    )
    if not network:
        return of_both
    return *of_both, BudgetScope(f"{newsletter} network {network_of(network)}", OF_NETWORK, daily=False)


def unsolved_scopes(newsletter: str, network: str = "") -> tuple[BudgetScope, ...]:
    """Return the budgets of a request without a solution, so that such programs don't use up those of other people."""
    total = BudgetScope(f"unsolved newsletter {newsletter}", UNSOLVED, daily=False)
    if not network:
        return (total,)
    return total, BudgetScope(f"{newsletter} unsolved network {network_of(network)}", UNSOLVED_PER_NETWORK, daily=False)


def of_newsletter(newsletter: str) -> BudgetScope:
    """Return the budget for all of a newsletter's confirmation emails."""
    return BudgetScope(f"newsletter {newsletter}", OF_NEWSLETTER, daily=True)


def keys(scope: BudgetScope, at: datetime) -> list[CounterKey]:
    """Return the counters that every decision about a scope needs."""
    return [*_recent("sent", scope, at), *([_today("sent", scope, at)] if scope.daily else [])]


def keys_now(what: Literal["sent", "confirmed"], scope: BudgetScope, at: datetime) -> list[CounterKey]:
    """Return the counters of an email that is sent or confirmed now."""
    return [_recent(what, scope, at)[0], *([_today(what, scope, at)] if scope.daily else [])]


def is_exceeded(
    scope: BudgetScope, at: datetime, values: Callable[[Sequence[CounterKey]], list[int]], *, delayed: bool = False
) -> bool:
    """Return whether one more email is too many. For one that was delayed, a day allows no more than an hour does.

    So after an attack, what waits is not sent in the next hours unless some of it is confirmed. What was confirmed is
    read only if more was sent than is always allowed.
    """
    this_hour, hour_before, *today = values(keys(scope, at))
    always_today = scope.floor if delayed else scope.floor * DAYS
    if this_hour + hour_before < scope.floor and sum(today) < always_today:
        return False
    confirmed_now, confirmed_before, confirmed_today, *days = values(_confirmed(scope, int(at.timestamp()) // 3_600))
    credit, busiest = FOR_EACH_CONFIRMED * (confirmed_now + confirmed_before), max(days)
    if this_hour + hour_before >= max(scope.floor, busiest // USUAL_SHARE) + credit:
        return True
    in_day = max(always_today, busiest) + max(FOR_EACH_CONFIRMED * confirmed_today, credit)
    return scope.daily and sum(today) >= in_day


def _recent(what: str, scope: BudgetScope, at: datetime) -> tuple[CounterKey, ...]:
    """Return the counters of this hour and the one before, which last until they are not needed."""
    return tuple(_lasting(f"{what} {scope.name}", at - n * HOUR, HOUR, HOUR) for n in range(2))


def _today(what: str, scope: BudgetScope, at: datetime) -> CounterKey:
    return _lasting(f"{what} daily {scope.name}", at, DAY, DAY * USUAL_DAYS)


@lru_cache(maxsize=256)
def _confirmed(scope: BudgetScope, hours: int) -> tuple[CounterKey, ...]:
    """Return the counters of confirmations in an hour (hours since the epoch), the one before, that day and earlier
    days.

    Those of days remain 0 if a scope has no budget for a day.
    """
    at = datetime.fromtimestamp(hours * 3_600, UTC)
    days = (_today("confirmed", scope, at - n * DAY) for n in range(USUAL_DAYS + 1))
    return *_recent("confirmed", scope, at), *days


def _lasting(what: str, at: datetime, window: timedelta, longer: timedelta) -> CounterKey:
    key = counter_key(what, at, window)
    return key._replace(until=key.until + int(longer.total_seconds()))
