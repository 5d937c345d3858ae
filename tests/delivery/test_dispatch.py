"""Which mail is next."""

from newsletter.config import DomainPace, Rate
from newsletter.delivery.dispatch import Dispatch
from newsletter.delivery.held import Held, Job
from newsletter.delivery.message import Prepared
from newsletter.delivery.outcome import Phase, accepted, verdict
from newsletter.delivery.pace import FIRST_PAUSE
from newsletter.delivery.reply import Reply
from newsletter.mail import Batch
from tests.delivery.samples import reader, segments

PREPARED = Prepared(segments())
GOOD = accepted(1, 1, Reply(250, (b"ok",)), 0.0)
SLOW = verdict(1, 1, Phase.RCPT, Reply(421, (b"4.7.0 not so fast",)), 0.0)
UNLIMITED = Rate(0, 1)


def chunk() -> Held:
    return Held(Batch("k/2026-W06", 0, segments()), PREPARED, 0.0)


def jobs(*addresses: str, held: Held | None = None) -> list[Job]:
    held = held or chunk()
    return [Job(held, reader(number, address)) for number, address in enumerate(addresses)]


def taken(dispatch: Dispatch, now: float = 0.0) -> list[str]:
    found = []
    while job := dispatch.take(now):
        found.append(job.reader.address)
    return found


def test_readers_come_in_order() -> None:
    dispatch = Dispatch(UNLIMITED, {})
    dispatch.add(jobs("b@x.example", "a@y.example"))
    assert len(dispatch) == dispatch.ready == 2
    assert taken(dispatch) == ["b@x.example", "a@y.example"]


def test_the_rate_over_all_is_kept() -> None:
    dispatch = Dispatch(Rate(1, 1), {})
    dispatch.add(jobs("a@x.example", "b@x.example"))
    assert taken(dispatch, 0.0) == ["a@x.example"]
    assert taken(dispatch, 0.5) == []
    assert taken(dispatch, 1.0) == ["b@x.example"]


def test_a_domain_that_is_full_holds_up_its_own_only() -> None:
    dispatch = Dispatch(UNLIMITED, {"Slow.example": DomainPace(connections=1)})
    dispatch.add(waiting := jobs("a@slow.example", "b@SLOW.example", "c@x.example"))
    assert taken(dispatch) == ["a@slow.example", "c@x.example"]
    assert len(dispatch) == 1
    dispatch.release(waiting[0], GOOD, 0.0)
    assert taken(dispatch) == ["b@SLOW.example"]


def test_a_domain_opens_again_with_time() -> None:
    dispatch = Dispatch(UNLIMITED, {"slow.example": DomainPace(rate=Rate(1, 1))})
    dispatch.add(jobs("a@slow.example", "b@slow.example"))
    assert taken(dispatch) == ["a@slow.example"]
    dispatch.stir(0.5)
    assert taken(dispatch, 0.5) == []
    dispatch.stir(1.0)
    assert taken(dispatch, 1.0) == ["b@slow.example"]


def test_a_domain_that_asks_for_a_pause_gets_one_though_nothing_was_configured() -> None:
    dispatch = Dispatch(UNLIMITED, {})
    dispatch.add(jobs("a@x.example", "b@x.example", "c@y.example"))
    first = dispatch.take(0.0)
    assert first
    dispatch.release(first, SLOW, 0.0)
    assert taken(dispatch) == ["c@y.example"]
    dispatch.stir(1.0)
    assert taken(dispatch, 1.0) == ["b@x.example"]


def test_whom_a_domain_put_off_is_tried_before_whom_it_never_saw() -> None:
    dispatch = Dispatch(UNLIMITED, {})
    dispatch.add(jobs("a@x.example", "b@x.example", "c@x.example"))
    first = dispatch.take(0.0)
    assert first
    assert dispatch.take(0.0)
    dispatch.release(first, SLOW, 0.0)
    assert taken(dispatch, 0.0) == []  # the third waits now
    first.tries = 1
    dispatch.again(first, 0.0)
    dispatch.stir(0.0)
    assert taken(dispatch, 0.0) == []  # and the first behind it
    dispatch.stir(1.0)
    assert next(iter(taken(dispatch, 1.0)), "") == "a@x.example"


def test_a_domain_that_puts_off_each_reader_once_takes_a_pause_for_each_and_no_longer_ones() -> None:
    dispatch, seen, now, pauses = Dispatch(UNLIMITED, {}), set(), 0.0, 0
    dispatch.add(jobs(*(f"r{n}@x.example" for n in range(50))))
    while len(dispatch):
        now += 0.05
        dispatch.stir(now)
        if job := dispatch.take(now):
            put_off = job.reader.number not in seen
            seen.add(job.reader.number)
            job.tries += put_off
            pauses += put_off
            dispatch.release(job, SLOW if put_off else GOOD, now)
            if put_off:
                dispatch.again(job, now)
    assert pauses == 50
    assert now < 50 * (FIRST_PAUSE + 0.15)


def test_a_job_that_was_not_begun_frees_its_place() -> None:
    dispatch = Dispatch(UNLIMITED, {"x.example": DomainPace(connections=1)})
    dispatch.add(jobs("a@x.example", "b@x.example"))
    first = dispatch.take(0.0)
    assert first
    assert taken(dispatch) == []
    dispatch.release(first, None, 0.0)
    assert taken(dispatch) == ["b@x.example"]


def test_what_is_to_be_tried_again_waits_for_its_time() -> None:
    dispatch = Dispatch(UNLIMITED, {})
    late, soon = jobs("late@x.example", "soon@x.example")
    dispatch.again(late, 2.0)
    dispatch.again(soon, 1.0)
    assert (len(dispatch), dispatch.ready) == (2, 0)
    dispatch.stir(0.5)
    assert taken(dispatch, 0.5) == []
    dispatch.stir(3.0)
    assert taken(dispatch, 3.0) == ["soon@x.example", "late@x.example"]


def test_a_halted_chunk_is_taken_out_wherever_it_waits() -> None:
    dispatch = Dispatch(UNLIMITED, {"slow.example": DomainPace(connections=1)})
    gone, stays = chunk(), chunk()
    dispatch.add(jobs("a@slow.example", "b@slow.example", "c@x.example", held=gone))
    dispatch.add(jobs("d@slow.example", "e@x.example", held=stays))
    first = dispatch.take(0.0)
    assert first
    assert dispatch.take(0.0)
    again_gone, again_stays = jobs("f@x.example", held=gone)[0], jobs("g@x.example", held=stays)[0]
    dispatch.again(again_gone, 1.0)
    dispatch.again(again_stays, 1.0)
    dropped = dispatch.drop(lambda held: held is gone)
    assert sorted(job.reader.address for job in dropped) == ["b@slow.example", "f@x.example"]
    dispatch.release(first, GOOD, 0.0)
    dispatch.stir(1.0)
    assert sorted(taken(dispatch, 1.0)) == ["d@slow.example", "e@x.example", "g@x.example"]
