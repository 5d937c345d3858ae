"""The extensions that an SMTP server offers, and the commands that follow from them."""

import re
from dataclasses import dataclass
from typing import Self

from newsletter.delivery.reply import Reply
from newsletter.domain.outcome import Fault
from newsletter.messages import Message, delivery as messages
from newsletter.mime.message_builder import EncodedMessage


@dataclass(frozen=True, slots=True)
class Features:
    """The extensions in a reply to EHLO. `size` is the maximum size in octets (RFC 1870: at most 20 digits), 0 for
    none.
    """

    pipelining: bool = False
    eight_bit: bool = False
    utf8: bool = False
    dsn: bool = False
    starttls: bool = False
    size_known: bool = False
    size: int = 0
    auth: tuple[str, ...] = ()

    @classmethod
    def of(cls, reply: Reply) -> Self:
        """Parse the reply to EHLO (RFC 5321 4.1.1.1); unknown keywords are ignored."""
        words = [line.decode("ascii", "replace").upper().split() for line in reply.lines[1:]]
        offered = {word[0]: word[1:] for word in words if word}
        size = offered.get("SIZE", [])
        return cls(
            pipelining="PIPELINING" in offered,
            eight_bit="8BITMIME" in offered,
            utf8="SMTPUTF8" in offered,
            dsn="DSN" in offered,
            starttls="STARTTLS" in offered,
            size_known="SIZE" in offered,
            size=int(size[0]) if size and re.fullmatch(r"[0-9]{1,20}", size[0]) else 0,
            auth=tuple(offered.get("AUTH", ())),
        )

    def problem_with(self, message: EncodedMessage) -> tuple[Fault, str, Message] | None:
        """Return why the server can't take this message (fault, status, message), or None."""
        if message.utf8 and not self.utf8:
            return Fault.RECIPIENT, "5.6.7", messages.NO_SMTPUTF8()
        if message.eight_bit and not self.eight_bit:
            return Fault.CONTENT, "5.6.3", messages.NO_8BITMIME()
        if self.size and message.size > self.size:
            return Fault.CONTENT, "5.3.4", messages.TOO_LARGE(size=message.size, most=self.size)
        return None

    def commands(self, message: EncodedMessage) -> bytes:
        """Return MAIL, RCPT and DATA, one per line, with the parameters that the server supports."""
        parameters = b" SIZE=%d" % message.size if self.size_known else b""
        if message.eight_bit:
            parameters += b" BODY=8BITMIME"
        if message.utf8:
            parameters += b" SMTPUTF8"
        if self.dsn:
            parameters += b" RET=HDRS"
        notify = b" NOTIFY=FAILURE" if self.dsn else b""
        names = (message.sender, parameters, message.recipient, notify)
        return b"MAIL FROM:<%s>%s\r\nRCPT TO:<%s>%s\r\nDATA\r\n" % names
