"""Every API provider with a fake of its HTTP API on loopback: what becomes of an edition, whatever the API answers.

    python -m tests.bench.bench_providers [READERS] [PROVIDER …] [--answer-seconds SECONDS]

An edition goes to READERS (2,500) through each provider, then to forty readers for each trial. The first call is
answered with 429 and `Retry-After: 1`, with 500, or cut; or it is read and never answered, for which the time-out is
SECONDS here (5; 60 is the program's own); a reader is refused; the key is wrong; the key becomes wrong halfway and
another provider is the fallback. Prints a table with the outcomes. It fails if a reader has no outcome, another
reader's link, or the edition twice; if a call follows the one with 429 too early; if the call without an answer ended
before the time-out; or if what was not answered is sent again.
"""

import argparse
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from newsletter import config
from newsletter.config import DeliverySettings, Rate
from newsletter.start import start
from tests.site_texts import with_kinaforum

SITE = with_kinaforum('[[newsletters.kinaforum.sources]]\nurl = "http://127.0.0.1:9/"\n[delivery]\nprovider = "file"\n')
FEW, HALF = 40, 20
HEAD = (
    *("provider", "calls", "emails", "own links", "s", "429", "500", "cut", "no answer", "one refused", "wrong key"),
    "half, fallback",
)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the API does: faults of the first calls, a reader that it refuses, a wrong key, and the fallback provider,
    with which the key becomes wrong halfway. `answer_seconds` is how long an answer is waited for.
    """

    faults: Sequence[int | str] = ()
    answer_seconds: float = 60.0
    bad: bool = False
    wrong: bool = False
    fallback: str = ""


def main(given: argparse.Namespace) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        file = Path(folder, "config.toml")
        file.write_text(SITE)
        file.chmod(0o600)
        start(config.use(config.load(file)))
        logging.disable()
        from newsletter.providers import PROVIDERS

        known = tuple(PROVIDERS)
        _print(HEAD)
        for provider in given.providers or known:
            _print(_row(provider, given.readers, given.answer_seconds))


def _print(cells: Sequence[str]) -> None:
    sys.stdout.write(" | ".join(cells) + "\n")
    sys.stdout.flush()


def _row(provider: str, count: int, answer_seconds: float) -> list[str]:
    whole = _tried(provider, count, Trial())
    assert whole[-1] == f"{count} accepted", whole
    trials = (
        Trial(faults=[429]),
        Trial(faults=[500]),
        Trial(faults=["cut"]),
        Trial(faults=["silent"], answer_seconds=answer_seconds),
        Trial(bad=True),
        Trial(wrong=True),
        Trial(fallback="resend" if provider == "postmark" else "postmark"),
    )
    return [provider, *whole[:-1], *(_tried(provider, FEW, trial)[-1] for trial in trials)]


def _tried(provider: str, count: int, trial: Trial) -> list[str]:
    """Send an edition, check who got it, and return calls, emails, own links, seconds and outcomes."""
    from tests.doubles import provider_api

    edition = _edition(count, bad=trial.bad)
    with ExitStack() as stack:
        first, second = (stack.enter_context(provider_api.running()) for _ in range(2))
        if "silent" in trial.faults:
            stack.enter_context(_waiting(trial.answer_seconds))
        first.faults.extend([401] * count if trial.wrong else trial.faults)
        first.called = lambda: _refuse_key(first) if trial.fallback else None
        began = time.perf_counter()
        _send(provider, first, trial, second)
        seconds = time.perf_counter() - began
        if 429 in trial.faults:
            assert first.times[1] - first.times[0] >= 1, "Retry-After was not obeyed"
        if "silent" in trial.faults:
            assert seconds >= trial.answer_seconds, "the call ended before its time-out"
            _send_again(edition, provider, first)
        taken = [*first.taken, *second.taken]
    return [str(first.calls), str(len(taken)), str(_own_links(edition, taken)), f"{seconds:.1f}", _outcomes(edition)]


@contextmanager
def _waiting(answer_seconds: float) -> Iterator[None]:
    """Wait so many seconds for an answer."""
    from newsletter.sending.api_calls import amazon_ses_provider, anymail_provider, interface

    def wait(seconds: float) -> None:
        for module in (amazon_ses_provider, anymail_provider):
            vars(module).update(ANSWER_SECONDS=seconds)

    wait(answer_seconds)
    try:
        yield
    finally:
        wait(interface.ANSWER_SECONDS)


def _edition(count: int, *, bad: bool) -> Any:
    from newsletter.models import Edition
    from subscribers.models import Subscriber, Subscription
    from tests.sending import outbox_samples as samples

    for model in (Edition, Subscription, Subscriber):
        model._default_manager.all().delete()
    names = [f"r{number}@reader.example" for number in range(1, count + 1)]
    samples.subscribe(["bad-one@reader.example", *names[1:]] if bad else names)
    return samples.begun(samples.queued())


def _refuse_key(api: Any) -> None:
    if len(api.taken) >= HALF:
        api.faults.append(401)


def _send_again(edition: Any, provider: str, api: Any) -> None:
    """Send what is due once more, and fail if that is anything: what was not answered stays unknown."""
    calls, outcomes = api.calls, _outcomes(edition)
    _send(provider, api, Trial(), api)
    assert (api.calls, _outcomes(edition)) == (calls, outcomes), "what is unknown was sent again"


def _send(provider: str, api: Any, trial: Trial, second: Any) -> None:
    """Send what is due, as a process of each provider would."""
    tables: dict[str, Any] = {provider: api.settings(provider)}
    fallback = trial.fallback
    if 429 in trial.faults:
        tables |= {"connections": 1}
    if fallback:
        tables |= {fallback: second.settings(fallback), "fallback": fallback, "rate": Rate(HALF, 1), "connections": 1}
    given = config.current()
    configuration = replace(given, delivery=DeliverySettings(provider=provider, **tables))
    for each in (provider, fallback) if fallback else (provider,):
        _run(configuration, each)


def _run(configuration: config.Config, provider: str) -> None:
    from newsletter.delivery.journal import Journal
    from newsletter.delivery.limits import Limits
    from newsletter.sending.outbox import Holder, Outbox
    from newsletter.sending.safeguards.fallback import succession_of
    from newsletter.sending.worker import Control, run_engine

    succession = succession_of(configuration, provider)
    carried = [] if succession.successor_of else list(configuration.newsletters)
    own = replace(configuration, delivery=replace(configuration.delivery, provider=provider, fallback=""))
    journal = Journal.create(Path.cwd(), "trial")
    outbox = Outbox(Holder("here", journal.name), carried, own, succession=succession)
    try:
        run_engine(own, outbox, journal, Control(Limits.of(own.delivery)))
    finally:
        journal.close()


def _own_links(edition: Any, taken: Sequence[Any]) -> int:
    """Return how many emails have their own reader's link. Fails if one has another's, or a reader got two."""
    from subscribers import tokens

    got = Counter(mail.address for mail in taken)
    assert not got or max(got.values()) == 1, "a reader got it twice"
    links = {d.subscription.subscriber.address: d.subscription_id for d in edition.deliveries.select_related()}
    for mail in taken:
        assert f"/u/{tokens.link_token(links[mail.address])}" in mail.text, "another reader's link"
    return len(taken)


def _outcomes(edition: Any) -> str:
    from newsletter.sending import progress

    counted = progress.counts(edition)
    shown = {name: getattr(counted, name) for name in ("accepted", "deferred", "refused", "unknown", "pending")}
    assert sum(shown.values()) == counted.audience, "a reader has no outcome"
    return ", ".join(f"{number} {name}" for name, number in shown.items() if number)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("readers", nargs="?", type=int, default=2_500)
    parser.add_argument("providers", nargs="*")
    parser.add_argument("--answer-seconds", type=float, default=5.0)
    return parser.parse_args()


if __name__ == "__main__":
    main(_arguments())
