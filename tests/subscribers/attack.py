"""Programs that sign other people up at the same time as real readers, over an hour; used by a test and a benchmark."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from random import Random
from typing import Literal

from subscribers.addresses import read_address
from subscribers.models import Letter
from subscribers.protection.challenges import SolvedChallenge
from subscribers.protection.sign_up_limits import Request, RequestAnswer
from subscribers.subscription_requests import request_subscriptions

BEGINS = datetime(2026, 2, 6, 12, tzinfo=UTC)
HOUR = 3600
SHARED_DOMAIN = 0.6
"""The share of addresses at one large provider, for programs and readers alike."""

Programs = Literal["post", "press", "solve"]
"""What the programs do: post the form only, also press the button of browsers without scripts, or solve challenges."""


@dataclass(frozen=True, slots=True)
class Attack:
    """So many sign-ups by programs from so many networks, and by readers, of whom some run no scripts."""

    programs: int
    networks: int
    readers: int
    without_script: int
    does: Programs


@dataclass(frozen=True, slots=True)
class Outcome:
    """Emails caused by programs, challenges they solved, and readers that got no email, all and without scripts."""

    emails: int
    solved: int
    lost: int
    lost_without_script: int


def run(attack: Attack, challenge: Literal["off", "auto"]) -> Outcome:
    """Let an hour pass, in groups of a second, as the server stores them."""
    lost, lost_without, solved = 0, 0, 0
    for _second, group in groupby(sorted(_sign_ups(attack, challenge), key=lambda r: r.at), key=lambda r: r.at):
        requests = list(group)
        answers = request_subscriptions(requests)
        again = [_again(r, attack) for r, a in zip(requests, answers, strict=True) if a is RequestAnswer.CHALLENGE]
        second = [request for request in again if request is not None]
        solved += sum(r.proof is not None and r.page == "program" for r in second)
        final = [(r, a) for r, a in zip(requests, answers, strict=True) if a is not RequestAnswer.CHALLENGE]
        final += zip(second, request_subscriptions(second) if second else [], strict=True)
        turned_away = [r for r, a in final if a is not RequestAnswer.ACCEPTED and r.page != "program"]
        lost += len(turned_away)
        lost_without += sum(r.page == "reader without script" for r in turned_away)
    emails = Letter.objects.filter(subscriber__key__startswith="program").count()
    return Outcome(emails, solved, lost, lost_without)


def _sign_ups(attack: Attack, challenge: Literal["off", "auto"]) -> Iterator[Request]:
    random = Random(5)
    for n in range(attack.programs):
        yield _request(
            random, f"program{n}", f"10.{n % attack.networks // 250}.{n % attack.networks % 250}.9", challenge
        )
    for n in range(attack.readers):
        request = _request(random, f"reader{n}", f"172.16.{n % 250}.9", challenge)
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
