"""Each enhanced status of the registry (RFC 3463, RFC 5248) with a reply that says nothing else."""

from newsletter.bounces.reading import BounceKind, Returned
from newsletter.bounces.reading.parsing import read
from newsletter.domain.outcome import Fault
from tests.bounces.reading.bounce_samples import report

MISSING = ("1.1", "1.2", "1.3", "1.6", "1.10", "4.4")
"""The mailbox or domain does not exist, its address is malformed, it has moved, or it has no route."""

FAULTS = {
    Fault.NONE: (
        "0.0", "1.0", "2.0", "3.0", "4.0", "5.0", "5.1", "5.2", "5.3", "5.4", "5.5", "5.6", "6.0", "7.0",
    ),
    Fault.RECIPIENT: (*MISSING, "6.7"),
    Fault.MAILBOX: ("1.4", "1.5", "1.9", "2.1", "2.2", "2.4", "4.1"),
    Fault.CONTENT: ("2.3", "3.4", "6.1", "6.2", "6.3", "6.4", "6.5", "6.6", "6.8", "6.9", "6.10"),
    Fault.POLICY: ("1.7", "1.8", "4.5", *(f"7.{detail}" for detail in range(1, 31))),
    Fault.CONNECTION: ("3.1", "3.2", "3.3", "3.5", "3.6", "4.2", "4.3", "4.6", "4.7", "4.8"),
}  # fmt: skip


def test_only_statuses_of_a_missing_recipient_are_hard() -> None:
    judged = {
        status: (returned.kind, returned.fault)
        for fault, statuses in FAULTS.items()
        for status in statuses
        if (returned := _refused(f"5.{status}"))
    }
    assert judged == {
        status: (BounceKind.HARD if status in MISSING else BounceKind.SOFT, fault)
        for fault, statuses in FAULTS.items()
        for status in statuses
    }


def test_no_status_of_a_persistent_transient_failure_is_hard() -> None:
    kinds = {_refused(f"4.{status}").kind for statuses in FAULTS.values() for status in statuses}
    assert kinds == {BounceKind.SOFT}


def test_words_about_an_address_with_a_status_of_the_sender_are_about_no_recipient() -> None:
    for status in ("5.1.7", "5.1.8"):
        assert read(report(status=status, diagnostic=f"smtp; 501 {status} Invalid address")).kind is BounceKind.SOFT


def test_a_null_mx_of_the_senders_domain_is_no_missing_recipient() -> None:
    for words in ("Sender address has null MX", "Domain example.org has null MX"):
        refused = report(status="5.7.27", diagnostic=f"smtp; 550 5.7.27 {words}", prose="(in reply to RCPT TO command)")
        assert read(refused).kind is BounceKind.SOFT


def _refused(status: str) -> Returned:
    return read(report(status=status, diagnostic=f"smtp; {status[0]}50 {status} Refused", prose="It was returned."))
