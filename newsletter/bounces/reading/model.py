"""The result of parsing a bounce: what it reports, and about which email."""

from dataclasses import dataclass
from enum import StrEnum

from newsletter.domain.outcome import Fault


class BounceKind(StrEnum):
    """The kind of a returned email.

    `hard` says that there is no such mailbox, `soft` that the email was not accepted for another reason, or not yet.
    `nothing` needs no action (a receipt, an automatic reply, a report on authentication), `unknown` was not understood.
    """

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Returned:
    """A mail from the bounce mailbox, read; nothing in it is proof of anything.

    `delayed` is true of a soft bounce that is only a warning: the server goes on trying (RFC 3464 2.3.3), and the email
    may still arrive. `status` is the enhanced status (RFC 3463) or "", `text` the server's reply without addresses,
    `fault` whose a soft bounce was. `to` are the addresses that the email itself came to, `about` those in its report
    and in the headers of the email that it brings back; `original_id` is that email's Message-ID without its brackets,
    and `unsubscribe` its List-Unsubscribe. `message_id` is the email's own, and
    `senders` has the address in its From.
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
    senders: tuple[str, ...] = ()
    original_id: str = ""
    unsubscribe: str = ""
