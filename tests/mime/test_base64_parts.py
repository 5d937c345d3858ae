"""Base64 with recipients' values in it, as other people's decoders read it."""

import base64
import re

import pytest
from hypothesis import given, strategies as st

from newsletter.domain.encoded_email import Slot, SlotEncoding, SlotValue
from newsletter.mime.base64_parts import encode_pieces, encode_value

TOKEN = Slot(SlotValue.TOKEN, SlotEncoding.ASCII)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=200)
values = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=150)


def joined(parts: list[str | Slot], value: str, *, html: bool) -> bytes:
    pieces = encode_pieces(parts, html=html)
    assert pieces is not None
    return b"".join(p if isinstance(p, bytes) else encode_value(p, value.encode()) for p in pieces)


def decoded(body: bytes) -> str:
    """Decode strictly: nothing but the last group may be filled."""
    lines = body.split(b"\r\n")
    assert lines[-1] == b""
    assert all(0 < len(line) <= 76 for line in lines[:-1])
    return base64.b64decode(b"".join(lines), validate=True).decode().replace("\r\n", "\n")


@given(st.lists(texts, min_size=1, max_size=5), values)
def test_values_stand_in_tags_and_spaces_only_at_their_ends(literals: list[str], value: str) -> None:
    literals = [literals[0], *(f'">{text}' for text in literals[1:])]
    parts = [part for text in literals for part in (text, TOKEN)][:-1]
    mail = decoded(joined(parts, value, html=True))
    assert re.fullmatch(" {0,2}>".join(map(re.escape, value.join(literals).split(">"))), mail)
    assert len(mail) - len(value.join(literals)) <= 2 * (len(literals) - 1)


@given(st.lists(texts, min_size=1, max_size=5), values)
def test_values_stand_in_lines_and_spaces_only_at_their_ends(literals: list[str], value: str) -> None:
    literals = [literals[0], *(f"\n{text}" for text in literals[1:])]
    parts = [part for text in literals for part in (text, TOKEN)][:-1]
    mail = decoded(joined(parts, value, html=False))
    assert re.fullmatch(" {0,2}\n".join(map(re.escape, value.join(literals).split("\n"))), mail)


@pytest.mark.parametrize(
    ("parts", "html"),
    [
        (["Hei ", TOKEN, " og ", TOKEN, "\n"], False),
        (["Hei ", TOKEN], False),
        (["<p>", TOKEN, " ", TOKEN, "</p>"], True),
        (["<p>", TOKEN, "<!--[if mso]>"], True),
    ],
)
def test_without_room_for_spaces_there_is_no_base64(parts: list[str | Slot], html: bool) -> None:
    assert encode_pieces(parts, html=html) is None


def test_a_token_of_any_length_is_whole() -> None:
    parts: list[str | Slot] = ["소식 https://brev.example/u/", TOKEN, "\n끝\n"]
    for token in ("T" * length for length in range(1, 121)):
        assert decoded(joined(parts, token, html=False)).split() == ["소식", f"https://brev.example/u/{token}", "끝"]


def test_recipients_differ_in_few_octets() -> None:
    """The parts that all recipients share are encoded once."""
    pieces = encode_pieces(["가" * 4000 + '<a href="', TOKEN, '">x</a>' + "나" * 4000], html=True)
    assert pieces is not None
    first, slot, last = pieces
    assert isinstance(first, bytes)
    assert isinstance(slot, Slot)
    assert isinstance(last, bytes)
    assert slot.around is not None
    assert sum(map(len, slot.around)) <= 12
