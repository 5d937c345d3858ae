"""ReplyParser, whole and in pieces."""

import subprocess
import sys

import pytest
from hypothesis import given, strategies as st

from newsletter.delivery.reply import LONGEST, InvalidReply, Reply, ReplyParser, redact_address, redact_addresses

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
    parser = ReplyParser()
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
def test_parsing_four_replies_at_once_equals_parsing_one_by_one(lines: list[bytes], before: bytes) -> None:
    short, long, octets = ReplyParser(), ReplyParser(), b"".join(lines)
    assert list(short.feed(before)) == list(long.feed(before)) == []
    try:
        replies = list(long.feed(octets))
    except InvalidReply:
        replies = []
    well = short.parse_pipelined_success(octets)
    if well is not None:
        assert [reply.code // 50 for reply in replies] == [5, 5, 5, 7]
        assert replies[0] == well
        assert before == b""
    elif lines == [b"250 2.0.0 Ok\r\n"] * 3 + [b"354 go on\r\n"]:
        assert before


@pytest.mark.parametrize(
    "line", [b"hello\r\n", b"25\r\n", b"2500 ok\r\n", b"199 no\r\n", b"600 no\r\n", b"\r\n", b"250_ok\r\n"]
)
def test_an_invalid_reply_is_reported(line: bytes) -> None:
    with pytest.raises(InvalidReply):
        list(ReplyParser().feed(line))


def test_replies_before_an_invalid_one_count() -> None:
    replies = ReplyParser().feed(b"250 ok\r\nboo\r\n")
    assert next(replies).code == 250
    with pytest.raises(InvalidReply):
        next(replies)


@pytest.mark.parametrize("flood", [b"x" * (LONGEST + 1), b"250-and more\r\n" * 6000])
def test_a_reply_without_an_end_is_cut_off(flood: bytes) -> None:
    with pytest.raises(InvalidReply, match="a reply that does not end"):
        list(ReplyParser().feed(flood))


def test_a_reply_of_the_greatest_length_is_read_and_the_next_one_is_counted_anew() -> None:
    parser, longest = ReplyParser(), b"250-" + b"x" * (LONGEST - 11) + b"\r\n250 x"
    for _ in range(3):
        assert list(parser.feed(longest)) == []
        assert [reply.code for reply in parser.feed(b"\n")] == [250]


@pytest.mark.parametrize(("code", "positive"), [(200, True), (299, True), (300, False), (354, False), (550, False)])
def test_only_2yz_is_positive(code: int, positive: bool) -> None:
    assert Reply(code, (b"",)).positive is positive


def test_an_address_and_its_local_part_are_left_out_and_its_domain_is_kept() -> None:
    said = "no kari at reader.example; kari@reader.example is unknown, karin is not"
    kept = "no … at reader.example; … is unknown, karin is not"
    assert redact_address(said, "kari@reader.example") == kept


def test_half_a_reply_is_unfinished() -> None:
    parser = ReplyParser()
    for piece, unfinished in ((b"25", True), (b"0-a\r\n", True), (b"250 b\r\n", False), (b"2", True)):
        list(parser.feed(piece))
        assert parser.unfinished is unfinished


def test_a_code_without_text_and_a_bare_line_feed_are_accepted() -> None:
    assert list(ReplyParser().feed(b"250\n")) == [Reply(250, (b"",))]


def test_the_text_holds_neither_codes_nor_addresses_nor_controls() -> None:
    reply = Reply(550, (b"5.1.1 <per@blogg.example>:\x07 unknown", b"5.1.1 ask post@blogg.example"))
    assert reply.status == "5.1.1"
    assert reply.text == "<…>: unknown ask …"
    assert str(reply) == "550 5.1.1 <…>: unknown ask …"


def test_a_text_is_cut_after_300_characters() -> None:
    assert Reply(250, (b"x" * 300,)).text == "x" * 300
    assert Reply(250, (b"x" * 301,)).text == "x" * 300


def test_a_text_without_a_status_is_kept_whole() -> None:
    assert (Reply(250, (b"2 fine",)).status, Reply(250, (b"2 fine",)).text) == ("", "2 fine")


@pytest.mark.e2e
def test_a_long_reply_without_an_address_takes_linear_time() -> None:
    code = "from newsletter.delivery.reply import redact_addresses as w; assert len(w('a' * 500_000)) == 500_000"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_address_in_a_row_of_them_is_left_out() -> None:
    assert redact_addresses("<a@b@c> x=d@e, @f g@") == "<…> x=…, @f g@"
