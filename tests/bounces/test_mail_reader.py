"""Emails in the bounce mailbox are read outside of transactions, within limits; one that exceeds them is set aside."""

import pytest
from django.db import connection

from newsletter.bounces import mail_reader, processing
from newsletter.bounces.mail_reader import LARGE, read_mail
from newsletter.bounces.processing import BounceEffect, process, read_mailbox
from newsletter.bounces.reading import Returned
from newsletter.config import Config
from newsletter.deliverability.dmarc.aggregate import AggregateReport
from newsletter.models import DmarcReport, Notice
from tests.bounces.reading.bounce_samples import report
from tests.bounces.returned_mails import verp, with_mailbox
from tests.deliverability import dmarc_samples
from tests.doubles.imap import Imap
from tests.sending import outbox_samples as samples
from tests.sending.outbox_samples import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("raw", [dmarc_samples.report(), report()], ids=["reports", "a bounce"])
def test_an_email_is_read_outside_of_transactions(settings: Config, raw: bytes) -> None:
    inside: list[bool] = []

    def noted(octets: bytes) -> list[AggregateReport] | Returned:
        inside.append(connection.in_atomic_block)
        return read_mail(octets)

    process(settings, raw, NOW, noted)
    assert inside == [False]


def test_each_report_is_stored_in_a_transaction_of_its_own(settings: Config) -> None:
    archive = dmarc_samples.zipped_together(dmarc_samples.xml(identifier=f"r-{number}") for number in range(3))
    assert process(settings, dmarc_samples.with_zips([archive]), NOW) == (BounceEffect.DMARC, 0)
    assert DmarcReport.objects.count() == 3


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("raw", "own_process"),
    [
        (report(), True),
        (dmarc_samples.report(), False),
        (report() + b"x" * LARGE, False),
    ],
    ids=["a small bounce", "a report", "a large bounce"],
)
def test_what_is_large_or_has_attachments_is_read_in_a_child(raw: bytes, own_process: bool) -> None:
    assert mail_reader.needs_child(raw) is not own_process
    with mail_reader.bounded_reader() as read:
        assert read(raw) == read_mail(raw)


SLOW = dmarc_samples.email(dmarc_samples.zipped(dmarc_samples.of_size(9_000_000)), "zip")
_NESTED = dmarc_samples.xml("<record>" + "<a/>" * 600_000 + "</record>")
FAT = dmarc_samples.email(dmarc_samples.zipped(_NESTED), "zip")


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("raw", "told"), [(SLOW, "more than 0.3 s of CPU time"), (FAT, "MB of memory")], ids=["slow", "large"]
)
def test_an_email_that_ends_its_reader_is_set_aside_and_the_next_one_is_read(
    settings: Config, monkeypatch: pytest.MonkeyPatch, raw: bytes, told: str
) -> None:
    name, value = ("CPU_SECONDS", 0.3) if raw == SLOW else ("MEGABYTES", 60)
    monkeypatch.setattr(mail_reader, name, value)
    edition = samples.sending(1)
    with Imap([raw, report(to=verp(edition))]) as server:
        read = read_mailbox(with_mailbox(server), NOW)
        again = read_mailbox(with_mailbox(server), NOW)
    assert (read.counts["not_understood"], read.counts["hard"], again.read) == (1, 1, 0)
    assert server.flags() == [{r"\Flagged"}, {r"\Seen"}]
    assert told in str(Notice.objects.get().text)


def test_a_fault_in_the_child_is_told_with_its_place() -> None:
    error = KeyError("kari@reader.example")
    error.add_note("parts.py:12")
    assert processing.place_of(error) == "KeyError at parts.py:12"
