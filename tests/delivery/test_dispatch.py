"""Which mail is next."""

from newsletter.config import DomainPace, Rate
from newsletter.delivery.active_chunk import ActiveChunk, DeliveryJob
from newsletter.delivery.dispatch import Dispatch
from newsletter.delivery.outcome import Phase, accepted, from_reply
from newsletter.delivery.pace import FIRST_PAUSE, PaceSignal
from newsletter.delivery.reply import Reply
from newsletter.domain.batch import Batch
from newsletter.mime.message_builder import MessageBuilder
from tests.delivery.samples import encoded, recipient

PREPARED = MessageBuilder(encoded())
GOOD = accepted(1, 1, Reply(250, (b"ok",)), 0.0)
SLOW = from_reply(1, 1, Phase.RCPT, Reply(421, (b"4.7.0 not so fast",)), 0.0)
UNLIMITED = Rate(0, 1)


def chunk() -> ActiveChunk:
    return ActiveChunk(Batch("k/2026-W06", 0, encoded()), PREPARED, 0.0)


def jobs(*addresses: str, held: ActiveChunk | None = None) -> list[DeliveryJob]:
    held = held or chunk()
    return [DeliveryJob(held, recipient(number, address)) for number, address in enumerate(addresses)]


def taken(dispatch: Dispatch, now: float = 0.0) -> list[str]:
    found = []
    while job := dispatch.take(now):
        found.append(job.recipient.address)
    return found


def test_recipients_come_in_order() -> None:
    dispatch = Dispatch(UNLIMITED, {})
    dispatch.add(jobs("b@x.example", "a@y.example"))
    assert len(dispatch) == dispatch.ready == 2
    assert taken(dispatch) == ["b@x.example", "a@y.example"]


def test_the_overall_rate_is_kept() -> None:
    dispatch = Dispatch(Rate(1, 1), {})
    dispatch.add(jobs("a@x.example", "b@x.example"))
    assert taken(dispatch, 0.0) == ["a@x.example"]
    assert taken(dispatch, 0.5) == []
    assert taken(dispatch, 1.0) == ["b@x.example"]


def test_a_domain_at_its_limit_delays_only_its_own_messages() -> None:
    dispatch = Dispatch(UNLIMITED, {"Slow.example": DomainPace(connections=1)})
    dispatch.add(waiting := jobs("a@slow.example", "b@SLOW.example", "c@x.example"))
    assert taken(dispatch) == ["a@slow.example", "c@x.example"]
    assert len(dispatch) == 1
    dispatch.release(waiting[0], GOOD, 0.0)
    assert taken(dispatch) == ["b@SLOW.example"]


def test_googlemail_has_the_limits_of_gmail() -> None:
    dispatch = Dispatch(UNLIMITED, {"gmail.com": DomainPace(connections=1)})
    dispatch.add(waiting := jobs("a@gmail.com", "b@GoogleMail.com", "c@x.example"))
    assert taken(dispatch) == ["a@gmail.com", "c@x.example"]
    dispatch.release(waiting[0], GOOD, 0.0)
    assert taken(dispatch) == ["b@GoogleMail.com"]


def test_a_domain_opens_again_with_time() -> None:
    dispatch = Dispatch(UNLIMITED, {"slow.example": DomainPace(rate=Rate(1, 1))})
    dispatch.add(jobs("a@slow.example", "b@slow.example"))
    assert taken(dispatch) == ["a@slow.example"]
    dispatch.advance(0.5)
    assert taken(dispatch, 0.5) == []
    dispatch.advance(1.0)
    assert taken(dispatch, 1.0) == ["b@slow.example"]


def test_a_domain_that_asks_for_a_pause_gets_one_though_nothing_was_configured() -> None:
    dispatch = Dispatch(UNLIMITED, {})
    dispatch.add(jobs("a@x.example", "b@x.example", "c@y.example"))
    first = dispatch.take(0.0)
    assert first
    dispatch.release(first, SLOW, 0.0)
    assert taken(dispatch) == ["c@y.example"]
    dispatch.advance(1.0)
    assert taken(dispatch, 1.0) == ["b@x.example"]


def test_recipients_that_a_domain_deferred_come_before_others() -> None:
    dispatch = Dispatch(UNLIMITED, {})
    dispatch.add(jobs("a@x.example", "b@x.example", "c@x.example"))
    first = dispatch.take(0.0)
    assert first
    assert dispatch.take(0.0)
    dispatch.release(first, SLOW, 0.0)
    assert taken(dispatch, 0.0) == []  # the third waits now
    first.tries = 1
    dispatch.schedule(first, 0.0)
    dispatch.advance(0.0)
    assert taken(dispatch, 0.0) == []  # and the first behind it
    dispatch.advance(1.0)
    assert next(iter(taken(dispatch, 1.0)), "") == "a@x.example"


def test_deferring_each_recipient_once_does_not_lengthen_the_pauses() -> None:
    dispatch, seen, now, pauses = Dispatch(UNLIMITED, {}), set(), 0.0, 0
    dispatch.add(jobs(*(f"r{n}@x.example" for n in range(50))))
    while len(dispatch):
        now += 0.05
        dispatch.advance(now)
        if job := dispatch.take(now):
            put_off = job.recipient.number not in seen
            seen.add(job.recipient.number)
            job.tries += put_off
            pauses += put_off
            dispatch.release(job, SLOW if put_off else GOOD, now)
            if put_off:
                dispatch.schedule(job, now)
    assert pauses == 50
    assert now < 50 * (FIRST_PAUSE + 0.15)


def test_a_job_that_was_not_begun_does_not_count_as_in_flight() -> None:
    dispatch = Dispatch(UNLIMITED, {"x.example": DomainPace(connections=1)})
    dispatch.add(jobs("a@x.example", "b@x.example"))
    first = dispatch.take(0.0)
    assert first
    assert taken(dispatch) == []
    dispatch.release(first, None, 0.0)
    assert taken(dispatch) == ["b@x.example"]


def test_a_scheduled_job_waits_for_its_time() -> None:
    dispatch = Dispatch(UNLIMITED, {})
    late, soon = jobs("late@x.example", "soon@x.example")
    dispatch.schedule(late, 2.0)
    dispatch.schedule(soon, 1.0)
    assert (len(dispatch), dispatch.ready) == (2, 0)
    dispatch.advance(0.5)
    assert taken(dispatch, 0.5) == []
    dispatch.advance(3.0)
    assert taken(dispatch, 3.0) == ["soon@x.example", "late@x.example"]


def test_jobs_of_a_halted_chunk_are_removed_wherever_they_wait() -> None:
    dispatch = Dispatch(UNLIMITED, {"slow.example": DomainPace(connections=1)})
    gone, stays = chunk(), chunk()
    dispatch.add(jobs("a@slow.example", "b@slow.example", "c@x.example", held=gone))
    dispatch.add(jobs("d@slow.example", "e@x.example", held=stays))
    first = dispatch.take(0.0)
    assert first
    assert dispatch.take(0.0)
    again_gone, again_stays = jobs("f@x.example", held=gone)[0], jobs("g@x.example", held=stays)[0]
    dispatch.schedule(again_gone, 1.0)
    dispatch.schedule(again_stays, 1.0)
    dropped = dispatch.remove(lambda held: held is gone)
    assert sorted(job.recipient.address for job in dropped) == ["b@slow.example", "f@x.example"]
    dispatch.release(first, GOOD, 0.0)
    dispatch.advance(1.0)
    assert sorted(taken(dispatch, 1.0)) == ["d@slow.example", "e@x.example", "g@x.example"]


def test_limits_change_while_messages_wait() -> None:
    dispatch = Dispatch(Rate(0, 1), {"slow.example": DomainPace(connections=2)})
    dispatch.add(jobs("a@slow.example", "b@slow.example", "c@slow.example"))
    first, second = dispatch.take(0.0), dispatch.take(0.0)
    assert first
    assert second
    dispatch.limit(Rate(0, 1), {"slow.example": DomainPace(connections=1)})
    assert dispatch.over
    dispatch.release(first, None, 0.0)
    assert not dispatch.over
    assert dispatch.take(0.0) is None
    dispatch.limit(Rate(0, 1), {}, {"slow.example"})
    assert dispatch.over
    dispatch.release(second, None, 0.0)
    dispatch.advance(1.0)
    assert dispatch.take(1.0) is None
    dispatch.limit(Rate(0, 1), {})
    dispatch.advance(2.0)
    assert dispatch.take(2.0) is not None


def test_the_overall_rate_may_change() -> None:
    dispatch = Dispatch(Rate(1, 1), {})
    dispatch.add(jobs(*(f"r{number}@a.example" for number in range(200))))
    assert dispatch.take(0.0)
    assert dispatch.take(0.5) is None
    dispatch.limit(Rate(100, 1), {})
    taken = sum(dispatch.take(1 + at / 1000) is not None for at in range(1000))
    assert 100 <= taken <= 112
    dispatch.limit(Rate(0, 1), {})
    assert dispatch.take(2.0)


def test_a_rate_that_a_domain_asked_for_is_not_raised_by_another_share() -> None:
    dispatch = Dispatch(Rate(0, 1), {"slow.example": DomainPace(rate=Rate(100, 1))})
    limiter = dispatch._domains["slow.example"]
    limiter.signal(PaceSignal.RATE, 0.0)
    assert limiter._bucket is not None
    lowered = limiter._bucket.per_second
    dispatch.limit(Rate(0, 1), {"slow.example": DomainPace(rate=Rate(50, 1))})
    assert limiter._bucket.per_second == lowered < 50


def test_messages_begun_before_their_domain_was_limited_leave_no_room_for_others() -> None:
    dispatch = Dispatch(UNLIMITED, {})
    dispatch.add(jobs("a@x.example", "b@x.example"))
    for job in (dispatch.take(0.0), dispatch.take(0.0)):
        assert job
        dispatch.release(job, SLOW, 0.0)
    dispatch.add(jobs("c@x.example", "d@x.example"))
    dispatch.advance(100.0)
    assert taken(dispatch, 100.0) == ["c@x.example"]
