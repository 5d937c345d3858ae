"""The cause of a refusal: from the words that the server used, or else from its enhanced status (RFC 3463)."""

import re
from functools import lru_cache

from newsletter.bounces.reading.rules import Cause, matching_rule
from newsletter.delivery.outcome import Phase, fault_of
from newsletter.delivery.reply import redact_addresses
from newsletter.domain.outcome import Fault

LONGEST = 20_000
_BLANK = re.compile(r"[\x00-\x20\x7f-\x9f]+")
_BARE = re.compile(r"[245]\.(?:[0-9]+\.0|5\.[0-9]+)")
_FAULTS = {
    Cause.NONE: Fault.NONE,
    Cause.TRY_AGAIN: Fault.CONNECTION,
    Cause.SENDER: Fault.POLICY,
    Cause.FULL: Fault.MAILBOX,
    Cause.DISABLED: Fault.MAILBOX,
    Cause.LOCAL_FAULT: Fault.MAILBOX,
    Cause.CLOSED: Fault.RECIPIENT,
    Cause.DOCUMENTED: Fault.RECIPIENT,
    Cause.NO_MAILBOX: Fault.RECIPIENT,
    Cause.NO_DOMAIN: Fault.RECIPIENT,
    Cause.POLICY: Fault.POLICY,
    Cause.CONTENT: Fault.CONTENT,
    Cause.NOT_REACHED: Fault.CONNECTION,
    Cause.REJECTED: Fault.RECIPIENT,
}


def redacted_line(text: str) -> str:
    """Return the words on one line, with an ellipsis for each address."""
    return _BLANK.sub(" ", redact_addresses(text)).strip()


@lru_cache(maxsize=4)  # the same prose is asked about for each recipient of a report
def cause_of_words(text: str) -> Cause:
    """Return the cause that the words name; NONE if they match no rule. Looks at the first `LONGEST` characters."""
    rule = matching_rule(redacted_line(text[:LONGEST]))
    return rule.cause if rule else Cause.NONE


def fault_of_words(text: str) -> Fault:
    """Return the fault that the words name; NONE if they match no rule. Looks at the first `LONGEST` characters."""
    return _FAULTS[cause_of_words(text)]


def fault_of_status(status: str) -> Fault:
    """Return the fault that an enhanced status names; NONE if it only says that something was wrong."""
    return Fault.NONE if not status or _BARE.fullmatch(status) else fault_of(Phase.RCPT, 0, status, "")
