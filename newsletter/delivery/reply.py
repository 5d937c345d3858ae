"""Replies of an SMTP server (RFC 5321 4.2), however the network splits them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from newsletter.messages import Problem, delivery as messages, from_text

LONGEST = 65_536
_CODES = {b"%d" % code: code for code in range(200, 600)}
_MARKS = (b" ", b"-", b"\r", b"")
_GOING_WELL = re.compile(rb"(2\d\d) ([^\r\n]*)\r\n2\d\d [^\r\n]*\r\n2\d\d [^\r\n]*\r\n354 [^\r\n]*\r\n")
_STATUS = re.compile(rb"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")
_ADDRESS = re.compile(r"(?<![^\s<>()\[\]\"',:;=@])[^\s<>()\[\]\"',:;=@]++@[^\s<>()\[\]\"',:;]+")
_BLANK = re.compile(r"[\x00-\x20\x7f-\x9f]+")


class InvalidReply(Problem):
    """The server sent something that is not an SMTP reply."""


class Reply(NamedTuple):
    """A reply: its code, and its lines without code and line end, including the enhanced status."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def positive(self) -> bool:
        """Whether the code is 2yz (RFC 5321 4.2.1)."""
        return 200 <= self.code < 300

    @property
    def status(self) -> str:
        """The enhanced status code (RFC 2034, 3463), or ""."""
        match = _STATUS.match(self.lines[0])
        return match[1].decode("ascii") if match else ""

    @property
    def text(self) -> str:
        """The text on one line, at most 300 characters, without status codes and with addresses replaced by an
        ellipsis.
        """
        words = b" ".join(_STATUS.sub(b"", line, count=1) for line in self.lines).decode("utf-8", "replace")
        return _BLANK.sub(" ", redact_addresses(words)).strip()[:300]

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.code, self.status, self.text) if part)


def redact_addresses(text: str) -> str:
    """Return a server's text with each address replaced by an ellipsis."""
    return _ADDRESS.sub("…", text)


def redact_address(text: str, address: str) -> str:
    """Return a server's text without this address, or the part before its `@`."""
    for name in (address, address.rpartition("@")[0]):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return text


def redact_stored(text: str, address: str) -> str:
    """Return a stored text, which is a server's or a message, without this address."""
    message = from_text(text)
    return message.changed(lambda words: redact_address(words, address)).to_text() if message else ""


class ReplyParser:
    """Parses replies from octets."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []
        self._size = 0

    @property
    def unfinished(self) -> bool:
        """Whether the beginning of a reply has arrived, but not its end."""
        return bool(self._rest or self._lines)

    def parse_pipelined_success(self, data: bytes) -> Reply | None:
        """Return the first of four replies if `data` is exactly three 2yz replies and one 354; otherwise None.

        A server answers a final dot and the envelope behind it like this as long as nothing fails; `feed` would return
        the same four replies one by one. If None is returned, `data` is not consumed.
        """
        match = None if self._rest or self._lines else _GOING_WELL.fullmatch(data)
        return Reply(int(match[1]), (match[2],)) if match else None

    def feed(self, data: bytes) -> Iterator[Reply]:
        """Yield the replies that `data` completes. Raises `InvalidReply` if the next one would be invalid."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        self._size += len(data)
        for line in lines:
            code, mark = _CODES.get(line[:3]), line[3:4]
            if code is None or mark not in _MARKS:
                words = line[:80].decode("ascii", "backslashreplace")
                raise InvalidReply(messages.NOT_A_REPLY(words=words))
            self._lines.append(line[4:].removesuffix(b"\r"))
            if mark != b"-":
                whole, self._lines, self._size = tuple(self._lines), [], 0
                yield Reply(code, whole)
        if self._size > LONGEST:
            raise InvalidReply(messages.REPLY_TOO_LONG())
