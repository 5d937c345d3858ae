"""What an SMTP server answers (RFC 5321 4.2), in whatever pieces the network brings it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 65_536
_CODES = {b"%d" % code: code for code in range(200, 600)}
_MARKS = (b" ", b"-", b"\r", b"")
_GOING_WELL = re.compile(rb"(2\d\d) ([^\r\n]*)\r\n2\d\d [^\r\n]*\r\n2\d\d [^\r\n]*\r\n354 [^\r\n]*\r\n")
_STATUS = re.compile(rb"([245]\.\d{1,3}\.\d{1,3})(?:\s+|$)")
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',:;=]+@[^\s<>()\[\]\"',:;]+")
_BLANK = re.compile(r"[\x00-\x20\x7f-\x9f]+")


class Garbage(Exception):
    """What came is no SMTP reply."""


class Reply(NamedTuple):
    """A reply: its code, and the lines' text without code, status or line ends still in."""

    code: int
    lines: tuple[bytes, ...]

    @property
    def positive(self) -> bool:
        """2yz: done."""
        return 200 <= self.code < 300

    @property
    def status(self) -> str:
        """The enhanced status code (RFC 2034, 3463), or "" where there is none."""
        found = _STATUS.match(self.lines[0])
        return found[1].decode("ascii") if found else ""

    @property
    def text(self) -> str:
        """The server's words on one line, without status codes, addresses replaced by an ellipsis; at most 300
        characters.
        """
        words = b" ".join(_STATUS.sub(b"", line, count=1) for line in self.lines).decode("utf-8", "replace")
        return _BLANK.sub(" ", without_addresses(words)).strip()[:300]

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.code, self.status, self.text) if part)


def without_addresses(text: str) -> str:
    """A server's words, each address in them replaced by an ellipsis."""
    return _ADDRESS.sub("…", text)


def nameless(text: str, address: str) -> str:
    """A server's words without this address, nor what stands before its `@`."""
    for name in (address, address.rpartition("@")[0]):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return text


class Replies:
    """Makes replies of octets."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []
        self._size = 0

    def clear(self) -> None:
        """Forget what has arrived: after STARTTLS nothing from before it counts (RFC 3207 4.2)."""
        self.__init__()  # type: ignore[misc]

    def going_well(self, data: bytes) -> Reply | None:
        """The first of four replies, where `data` is just these: three that say 2yz and one that says 354.

        So a server answers a final dot and the group behind it as long as all goes well; `feed` would say the same of
        them, one by one. None, and nothing is taken in, where it is anything else.
        """
        found = None if self._rest or self._lines else _GOING_WELL.fullmatch(data)
        return Reply(int(found[1]), (found[2],)) if found else None

    def feed(self, data: bytes) -> Iterator[Reply]:
        """The replies that `data` completes, one after the other; raises `Garbage` where the next one would be
        none.
        """
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        self._size += len(data)
        for line in lines:
            code, mark = _CODES.get(line[:3]), line[3:4]
            if code is None or mark not in _MARKS:
                raise Garbage(f"no SMTP reply: {line[:80].decode('ascii', 'backslashreplace')}")
            self._lines.append(line[4:].removesuffix(b"\r"))
            if mark != b"-":
                whole, self._lines, self._size = tuple(self._lines), [], 0
                yield Reply(code, whole)
        if self._size > LONGEST:
            raise Garbage("a reply without an end")
