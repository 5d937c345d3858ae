"""What an SMTP server offers, and so how a mail is announced to it."""

from dataclasses import dataclass
from typing import Self

from newsletter.delivery.message import Mail
from newsletter.delivery.reply import Reply
from newsletter.mail import Fault


@dataclass(frozen=True, slots=True)
class Features:
    """What EHLO offered. `size` is the largest mail in octets, 0 where none is named (RFC 1870)."""

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
        """From the reply to EHLO; unknown words are passed over."""
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
            size=int(size[0]) if size and size[0].isdigit() else 0,
            auth=tuple(offered.get("AUTH", ())),
        )

    def unfit(self, mail: Mail) -> tuple[Fault, str, str] | None:
        """Why the server cannot take this mail (fault, status, sentence), None where it can."""
        if mail.utf8 and not self.utf8:
            return Fault.READER, "5.6.7", "the mail server takes no addresses with letters beyond ASCII (SMTPUTF8)"
        if mail.eight_bit and not self.eight_bit:
            return Fault.CONTENT, "5.6.3", "the mail server takes 7-bit mails only (8BITMIME)"
        if self.size and mail.size > self.size:
            return Fault.CONTENT, "5.3.4", f"the mail has {mail.size} octets, the mail server takes {self.size}"
        return None

    def commands(self, mail: Mail) -> bytes:
        """MAIL, RCPT and DATA for a mail, a line each, with the parameters that the server knows."""
        parameters = b" SIZE=%d" % mail.size if self.size_known else b""
        if mail.eight_bit:
            parameters += b" BODY=8BITMIME"
        if mail.utf8:
            parameters += b" SMTPUTF8"
        if self.dsn:
            parameters += b" RET=HDRS"
        notify = b" NOTIFY=FAILURE" if self.dsn else b""
        names = (mail.sender, parameters, mail.recipient, notify)
        return b"MAIL FROM:<%s>%s\r\nRCPT TO:<%s>%s\r\nDATA\r\n" % names
