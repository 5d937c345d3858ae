"""Rates, domains that ask for less, warming up, and sharing between processes."""

import pytest
from hypothesis import given, strategies as st

from newsletter.config import DeliverySettings, DomainPace, Rate, WarmUp
from newsletter.config.values import parse_rate
from newsletter.delivery.limits import Limits
from newsletter.delivery.outcome import Phase, accepted, disconnected, from_reply
from newsletter.delivery.pace import (
    DELAY_PER_CONNECTION,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    LOWEST_RATE,
    MAX_DELAY,
    MIN_DELAY,
    SLACK,
    SOFT_REPLIES,
    UNKNOWN_RATE,
    DomainLimiter,
    PaceSignal,
    ReplyCoalescing,
    TokenBucket,
    pace_signal,
    process_count,
    warm_up_limit,
)
from newsletter.delivery.reply import Reply
from newsletter.messages.delivery import ENDED


def said(text: str) -> Reply:
    return Reply(int(text[:3]), (text[4:].encode(),))


@given(st.lists(st.tuples(st.integers(1, 100), st.floats(0.0, 1.0), st.integers(1, 80)), max_size=20))
def test_the_batching_delay_is_never_longer_than_its_limit(phases: list[tuple[int, float, int]]) -> None:
    coalescing = ReplyCoalescing()
    for connections, part in [(c, part) for c, part, rounds in phases for _ in range(rounds)]:
        seconds = coalescing.delay(max(1, int(part * connections)), connections)
        assert seconds == 0.0 or MIN_DELAY < seconds <= min(DELAY_PER_CONNECTION * connections, MAX_DELAY)


@given(st.integers(3, 100), st.floats(100, 100_000))
def test_a_third_of_the_connections_have_work_during_the_batching_delay(connections: int, a_second: float) -> None:
    """A server that takes mails at this rate, one after the other: what it has at the end of a rest is counted."""
    coalescing, heard = ReplyCoalescing(), 1
    for _ in range(200):
        rest = coalescing.delay(heard, connections)
        heard = min(connections, max(1, int(rest * a_second)))
    assert heard <= connections * 2 / 3 or rest == 0.0


def test_the_batching_delay_grows_while_few_connections_are_ready_and_shrinks_while_most_are() -> None:
    coalescing = ReplyCoalescing()
    longest = [coalescing.delay(9, 20) for _ in range(60)][-1]
    assert longest == MAX_DELAY
    assert coalescing.delay(10, 20) == coalescing.delay(13, 20) == longest
    assert coalescing.delay(14, 20) == pytest.approx(longest * 0.8)
    assert coalescing.delay(9, 20) == pytest.approx(longest * 0.8 * 1.1)


def test_one_connection_has_no_batching_delay() -> None:
    coalescing = ReplyCoalescing()
    assert {coalescing.delay(1, 1) for _ in range(100)} == {0.0}


@given(st.integers(1, 5000), st.sampled_from([1, 60, 3600]), st.lists(st.floats(0.001, 0.08), min_size=5, max_size=200))
def test_a_token_bucket_never_exceeds_its_rate(count: int, seconds: int, ticks: list[float]) -> None:
    rate = count / seconds
    bucket, now, gone = TokenBucket(rate), 100.0, 0
    for tick in ticks:
        while bucket.wait(now) == 0.0:
            bucket.spend(now)
            gone += 1
        now += tick
    assert gone <= rate * (sum(ticks) + SLACK) + 1


def test_late_ticks_cost_no_rate() -> None:
    bucket, gone = TokenBucket(20.0), 0
    for tick in range(200):
        now = tick * 0.05 + (tick % 3) * 0.01
        while bucket.wait(now) == 0.0:
            bucket.spend(now)
            gone += 1
    assert gone == pytest.approx(200, abs=4)


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("451 4.7.28 slow down", PaceSignal.RATE),
        ("421 too many mails from you", PaceSignal.PAUSE),
        ("421 4.7.0 too many mails from you", PaceSignal.PAUSE),
        ("421 4.3.2 shutting down", PaceSignal.NONE),
        ("421 4.4.2 timed out", PaceSignal.NONE),
        ("451 4.7.1 greylisted", PaceSignal.SOFT),
        ("452 4.2.2 full", PaceSignal.NONE),
        ("554 5.7.1 spam", PaceSignal.NONE),
    ],
)
def test_a_reply_that_asks_for_a_slower_pace_is_recognized(text: str, signal: PaceSignal) -> None:
    assert pace_signal(from_reply(1, 1, Phase.RCPT, said(text), 0.0)) is signal
    assert pace_signal(disconnected(1, 1, ENDED(), 0.0, said(text))) is signal


def test_an_accepted_message_does_not_change_the_pace() -> None:
    assert pace_signal(accepted(1, 1, said("250 ok"), 0.0)) is PaceSignal.NONE


def test_a_domain_keeps_to_its_connections() -> None:
    domain = DomainLimiter(DomainPace(connections=2))
    domain.begin(0.0)
    assert domain.wait(0.0) == 0.0
    domain.begin(0.0)
    assert domain.wait(0.0) is None
    domain.end()
    assert domain.wait(0.0) == 0.0


def test_a_domain_is_over_its_limit_only_after_the_limit_was_lowered() -> None:
    domain = DomainLimiter()
    domain.in_flight = 3
    assert not domain.over
    domain.limit(DomainPace(connections=3))
    assert not domain.over
    domain.limit(DomainPace(connections=2))
    assert domain.over
    domain.limit(None)
    assert not domain.over
    domain.limit(None, excluded=True)
    assert domain.over


def test_a_domain_keeps_to_its_rate() -> None:
    domain = DomainLimiter(DomainPace(rate=Rate(1, 2)))
    domain.begin(0.0)
    assert domain.wait(0.0) == pytest.approx(2.0 - SLACK)
    assert domain.wait(2.0) == 0.0


def test_only_repeated_greylisting_slows_a_domain() -> None:
    domain = DomainLimiter()
    for at in range(SOFT_REPLIES - 1):
        domain.signal(PaceSignal.SOFT, float(at))
        assert domain.wait(float(at)) == 0.0
    domain.signal(PaceSignal.SOFT, 5.0)
    assert domain.wait(5.0) == 1.0
    assert domain.wait(6.0) == 0.0
    domain.signal(PaceSignal.SOFT, 6.0)
    assert domain.wait(6.0) == 0.0, "counting begins anew"


def test_soft_replies_far_apart_or_with_an_accepted_between_mean_nothing() -> None:
    domain = DomainLimiter()
    for at in range(0, 2000, 100):
        domain.signal(PaceSignal.SOFT, float(at))
    for at in range(2000, 2020):
        domain.signal(PaceSignal.SOFT, float(at))
        domain.accepted(float(at))
    assert domain.wait(2020.0) == 0.0


def test_pauses_double_up_to_a_bound_and_an_accepted_mail_ends_that() -> None:
    domain, now, pauses = DomainLimiter(), 0.0, []
    for _ in range(12):
        domain.signal(PaceSignal.PAUSE, now)
        domain.signal(PaceSignal.PAUSE, now)  # more replies of the same burst count once
        pauses.append(domain.wait(now) or 0.0)
        now += pauses[-1]
    assert pauses[:3] == pytest.approx([FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4])
    assert pauses[-1] == pytest.approx(LONGEST_PAUSE)
    domain.accepted(now)
    domain.signal(PaceSignal.PAUSE, now)
    assert domain.wait(now) == pytest.approx(FIRST_PAUSE)


def test_after_a_pause_fewer_are_in_flight_until_mails_are_accepted() -> None:
    domain = DomainLimiter(DomainPace(connections=8))
    for _ in range(8):
        domain.begin(0.0)
    domain.signal(PaceSignal.PAUSE, 0.0)
    for _ in range(8):
        domain.end()
    for _ in range(4):
        domain.begin(10.0)
    assert domain.wait(10.0) is None
    domain.accepted(10.0)
    assert domain.wait(10.0) == 0.0
    domain.begin(10.0)
    assert domain.wait(10.0) is None, "each accepted message allows one more"
    for _ in range(3):
        domain.accepted(10.0)
    assert domain.wait(10.0) == 0.0


def test_without_a_configured_number_one_accepted_mail_lifts_the_limit() -> None:
    domain = DomainLimiter()
    domain.signal(PaceSignal.PAUSE, 0.0)
    domain.begin(1.0)
    assert domain.wait(1.0) is None
    domain.accepted(1.0)
    assert domain.wait(1.0) == 0.0


def rate_of(domain: DomainLimiter) -> float:
    assert domain._bucket
    return domain._bucket.per_second


def test_a_rate_that_is_too_high_is_halved_and_grows_again() -> None:
    domain = DomainLimiter()
    for tick in range(100):
        domain.accepted(tick / 10)
    domain.signal(PaceSignal.RATE, 10.0)
    assert rate_of(domain) == pytest.approx(5.0, rel=0.4)
    domain.signal(PaceSignal.RATE, 20.0)
    assert rate_of(domain) == pytest.approx(2.5, rel=0.4)
    for _ in range(100):
        domain.accepted(21.0)
    assert domain._bucket is None


def test_the_rate_of_the_first_moment_is_that_of_a_second() -> None:
    domain = DomainLimiter()
    for _ in range(4):
        domain.accepted(5.0)
    domain.signal(PaceSignal.RATE, 5.0)
    assert rate_of(domain) == 2.0


def test_each_accepted_message_raises_a_lowered_rate_by_a_tenth() -> None:
    domain = DomainLimiter()
    domain.signal(PaceSignal.RATE, 0.0)
    lowered = rate_of(domain)
    for _ in range(3):
        domain.accepted(1.0)
    assert rate_of(domain) == pytest.approx(lowered * 1.1**3)


def test_a_rate_that_is_not_known_begins_low_and_never_stops() -> None:
    domain = DomainLimiter()
    domain.signal(PaceSignal.RATE, 0.0)
    assert rate_of(domain) == UNKNOWN_RATE / 2
    for at in range(1, 20):
        domain.signal(PaceSignal.RATE, at * 1000.0)
    assert rate_of(domain) == LOWEST_RATE


def test_a_configured_rate_comes_back_and_is_not_passed() -> None:
    domain = DomainLimiter(DomainPace(rate=Rate(20, 1)))
    domain.signal(PaceSignal.RATE, 0.0)
    assert rate_of(domain) < 20
    for _ in range(100):
        domain.accepted(5.0)
    assert rate_of(domain) == 20


def test_warming_up_grows_by_the_day() -> None:
    plan = WarmUp(first_day=100, growth=2.0)
    assert [warm_up_limit(plan, day) for day in range(4)] == [100, 200, 400, 800]
    assert warm_up_limit(WarmUp(), 0) is None


@given(st.integers(1, 8), st.integers(8, 500), st.integers(0, 100_000))
def test_processes_share_what_is_configured_and_no_more(of: int, connections: int, rate: int) -> None:
    whole = DeliverySettings(
        connections=connections,
        rate=f"{rate}/m",
        domains={"a.example": DomainPace(connections=9, rate=parse_rate("90/s"))},
    )
    parts = [Limits.of(whole).share(index, of) for index in range(of)]
    assert sum(part.connections for part in parts) == connections
    assert sum(part.rate.per_second for part in parts) == pytest.approx(whole.rate.per_second)
    assert sum(part.domains["a.example"].connections or 0 for part in parts) == 9
    assert sum(part.domains["a.example"].rate.per_second for part in parts) == pytest.approx(90)


def test_a_domain_without_a_number_stays_without_one() -> None:
    whole = DeliverySettings(domains={"a.example": DomainPace(rate=parse_rate("1/s"))})
    assert Limits.of(whole).share(0, 2).domains["a.example"].connections is None


@pytest.mark.parametrize(
    ("configured", "connections", "cores", "wanted"),
    [(0, 20, 4, 1), (0, 50, 4, 2), (0, 100, 4, 4), (0, 500, 4, 4), (0, 1, 4, 1), (8, 20, 1, 8), (8, 4, 1, 4)],
)
def test_there_are_as_many_processes_as_are_useful_and_no_more_than_connections(
    configured: int, connections: int, cores: int, wanted: int
) -> None:
    assert process_count(DeliverySettings(processes=configured, connections=connections, domains={}), cores) == wanted


def test_signing_is_shared_by_all_cores_and_a_domain_s_connections_bound_the_processes() -> None:
    dkim = {"domain": "example.org", "selector": "s1", "key": "a key"}
    assert process_count(DeliverySettings(connections=20, dkim=[dkim], domains={}), 4) == 4
    assert (
        process_count(
            DeliverySettings(connections=20, dkim=[dkim], domains={"a.example": DomainPace(connections=2)}), 4
        )
        == 2
    )


def test_a_low_rate_is_kept_by_one_process() -> None:
    assert process_count(DeliverySettings(connections=100, rate="5/m", domains={}), 4) == 1
    assert process_count(DeliverySettings(connections=100, rate="100/s", domains={}), 4) == 1
    assert process_count(DeliverySettings(connections=100, rate="101/s", domains={}), 4) == 4
    assert process_count(DeliverySettings(connections=100, rate="1000/s", domains={}), 4) == 4
    assert process_count(DeliverySettings(processes=2, connections=100, rate="5/m", domains={}), 4) == 2
