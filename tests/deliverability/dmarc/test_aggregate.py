"""DMARC aggregate reports: forms in which they arrive, what they say, and files that are made to do harm."""

import gzip
import io
import tracemalloc
import zipfile
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from newsletter.deliverability.dmarc import attachments
from newsletter.deliverability.dmarc.aggregate import (
    MOST_RESULTS,
    ServerResult,
    read_report,
    read_reports,
)
from newsletter.deliverability.dmarc.attachments import LARGEST_EMAIL, LARGEST_FILE, LARGEST_XML, InvalidReport
from tests.bounces.reading import bounce_samples
from tests.deliverability.dmarc_samples import (
    BEGIN,
    DAY,
    email,
    of_size,
    record,
    report,
    with_zips,
    xml,
    zipped,
    zipped_together,
)

ONE = (ServerResult("203.0.113.1", 12, True, True, "none"),)


def test_a_report_says_which_servers_sent_and_what_passed() -> None:
    documents = [record(), record("2001:db8::1", 3, "fail", "fail", "quarantine"), record(count=2)]
    (found,) = read_reports(report(*documents))
    assert (found.receiver, found.identifier, found.domain, found.policy) == (
        "receiver.example",
        "r-1",
        "example.org",
        "quarantine",
    )
    assert (found.begins, found.ends) == (
        datetime.fromtimestamp(BEGIN, UTC),
        datetime.fromtimestamp(BEGIN + DAY - 1, UTC),
    )
    assert found.results == (
        ServerResult("2001:db8::1", 3, False, False, "quarantine"),
        ServerResult("203.0.113.1", 14, True, True, "none"),
    )


def test_a_server_that_sent_nothing_is_no_error() -> None:
    (found,) = read_reports(report(record(count=0)))
    assert [result.count for result in found.results] == [0]


@pytest.mark.parametrize(
    "mail",
    [
        email(gzip.compress(xml())),
        email(gzip.compress(xml()), alone=True),
        email(zipped(xml()), "zip"),
        email(zipped(xml()), "octet-stream", alone=True),
        email(xml(), "xml"),
        email(b"\xef\xbb\xbf" + xml(), "xml"),
        email(gzip.compress(xml(namespace="urn:ietf:params:xml:ns:dmarc-2.0"))),
        report(record(done="pass")),
    ],
    ids=["gzip", "gzip alone", "zip", "zip of no type", "plain", "byte order mark", "RFC 9990", "a pass"],
)
def test_each_form_is_read(mail: bytes) -> None:
    assert [found.results for found in read_reports(mail)] == [ONE]


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"Subject: hello\n\nhello",
        email(b"", "xml"),
        email(b"<html><body>hello</body></html>", "xml"),
        email(gzip.compress(b"a log"), "gzip"),
        email(xml().replace(b"feedback>", b":x>"), "xml"),
        email(zipped(xml(), "report.txt"), "zip"),
        bounce_samples.report(),
        bounce_samples.complaint(),
    ],
    ids=[
        "nothing",
        "text",
        "an empty file",
        "another document",
        "another file",
        "an invalid name",
        "no XML in the zip",
        "a bounce",
        "a complaint",
    ],
)
def test_any_other_email_has_no_report(mail: bytes) -> None:
    assert read_reports(mail) == []


def bomb() -> bytes:
    return gzip.compress(xml().replace(b"</feedback>", b" " * 100_000_000 + b"</feedback>"))


BILLION = b"""<?xml version="1.0"?><!DOCTYPE feedback [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d SYSTEM "file:///etc/passwd">]>"""


@pytest.mark.parametrize(
    "mail",
    [
        email(gzip.compress(xml())[:-12]),
        email(zipped(xml())[:-40], "zip"),
        email(gzip.compress(xml()[:-30])),
        report(record("not an address")),
        report(record(count=-1)),
        report(record(count=10**13)),
        report(begin=10**17),
        report(domain=""),
        report(*(record(f"10.0.{n // 250}.{n % 250}") for n in range(MOST_RESULTS + 1))),
    ],
    ids=["cut gzip", "cut zip", "cut XML", "no address", "negative", "too many", "no time", "no domain", "too long"],
)
def test_a_broken_report_is_told_apart_from_other_emails(mail: bytes) -> None:
    with pytest.raises(InvalidReport):
        read_reports(mail)


def test_a_file_that_unpacks_to_gigabytes_is_refused_in_little_memory() -> None:
    mails = [email(bomb()), email(zipped(xml() + b" " * 50_000_000), "zip")]
    tracemalloc.start()
    try:
        for mail in mails:
            assert len(mail) < LARGEST_EMAIL
            with pytest.raises(InvalidReport):
                read_reports(mail)
        assert tracemalloc.get_traced_memory()[1] < 6 * LARGEST_XML
    finally:
        tracemalloc.stop()


def test_an_email_has_at_most_ten_documents() -> None:
    archive = zipped_together(xml(identifier=f"r-{number}") for number in range(5))
    assert len(read_reports(with_zips([archive] * 2))) == 10
    with pytest.raises(InvalidReport):
        read_reports(with_zips([archive] * 3))


def test_all_documents_of_an_email_together_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "LARGEST_XML", 30_000)
    archive = zipped_together([of_size(10_000)])
    assert len(read_reports(with_zips([archive] * 2))) == 2
    with pytest.raises(InvalidReport):
        read_reports(with_zips([archive] * 4))


def test_entities_are_never_expanded() -> None:
    document = BILLION + xml().partition(b"?>\n")[2].replace(b"receiver.example</org_name>", b"&c;&d;</org_name>")
    assert read_report(document) is None


def test_a_zip_of_zips_and_a_large_attachment_are_left_alone() -> None:
    assert read_reports(email(zipped(zipped(xml()), "inner.zip"), "zip")) == []
    assert read_reports(email(b"<feedback>" + b" " * LARGEST_FILE, "xml")) == []


def test_other_ways_of_packing_are_refused() -> None:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("report.xml", xml())
    with pytest.raises(InvalidReport):
        read_reports(email(octets.getvalue(), "zip"))


@given(st.binary(max_size=400), st.integers(0, 3))
def test_no_attachment_raises_anything_else(octets: bytes, form: int) -> None:
    packed = (octets, gzip.compress(octets), zipped(octets), b"\x1f\x8b" + zlib.compress(octets))[form]
    try:
        assert isinstance(read_reports(email(packed, "octet-stream")), list)
    except InvalidReport:
        assert packed
