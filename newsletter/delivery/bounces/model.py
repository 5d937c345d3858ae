"""The result of parsing a bounce: what it reports, and about which email."""

from dataclasses import dataclass
from enum import StrEnum

from newsletter.domain.outcome import Fault


class BounceKind(StrEnum):
    """What came back: `hard` says that there is no such mailbox, `soft` that the mail was not taken for another reason,
    or not yet.

    `nothing` was understood and asks for nothing (a receipt, an automatic reply, a report on authentication), `unknown`
    was not understood.
    """

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Returned:
    """A mail from the bounce mailbox, read; nothing in it is proof of anything.

    `delayed` is true of a soft bounce that is only a warning: the server goes on trying (RFC 3464 2.3.3), and the mail
    may still arrive. `status` is the enhanced status (RFC 3463) or "", `text` the server's reply without addresses,
    `fault` whose a soft bounce was. `to` are the addresses that the mail itself came to, `about` those in its report
    and in the headers of the mail that it brings back; `original_id` is that mail's Message-ID without its brackets,
    and `unsubscribe` its List-Unsubscribe. `message_id` is the mail's own.
    """

    kind: BounceKind
    delayed: bool = False
    fault: Fault = Fault.NONE
    recipients: tuple[str, ...] = ()
    status: str = ""
    text: str = ""
    to: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    message_id: str = ""
    original_id: str = ""
    unsubscribe: str = ""
