"""Results of deliveries are read as they were written, with any server reply, in both databases."""

import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.django import TestCase

from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.messages import delivery as messages, from_text
from newsletter.models import DeliveryStatus, Result
from newsletter.sending import progress
from newsletter.sending.results import COLUMN_COUNT, ResultRow, row_of
from newsletter.sending.sql import statements
from tests.sending import outbox_samples as samples

NASTY = 'a "quote", \\ a backslash, {braces}, %s, \x07, \n a line, «æøå» 信 \U0001f4ec'
COLUMNS = ("number", "attempt", "kind", "at", "fault", "code", "status", "text", "queue_id")

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
ROWS = st.builds(
    ResultRow,
    number=st.integers(1, 2**31 - 1),
    attempt=st.integers(1, 32_767),
    kind=st.sampled_from(DeliveryStatus.values),
    at=st.floats(0, 4e9),
    fault=st.sampled_from([fault.value for fault in Fault]),
    code=st.integers(0, 599),
    status=st.sampled_from(["", "2.0.0", "5.1.1"]),
    text=WORDS,
    queue_id=WORDS,
)


class TestUpsert(TestCase):
    """Property tests of the one statement that writes results."""

    @given(st.lists(ROWS, min_size=1, max_size=8, unique_by=lambda row: row.number), st.data())
    def test_results_are_read_as_written_and_replaced_by_newer_ones(
        self, rows: list[ResultRow], data: st.DataObject
    ) -> None:
        edition = samples.queued()
        newer = [row._replace(number=old.number) for old, row in zip(rows, data.draw(st.lists(ROWS)), strict=False)]
        for written in (rows, newer):
            if written:
                statements.upsert(edition.pk, [row[:COLUMN_COUNT] for row in written])
        found = list(Result.objects.order_by("number").values_list(*COLUMNS))
        kept = {row.number: row[:COLUMN_COUNT] for row in (*rows, *newer)}
        assert found == [kept[number] for number in sorted(kept)]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", list(OutcomeKind))
def test_a_result_is_recorded_with_any_server_reply(kind: OutcomeKind) -> None:
    edition, box = samples.sending(1), samples.outbox()
    batch = samples.claim(box, 1)
    outcome = samples.outcome(1, kind, text=f"no\0no {NASTY}", queue_id=f"4A\0 {NASTY}", at=1_770_000_000.123456)
    box.settle(edition.name, batch.chunk, [outcome], finished=True)
    found = Result.objects.get()
    assert (found.at, found.queue_id) == (1_770_000_000.123456, f"4A {NASTY}")
    assert found.text == ("" if kind is OutcomeKind.ACCEPTED else f"nono {NASTY}")
    assert progress.counts(edition).pending == 0


def test_an_accepted_mail_keeps_its_queue_id_and_no_text() -> None:
    outcome = Outcome(1, 1, OutcomeKind.ACCEPTED, 1.0, Fault.NONE, 250, "2.0.0", "ok", "4A7F33" * 50)
    assert row_of(outcome) == ResultRow(1, 1, "accepted", 1.0, code=250, queue_id=("4A7F33" * 50)[:200])


def test_a_problem_is_stored_as_a_message() -> None:
    problem = messages.TOO_LARGE(size=2_000, most=1_000)
    row = row_of(Outcome(1, 1, OutcomeKind.REFUSED, 1.0, Fault.CONTENT, status="5.3.4", problem=problem))
    assert from_text(row.text) == problem
