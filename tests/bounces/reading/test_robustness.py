"""No octets of a mail that came back raise an exception."""

import time

import pytest
from hypothesis import given, strategies as st

from newsletter.bounces.reading import BounceKind
from newsletter.bounces.reading.parsing import read
from newsletter.deliverability.dmarc.aggregate import read_reports
from tests.bounces.reading.bounce_samples import (
    MALFORMED,
    amazon,
    amazon_event,
    complaint,
    junk_mail_report,
    prose,
    report,
)
from tests.bounces.reading.test_complaints import as_base64

_CHARSETS = (b"idna", b"punycode", b"undefined", b"utf-7", b"utf-16", b"\0", b"hex", b"x", b"unicode_escape", b"utf-8")
FRAGMENTS = (
    *MALFORMED,
    *(b"=?" + charset + b"?" + encoding + b"?YWJj=?= " for charset in _CHARSETS for encoding in (b"b", b"q")),
    *(b"Content-Type: text/html; charset=" + charset + b"\r\n" for charset in _CHARSETS),
    *(b"Content-Type: multipart/report; boundary*=" + charset + b"''b\r\n" for charset in _CHARSETS),
    *(b"Content-Transfer-Encoding: " + name + b"\r\n" for name in (b"base64", b"x-uuencode", b"\0")),
    b"Content-Type: message/delivery-status\r\n",
    b"Content-Type: message/feedback-report\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"From: MAILER-DAEMON\r\n",
    b"Subject: ",
    b"X-Failed-Recipients: ",
    b"Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\n",
    b"\r\n",
    b"\r\n\r\n",
    b"--b\r\n",
    b"--b--\r\n",
    b"<!--",
    b"<style ",
)
DAMAGED = (
    report(),
    complaint(),
    prose("<a@b.example>:\nno such user"),
    junk_mail_report(),
    amazon(amazon_event("Bounce", bounceType="Permanent", bouncedRecipients=[{"emailAddress": "a@b.example"}])),
    amazon(amazon_event("Complaint", complainedRecipients=[{"emailAddress": "a@b.example"}]), enveloped=True),
)


@given(st.binary(max_size=2_000))
def test_no_octets_raise(raw: bytes) -> None:
    assert isinstance(read(raw).kind, BounceKind)


@given(st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=12), max_size=30))
def test_no_combination_of_headers_and_encodings_raises(pieces: list[bytes]) -> None:
    assert read(b"".join(pieces)).kind in BounceKind


@given(st.data())
def test_no_damaged_report_raises(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(DAMAGED)))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=10))
    assert isinstance(read(bytes(raw)).kind, BounceKind)


def test_a_deep_nest_and_a_long_line_are_survived() -> None:
    nest = b"Content-Type: message/rfc822\n\n" * 3_000
    assert read(nest + b"a@" * 500_000).kind is BounceKind.UNKNOWN


def test_a_report_whose_base64_is_damaged_leaves_the_rest_of_the_mail() -> None:
    raw = as_base64(report().replace(b"\r\n", b"\n"), b"message/delivery-status")
    head, _, rest = raw.partition(b"base64\n\n")
    returned = read(head + b"base64\n\nabcde\n\n--b" + rest.partition(b"--b")[2])
    assert (returned.kind, returned.original_id) == (BounceKind.SOFT, "0a1b2c@example.org")


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "utf-8", "raw-unicode-escape"])
def test_a_lone_surrogate_is_stored_nowhere(charset: str) -> None:
    surrogate = {"utf-16": b"\xff\xfea\0\x16\xdf", "utf-7": b"+3xY-", "utf-8": b"\xed\xbc\x96"}.get(charset, b"\\udf16")
    body = surrogate + b"kari@reader.example\r\nMessage-ID: <" + surrogate + b"@example.org>"
    body += b"\r\nList-Unsubscribe: <https://example.org/" + surrogate + b">\r\n"
    kind = f"Content-Type: text/rfc822-headers; charset={charset}\r\nMessage-ID: <".encode()
    found = read(b"From: MAILER-DAEMON@mx.example\r\n" + kind + surrogate + b"@mx.example>\r\n\r\n" + body)
    said = (found.text, found.message_id, found.original_id, found.unsubscribe, *found.recipients, *found.about)
    assert "".join(said).encode()


LONG_FIELDS = [
    b'multipart/mixed; a="' + b";" * 1_400_000,
    b'multipart/mixed; a="' + (b";" * 900 + b"\r\n ") * 1_500,
    b"multipart/mixed; boundary=b" + (b";a=b" * 200 + b"\r ") * 1_500,
    b"multipart/mixed; boundary=b" + (b";a*0*=b" * 100 + b"\n\t") * 1_500,
]


@pytest.mark.parametrize("field", LONG_FIELDS, ids=["one line", "folded", "parameters", "continuations"])
@pytest.mark.parametrize("within", [b"", b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"])
def test_the_time_for_a_long_field_is_linear_to_its_size(field: bytes, within: bytes) -> None:
    raw = within + b"Content-Type: " + field + b"\r\nX: application/\r\n\r\n"
    began = time.process_time()
    read(raw)
    read_reports(raw)
    assert time.process_time() - began < 2  # it was a minute
