"""Reads an email of the bounce mailbox, without the database: DMARC reports, or else a bounce or a complaint.

Anyone can send such an email. One that is large or has attachments is read in a child process with limits, so that it
costs a bounded amount of time and memory; reading any other takes time linear to its size.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from newsletter.bounces.reading import Returned
from newsletter.deliverability.dmarc.aggregate import AggregateReport, read_reports
from newsletter.sandbox import Sandbox

CPU_SECONDS, MEGABYTES = 10, 256
"""What the child may take for one email."""

LARGE = 100_000
"""The octets from which on an email is read in the child."""

Read = Callable[[bytes], list[AggregateReport] | Returned]

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


@contextmanager
def bounded_reader() -> Iterator[Read]:
    """Yield a function like `read_mail` with one child for all emails that need one.

    It raises LimitExceeded if the child took too much.
    """
    with Sandbox(CPU_SECONDS, MEGABYTES) as sandbox:
        yield lambda raw: sandbox.run(read_mail, raw) if needs_child(raw) else read_mail(raw)
