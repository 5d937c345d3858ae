"""From bytes to text."""

import codecs
import subprocess
import sys

import pytest
from hypothesis import given, settings, strategies as st

from newsletter.feeds.formats.decode import decode

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


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Весна пришла в город, и это длинная статья о том, как мы живём.", "koi8-r"),
        ("Весна пришла в город, и это длинная статья о том, как мы живём.", "windows-1251"),
        ("春の海、終日のたりのたりかな。これは長い日本語の文章です。", "cp932"),
        ("春の海、終日のたりのたりかな。これは長い日本語の文章です。", "euc-jp"),
        ("北京的春天来了，这是一篇关于城市的文章。我们喜欢这个地方。", "gb18030"),
        ("Title “““““““““““““““““““““““““““““““““ quoted", "windows-1252"),
    ],
)
def test_an_encoding_that_nothing_or_utf_8_is_declared_for_is_known_by_its_bytes(text: str, encoding: str) -> None:
    for declaration in ("", "<?xml version='1.0' encoding='utf-8'?>"):
        document = f"{declaration}<rss><item><title>{text}</title><description>{text}</description></item></rss>"
        assert decode(document.encode(encoding)) == document


@pytest.mark.parametrize("beginning", ["<rss>", "<rss >"])
def test_an_encoding_is_known_wherever_a_long_document_is_cut_to_look_at_it(beginning: str) -> None:
    document = beginning + "<title>春の海、終日のたりのたりかな。これは長い日本語の文章です。</title>" * 1_000
    assert decode(document.encode("cp932")) == document


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


def octet_by_octet(body: bytes) -> str:
    """What is not UTF-8 is windows-1252, one octet at a time: the definition, written plainly."""
    text, here = "", 0
    while here < len(body):
        for length in (1, 2, 3, 4):
            try:
                text += body[here : here + length].decode("utf-8")
            except UnicodeDecodeError:
                continue
            here += length
            break
        else:
            text += body[here : here + 1].decode("cp1252", "replace")
            here += 1
    return text


PIECES = st.sampled_from(
    [b"a", "é".encode(), "€".encode(), "😀".encode(), b"\xe9", b"\x8b", b"\xe2\x82", b"\xed\xa0\x80", b"\xf0\x9f"]
)


@given(st.lists(PIECES, max_size=12).map(b"".join) | st.binary(max_size=12))
def test_octets_that_are_not_utf_8_are_windows_1252_one_by_one(body: bytes) -> None:
    assert decode(b"<x>" + body) == "<x>" + octet_by_octet(body)


@pytest.mark.e2e
def test_a_large_document_in_another_encoding_needs_little_memory() -> None:
    """The pattern for mixed encodings once kept state for each octet: 600 MB for 8 MB."""
    program = (
        "import resource; from newsletter.feeds.formats.decode import decode; "
        "resource.setrlimit(resource.RLIMIT_DATA, (200_000_000,) * 2); "
        "print(len(decode(b'\\x8b' * 8_000_000, 'text/xml; charset=windows-1252')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("8000000\n", "")
