"""Reads an email of the bounce mailbox, without the database: DMARC reports, or else a bounce or a complaint.

Anyone can send such an email. One that is large or has attachments is read in a child process with limits, so that it
costs a bounded amount of time and memory; reading any other takes time linear to its size.
"""

from types import TracebackType
from typing import Self

from newsletter.bounces.reading import Returned
from newsletter.deliverability.dmarc.aggregate import AggregateReport, read_reports
from newsletter.sandbox import Sandbox

CPU_SECONDS, MEGABYTES = 10, 256
"""What the child may take for one email."""

LARGE = 100_000
"""The octets from which on an email is read in the child."""

_SIGNS = (b"application/", b"text/xml")


def has_attachments(raw: bytes) -> bool:
    """Return whether an email has attachments that may be reports."""
    return any(sign in raw[:LARGE].lower() for sign in _SIGNS)


def needs_child(raw: bytes) -> bool:
    """Return whether an email is read in the child."""
    return len(raw) >= LARGE or has_attachments(raw)


def read_mail(raw: bytes) -> list[AggregateReport] | Returned:
    """Return the DMARC reports in an email, else what it reports itself. Raises InvalidReport."""
    from newsletter.bounces.reading.parsing import read  # imported by the first email: most sites have no mailbox

    return (read_reports(raw) if has_attachments(raw) else []) or read(raw)


class MailReader:
    """Reads emails, with one child for all of them that need one. A context manager."""

    def __init__(self) -> None:
        self._sandbox = Sandbox(CPU_SECONDS, MEGABYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._sandbox.close()

    def read(self, raw: bytes) -> list[AggregateReport] | Returned:
        """Return what `read_mail` returns. Raises InvalidReport, and LimitExceeded if the child took too much."""
        return self._sandbox.run(read_mail, raw) if needs_child(raw) else read_mail(raw)
