"""From bytes to text."""

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.feeds.decode import decode

TEXT = "<rss><channel><title>Blåbær, noël, Straße</title></channel></rss>"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (TEXT.encode(), ""),
        (TEXT.encode(), "text/xml; charset=iso-8859-1"),
        (TEXT.encode("latin-1"), ""),
        (TEXT.encode("latin-1"), "text/xml; charset=utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), ""),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), ""),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), ""),
        (TEXT.encode("latin-1"), "text/xml; charset=no-such-thing"),
        (TEXT.encode("latin-1"), "text/xml; charset=base64"),
    ],
)
def test_western_text_is_read_whatever_is_declared(body: bytes, content_type: str) -> None:
    assert decode(body, content_type) == TEXT


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r"])
def test_a_declared_encoding_is_used_where_the_bytes_are_no_utf_8(encoding: str) -> None:
    text = f"<?xml version='1.0' encoding='{encoding}'?><rss>Привет</rss>"
    assert decode(text.encode(encoding)) == text


def test_a_header_counts_where_the_document_says_nothing() -> None:
    assert decode("<rss>ąęś</rss>".encode("iso-8859-2"), "text/xml; charset=ISO-8859-2") == "<rss>ąęś</rss>"


def test_bytes_that_are_utf_8_are_read_so_against_their_declaration() -> None:
    text = "<?xml version='1.0' encoding='ISO-8859-1'?><rss>Brøndby</rss>"
    assert decode(text.encode()) == text


def test_seven_bit_encodings_are_not_taken_for_ascii() -> None:
    text = "<?xml version='1.0' encoding='iso-2022-jp'?><rss>日本</rss>"
    assert decode(text.encode("iso-2022-jp")) == text


def test_one_wrong_byte_spoils_no_other() -> None:
    assert decode("<rss>ø".encode() + b"\xe5" + "æ</rss>".encode()) == "<rss>øåæ</rss>"


@settings(deadline=None)
@given(st.binary(), st.text(max_size=40))
def test_nothing_makes_it_raise(body: bytes, content_type: str) -> None:
    assert isinstance(decode(body, content_type), str)
