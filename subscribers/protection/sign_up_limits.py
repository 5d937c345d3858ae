"""Limits on requests to subscribe, by network, and the conditions under which a challenge has to be solved.

Requests beyond the budget of confirmation emails are stored, and their emails delayed (`confirmation_budget`). What is
beyond the limits here is refused. While a challenge is in force, requests with a solution have limits of their own, so
that an attack doesn't use them up, and requests without one have low limits.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple

from newsletter.config.email_addresses import GMAIL, mailbox_domain
from subscribers.addresses import Address
from subscribers.models import CounterKey, Hits, counter_key
from subscribers.protection import confirmation_budget as budget
from subscribers.protection.challenges import SolvedChallenge
from subscribers.requests import network_of

log = logging.getLogger("subscribers.protection")

HOUR = timedelta(hours=1)
PER_NETWORK, PER_MAILBOX = 1_000, 10
"""Requests per hour from one network (IPv4 /24, IPv6 /56; mobile networks have thousands of people), and for one
mailbox."""
UNSOLVED_PER_NETWORK, UNSOLVED = 30, 1_000
"""Requests without a solution per hour while a challenge is in force, from one network and for a newsletter."""
MOST_DELAYED = 20_000
"""Emails of a newsletter that are delayed in a day (UTC); further requests are refused."""
ATTACK, SHORT, SHORT_WINDOWS = 50, timedelta(minutes=10), 7
"""So many requests for a newsletter in ten minutes are an attack; it counts for an hour afterwards."""


class RequestAnswer(StrEnum):
    """The answer to a request to subscribe."""

    ACCEPTED = "accepted"
    DELAYED = "delayed"
    TOO_MANY = "too many"
    CHALLENGE = "challenge"


@dataclass(frozen=True, slots=True)
class Request:
    """A request to subscribe, with the text that was agreed to, and where it came from.

    An empty `cadence` is the newsletter's default, empty `topics` are all posts. `name` is that of a new
    subscriber, and so are the `values` of own fields.
    `challenge` is the newsletter's setting; `without_script` says that the person can't solve one.
    """

    newsletter: str
    address: Address
    language: str
    consent: str
    network: str
    page: str
    at: datetime
    cadence: str = ""
    topics: str = ""
    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    challenge: Literal["off", "auto", "on"] = "off"
    proof: SolvedChallenge | None = None
    without_script: bool = False


def mailbox_of(key: str) -> str:
    """Return the mailbox that an address reaches: without `+…`, and at Gmail without dots and with one domain."""
    local, _, domain = key.rpartition("@")
    domain = mailbox_domain(domain)
    box = local.partition("+")[0] or local
    return f"{box.replace('.', '') if domain == GMAIL else box}@{domain}"


def requests_counter(key: str) -> str:
    """Return the name of the counter of requests for an address's mailbox."""
    return f"mailbox {mailbox_of(key)}"


class Counters:
    """Counters of many requests, those that each needs read at once, and what is added to them."""

    def __init__(self, keys: Sequence[CounterKey]) -> None:
        self._values = Hits.objects.values_of(keys)
        self._added: Counter[CounterKey] = Counter()

    def value(self, key: CounterKey) -> int:
        """Return what was counted so far."""
        return self._values[key] + self._added[key]

    def values(self, keys: Sequence[CounterKey]) -> list[int]:
        """Return what was counted so far, and read what was not read yet."""
        if unread := [key for key in keys if key not in self._values]:
            self._values |= Hits.objects.values_of(unread)
        return [self.value(key) for key in keys]

    def increment(self, key: CounterKey) -> None:
        """Count one more."""
        self._added[key] += 1

    def store(self) -> None:
        """Write what was counted."""
        Hits.objects.add(self._added)


@dataclass(frozen=True, slots=True)
class _Limit:
    """A counter, how much it may count, and the answer if it has."""

    key: CounterKey
    most: int
    answer: RequestAnswer = RequestAnswer.TOO_MANY


class SignUpDecision(NamedTuple):
    """The answer to a request, whether it is to be stored, and whether it came without a required solution."""

    answer: RequestAnswer
    is_stored: bool = False
    is_unsolved: bool = False


class SignUpLimits:
    """The limits for a group of requests, in order. Rejected requests are not counted, except as part of an attack."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self.counters = Counters(list(dict.fromkeys(key for request in requests for key in _keys(request))))

    def decide(self, request: Request) -> SignUpDecision:
        """Decide about a request, and count it.

        A flood of requests for one mailbox gets the usual response, so that it neither uses up a budget nor
        learns that it was recognized.
        """
        in_force = self.in_force(request)
        proof = request.proof
        solved = in_force and proof is not None and not self.counters.value(_proof_key(proof))
        if in_force and not solved and not request.without_script:
            self._count_for_attack(request, in_force)
            return SignUpDecision(RequestAnswer.CHALLENGE)
        is_unsolved = in_force and not solved
        limits = list(_limits(request, in_force=in_force, solved=solved))
        for limit in limits:
            if self.counters.value(limit.key) >= limit.most:
                return SignUpDecision(limit.answer)
        scopes = _scopes(request, is_unsolved=is_unsolved)
        is_delayed = any(budget.is_exceeded(scope, request.at, self.counters.values) for scope in scopes)
        if is_delayed and self.counters.value(_delayed_key(request)) >= MOST_DELAYED:
            return SignUpDecision(RequestAnswer.TOO_MANY)
        self._count(request, limits, () if is_delayed else scopes)
        if not solved:
            self._count_for_attack(request, in_force)
        answer = RequestAnswer.DELAYED if is_delayed else RequestAnswer.ACCEPTED
        return SignUpDecision(answer, is_stored=True, is_unsolved=is_unsolved)

    def _count(self, request: Request, limits: Sequence[_Limit], scopes: Sequence[budget.BudgetScope]) -> None:
        """Count a request, and its email unless it is delayed, when there are no scopes."""
        for limit in limits:
            self.counters.increment(limit.key)
        if not scopes:
            self.counters.increment(_delayed_key(request))
        for scope in scopes:
            for key in budget.keys_now("sent", scope, request.at):
                self.counters.increment(key)

    def in_force(self, request: Request) -> bool:
        """Return whether a challenge has to be solved for this request."""
        if request.challenge != "auto":
            return request.challenge == "on"
        return any(self.counters.value(key) >= ATTACK for key in _attack_keys(request.newsletter, request.at))

    def _count_for_attack(self, request: Request, in_force: bool) -> None:
        if request.challenge != "auto":
            return
        key = _attack_keys(request.newsletter, request.at)[0]
        if not in_force and self.counters.value(key) == ATTACK - 1:
            log.warning(
                "%s sign-ups for %s within ten minutes: browsers have to solve a challenge until an hour after",
                ATTACK,
                request.newsletter,
            )
        self.counters.increment(key)


def under_attack(newsletters: Iterable[str], at: datetime) -> list[str]:
    """Return the newsletters whose sign-up form is attacked: with `auto`, browsers have to solve a challenge now."""
    keys = {name: _attack_keys(name, at) for name in newsletters}
    if not keys:
        return []
    values = Hits.objects.values_of([key for keys_of_newsletter in keys.values() for key in keys_of_newsletter])
    return [
        name for name, keys_of_newsletter in keys.items() if any(values[key] >= ATTACK for key in keys_of_newsletter)
    ]


def _limits(request: Request, *, in_force: bool, solved: bool) -> Iterator[_Limit]:
    """Yield the limits of a request, in the order in which they are checked."""
    key, network = request.address.key, network_of(request.network)
    if in_force and not solved:
        yield _hourly(request, f"unsolved network {network}", UNSOLVED_PER_NETWORK)
        yield _hourly(request, requests_counter(key), PER_MAILBOX, RequestAnswer.ACCEPTED)
        yield _hourly(request, f"unsolved newsletter {request.newsletter}", UNSOLVED)
        return
    sort = "solved " if solved else ""
    if solved and request.proof:
        yield _Limit(_proof_key(request.proof), 1, RequestAnswer.CHALLENGE)
    yield _hourly(request, f"{sort}network {network}", PER_NETWORK)
    yield _hourly(request, requests_counter(key), PER_MAILBOX, RequestAnswer.ACCEPTED)


def _scopes(request: Request, *, is_unsolved: bool) -> tuple[budget.BudgetScope, ...]:
    return budget.scopes(request.newsletter, request.address.domain, request.network, is_unsolved=is_unsolved)


def _delayed_key(request: Request) -> CounterKey:
    return counter_key(f"delayed {request.newsletter}", request.at, budget.DAY)


def _hourly(request: Request, what: str, most: int, answer: RequestAnswer = RequestAnswer.TOO_MANY) -> _Limit:
    return _Limit(counter_key(what, request.at, HOUR), most, answer)


def _attack_keys(newsletter: str, at: datetime) -> list[CounterKey]:
    """Return the counters that show an attack on the newsletter, the current one first."""
    what = f"requests {newsletter}"
    return [counter_key(what, at - n * SHORT, SHORT) for n in range(SHORT_WINDOWS)]


def _proof_key(proof: SolvedChallenge) -> CounterKey:
    """Return the counter of a challenge's solutions, which lasts as long as the challenge."""
    return CounterKey(f"solution {proof.challenge}", proof.expires, proof.expires + 1)


def _keys(request: Request) -> Iterator[CounterKey]:
    """Yield every counter that a request may need."""
    ways = [(False, False)] if request.challenge == "off" else [(False, False), (True, False), (True, True)]
    for in_force, solved in ways:
        yield from (limit.key for limit in _limits(request, in_force=in_force, solved=solved))
    if request.challenge == "auto":
        yield from _attack_keys(request.newsletter, request.at)
    for is_unsolved in {in_force and not solved for in_force, solved in ways}:
        for scope in _scopes(request, is_unsolved=is_unsolved):
            yield from budget.keys(scope, request.at)
    yield _delayed_key(request)
