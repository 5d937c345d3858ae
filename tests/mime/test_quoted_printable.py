"""Quoted-printable that mail servers and mailbox files leave alone."""

import quopri

from hypothesis import given, strategies as st

from newsletter.domain.encoded_email import Slot, SlotEncoding, SlotValue
from newsletter.mime.quoted_printable import encode, encode_pieces, encode_value

SLOT = Slot(SlotValue.TOKEN, SlotEncoding.ASCII)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=400)
awkward = st.lists(st.sampled_from([".", "From ", "=", " ", "\t", "\n", "a" * 74, "é", "👨", "x"]), max_size=60).map(
    "".join
)


@given(texts | awkward)
def test_encoding_and_decoding_return_the_same_text(text: str) -> None:
    assert quopri.decodestring(encode(text).replace(b"\r\n", b"\n")).decode() == text


@given(texts | awkward)
def test_lines_are_short_and_need_no_stuffing(text: str) -> None:
    for line in encode(text).split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))
        assert not line.endswith((b" ", b"\t"))


@given(st.lists(texts | awkward, min_size=2, max_size=5), st.integers(1, 75))
def test_values_may_stand_between(parts: list[str], length: int) -> None:
    pieces = encode_pieces(piece for part in parts for piece in (part, SLOT))
    mail = b"".join(piece if isinstance(piece, bytes) else b"T" * length for piece in pieces)
    assert all(len(line) <= 76 and not line.startswith(b".") for line in mail.split(b"\r\n"))
    decoded = quopri.decodestring(mail.replace(b"\r\n", b"\n")).decode()
    assert decoded == "".join(part + "T" * length for part in parts)


def test_neighbouring_bytes_are_one_piece() -> None:
    assert encode_pieces(["a", SLOT, "", "b"]) == (b"a=\r\n", SLOT, b"=\r\nb")


@given(texts | awkward)
def test_a_value_needs_no_stuffing_on_a_line_of_its_own(text: str) -> None:
    encoded = encode_value(text.encode())
    assert quopri.decodestring(encoded.replace(b"\r\n", b"\n")).decode() == text
    for line in encoded.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))
        assert not line.endswith((b" ", b"\t"))


def test_a_line_that_fills_its_row_is_not_broken() -> None:
    assert [length for length in range(160) if encode("x" * length).endswith(b"=\r\n")] == []
