"""Programs that sign other people up, and real readers, over an hour and the days after; used by tests and a benchmark.

A reader confirms with a certain probability, minutes after the email has come; nobody else does. Readers who are told
that their email is delayed may ask for it by email.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import groupby
from random import Random
from typing import Literal

from newsletter import config
from subscribers import delayed_confirmations, signup, tokens
from subscribers.addresses import read_address
from subscribers.models import EmailKind, TransactionalEmail
from subscribers.protection.challenges import SolvedChallenge
from subscribers.protection.sign_up_limits import Request, RequestAnswer
from subscribers.subscription_requests import request_subscriptions
from subscribers.tokens import Purpose

BEGINS = datetime(2026, 2, 6, 12, tzinfo=UTC)
HOUR = 3600
SHARED_DOMAIN = 0.6
"""The share of addresses at one large provider, for programs and readers alike."""
CONFIRM, MEDIAN_SECONDS, SPREAD = 0.7, 150, 1.0
"""The share of readers who confirm, after so many seconds in the median (logarithmic normal distribution)."""
LOOK_SECONDS, LOOK_AFTERWARDS = 10, 600
"""Seconds between two looks for delayed emails that may go, in the hour and after it."""

Programs = Literal["post", "press", "solve"]
"""What the programs do: post the form only, also press the button of browsers without scripts, or solve challenges."""


@dataclass(frozen=True, slots=True)
class Attack:
    """So many sign-ups by programs from so many networks, and by readers, of whom some run no scripts.

    `mobile` is the share of readers who share ten networks of a mobile operator; `ask` is the share of those who are
    told that their email is delayed and ask for it by email.
    """

    programs: int
    networks: int
    readers: int
    without_script: int
    does: Programs
    mobile: float = 0.0
    ask: float = 0.0
    days_after: int = 0


@dataclass
class Outcome:
    """Emails caused by programs in the hour and the days after it, challenges they solved, readers that were refused,
    all and without scripts, and the seconds until the other readers' emails, sorted; those of an hour or more are late.
    """

    emails: int = 0
    emails_afterwards: int = 0
    solved: int = 0
    refused: int = 0
    refused_without_script: int = 0
    waits: list[float] = field(default_factory=list)
    without_email: int = 0

    @property
    def late(self) -> int:
        """How many readers got their email after an hour or more."""
        return sum(wait >= HOUR for wait in self.waits)


def run(attack: Attack, challenge: Literal["off", "auto"]) -> Outcome:
    """Let an hour pass, in groups of a second, as the server stores them, and then the days."""
    return _Simulation(attack, challenge).run()


class _Simulation:
    def __init__(self, attack: Attack, challenge: Literal["off", "auto"]) -> None:
        self._attack, self._challenge = attack, challenge
        self._random = Random(7)
        self._outcome = Outcome()
        self._events: list[tuple[datetime, int, Literal["confirm", "ask"], str]] = []
        self._arrived: set[int] = set()

    def run(self) -> Outcome:
        groups = groupby(sorted(_sign_ups(self._attack, self._challenge), key=lambda r: r.at), key=lambda r: r.at)
        waiting = {at: list(group) for at, group in groups}
        end = BEGINS + timedelta(seconds=HOUR)
        for second in range(HOUR + HOUR // 2):  # those who signed up last need time to answer
            at = BEGINS + timedelta(seconds=second)
            if at in waiting:
                self._sign_up(waiting[at])
            self._pass(at, look=second % LOOK_SECONDS == 0)
        self._outcome.emails = _sent_to("program")
        for step in range(self._attack.days_after * 86_400 // LOOK_AFTERWARDS):
            self._pass(end + timedelta(seconds=step * LOOK_AFTERWARDS), look=True)
        self._outcome.emails_afterwards = _sent_to("program") - self._outcome.emails
        self._outcome.without_email = self._attack.readers - self._outcome.refused - len(self._outcome.waits)
        self._outcome.waits.sort()
        return self._outcome

    def _sign_up(self, requests: list[Request]) -> None:
        answers = request_subscriptions(requests)
        again = [
            _again(r, self._attack) for r, a in zip(requests, answers, strict=True) if a is RequestAnswer.CHALLENGE
        ]
        second = [request for request in again if request is not None]
        self._outcome.solved += sum(r.proof is not None and r.page == "program" for r in second)
        final = [(r, a) for r, a in zip(requests, answers, strict=True) if a is not RequestAnswer.CHALLENGE]
        final += zip(second, request_subscriptions(second) if second else [], strict=True)
        for request, answer in final:
            if request.page == "program":
                continue
            if answer in (RequestAnswer.TOO_MANY, RequestAnswer.CHALLENGE):
                self._outcome.refused += 1
                self._outcome.refused_without_script += request.page == "reader without script"
            elif answer is RequestAnswer.DELAYED and self._random.random() < self._attack.ask:
                self._later(request.at, "ask", request.address.key)

    def _pass(self, at: datetime, *, look: bool) -> None:
        while self._events and self._events[0][0] <= at:
            _at, number, what, key = heappop(self._events)
            if what == "confirm":
                signup.confirm(config.current(), tokens.timed_token(Purpose.CONFIRM, number, HOUR), at)
            else:
                (code,) = delayed_confirmations.codes("kinaforum", key)
                delayed_confirmations.release_asked(code, [key], at)
        if look:
            delayed_confirmations.release_due("kinaforum", at)
            self._deliver(at)

    def _deliver(self, at: datetime) -> None:
        """Let sent emails arrive: some of their readers will confirm."""
        emails = TransactionalEmail.objects.filter(kind=EmailKind.CONFIRM, subscriber__key__startswith="reader")
        rows = emails.exclude(delayed_at__isnull=False, released_at=None).filter(sent_at=None)
        for email in rows.select_related("subscriber"):
            self._outcome.waits.append((email.due - email.created).total_seconds())
            if self._random.random() < CONFIRM:
                self._later(at, "confirm", number=email.payload["consent"])
        emails.filter(pk__in=[row.pk for row in rows]).update(sent_at=at)

    def _later(self, at: datetime, what: Literal["confirm", "ask"], key: str = "", number: int = 0) -> None:
        seconds = MEDIAN_SECONDS * self._random.lognormvariate(0, SPREAD)
        heappush(self._events, (at + timedelta(seconds=seconds), number, what, key))


def _sent_to(who: str) -> int:
    emails = TransactionalEmail.objects.filter(subscriber__key__startswith=who)
    return emails.exclude(delayed_at__isnull=False, released_at=None).count()


def _sign_ups(attack: Attack, challenge: Literal["off", "auto"]) -> Iterator[Request]:
    random = Random(5)
    for n in range(attack.programs):
        yield _request(
            random, f"program{n}", f"10.{n % attack.networks // 250}.{n % attack.networks % 250}.9", challenge
        )
    for n in range(attack.readers):
        network = f"172.{n // 250}.{n % 250}.9" if random.random() >= attack.mobile else f"192.0.{n % 10}.9"
        request = _request(random, f"reader{n}", network, challenge)
        yield replace(request, page="reader without script") if n < attack.without_script else request


def _request(random: Random, name: str, network: str, challenge: Literal["off", "auto"]) -> Request:
    domain = "mail.example" if random.random() < SHARED_DOMAIN else f"mail{random.randrange(500)}.example"
    at = BEGINS + timedelta(seconds=random.randrange(HOUR))
    page = name.rstrip("0123456789")
    return Request("kinaforum", read_address(f"{name}@{domain}"), "en", "Yes", network, page, at, challenge=challenge)


def _again(request: Request, attack: Attack) -> Request | None:
    """Return what follows the page with a challenge: nothing, the button without a solution, or a solution."""
    program = request.page == "program"
    if program and attack.does == "post":
        return None
    if request.page == "reader without script" or (program and attack.does == "press"):
        return replace(request, without_script=True)
    return replace(request, proof=SolvedChallenge(request.address.key, int(request.at.timestamp()) + 1200))
