"""Replies, whole and in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.reply import LONGEST, Garbage, Replies, Reply

WORDS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), max_size=20)


@given(
    st.lists(st.tuples(st.integers(200, 599), st.lists(WORDS, min_size=1, max_size=3)), max_size=5),
    st.integers(1, 7),
)
def test_replies_are_the_same_however_they_arrive(said: list[tuple[int, list[str]]], step: int) -> None:
    octets = b"".join(
        b"".join(f"{code}{' ' if at == len(lines) - 1 else '-'}{line}\r\n".encode() for at, line in enumerate(lines))
        for code, lines in said
    )
    parser = Replies()
    got = [reply for at in range(0, len(octets), step) for reply in parser.feed(octets[at : at + step])]
    assert got == [Reply(code, tuple(line.encode() for line in lines)) for code, lines in said]


SAID = st.sampled_from(
    [
        b"250 2.0.0 Ok\r\n",
        b"250 \r\n",
        b"251 moved\r\n",
        b"354 go on\r\n",
        b"250-more\r\n",
        b"250\r\n",
        b"421 no\r\n",
        b"550 5.1.1 gone\r\n",
        b"250 half",
        b"boo\r\n",
        b"250 Ok\n",
        b"250 a\rb\r\n",
    ]
)


@given(st.lists(SAID, min_size=3, max_size=5), st.sampled_from([b"", b"250-first\r\n", b"25"]))
def test_the_short_way_through_a_whole_group_says_what_the_long_way_does(lines: list[bytes], before: bytes) -> None:
    short, long, octets = Replies(), Replies(), b"".join(lines)
    assert list(short.feed(before)) == list(long.feed(before)) == []
    try:
        replies = list(long.feed(octets))
    except Garbage:
        replies = []
    well = short.going_well(octets)
    if well is not None:
        assert [reply.code // 50 for reply in replies] == [5, 5, 5, 7]
        assert replies[0] == well
        assert before == b""
    elif lines == [b"250 2.0.0 Ok\r\n"] * 3 + [b"354 go on\r\n"]:
        assert before


@pytest.mark.parametrize(
    "line", [b"hello\r\n", b"25\r\n", b"2500 ok\r\n", b"199 no\r\n", b"600 no\r\n", b"\r\n", b"250_ok\r\n"]
)
def test_what_is_no_reply_is_said_to_be_none(line: bytes) -> None:
    with pytest.raises(Garbage):
        list(Replies().feed(line))


def test_replies_before_garbage_count() -> None:
    replies = Replies().feed(b"250 ok\r\nboo\r\n")
    assert next(replies).code == 250
    with pytest.raises(Garbage):
        next(replies)


@pytest.mark.parametrize("flood", [b"x" * (LONGEST + 1), b"250-and more\r\n" * 6000])
def test_a_reply_without_an_end_is_cut_off(flood: bytes) -> None:
    with pytest.raises(Garbage, match="without an end"):
        list(Replies().feed(flood))


def test_clearing_forgets_half_a_reply() -> None:
    parser = Replies()
    assert list(parser.feed(b"250-half\r\n25")) == []
    parser.clear()
    assert [r.code for r in parser.feed(b"220 whole\r\n")] == [220]


def test_a_bare_code_and_a_bare_line_feed_are_taken() -> None:
    assert list(Replies().feed(b"250\n")) == [Reply(250, (b"",))]


def test_the_text_holds_neither_codes_nor_addresses_nor_controls() -> None:
    reply = Reply(550, (b"5.1.1 <per@blogg.example>:\x07 unknown", b"5.1.1 ask post@blogg.example"))
    assert reply.status == "5.1.1"
    assert reply.text == "<…>: unknown ask …"
    assert str(reply) == "550 5.1.1 <…>: unknown ask …"


def test_a_text_without_a_status_is_kept_whole() -> None:
    assert (Reply(250, (b"2 fine",)).status, Reply(250, (b"2 fine",)).text) == ("", "2 fine")
