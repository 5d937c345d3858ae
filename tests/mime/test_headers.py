"""Header field values, read back by the standard library."""

from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given, strategies as st

from newsletter.mime.headers import ascii_address, mailbox, unstructured, with_phrase


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=200))
def test_any_subject_comes_back(text: str) -> None:
    raw = b"Subject: " + unstructured("Subject", text) + b"\r\n\r\n"
    assert all(len(line) <= 76 for line in raw.split(b"\r\n"))
    assert message_from_bytes(raw, policy=policy.default)["Subject"] == text


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=80))
def test_any_name_comes_back(name: str) -> None:
    field = mailbox(name, b"a@example.org").decode().replace("\r\n", "")
    shown, address = parseaddr(field)
    assert (str(make_header(decode_header(shown))), address) == (name, "a@example.org")


def test_a_header_cannot_be_injected() -> None:
    assert unstructured("Subject", "a\r\nBcc: x@example.org") == b"a Bcc: x@example.org"
    assert b"\n" not in mailbox("a\r\nBcc: x", b"a@example.org")


def test_an_international_domain_is_written_in_ascii() -> None:
    assert ascii_address("brev@blåbær.example") == b"brev@xn--blbr-roah.example"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=120), st.integers(1, 64))
def test_no_name_makes_a_line_over_the_limit_or_adds_one(name: str, length: int) -> None:
    for line in (b"Reply-To: " + mailbox(name, b"a" * length)).split(b"\r\n"):
        assert len(line) <= 78
        assert b"\n" not in line
        assert b"\r" not in line


@pytest.mark.parametrize(
    ("name", "field"),
    [("Brev", b"Brev <id>"), ("", b"<id>"), ("a, b", b'"a, b" <id>'), ("blå", b"=?utf-8?b?YmzDpQ==?= <id>")],
)
def test_a_phrase_before_brackets(name: str, field: bytes) -> None:
    assert with_phrase(name, b"id") == field
