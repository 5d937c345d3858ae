"""The requirements of mailbox providers, from their published rules for senders of many emails.

Google's "Email sender guidelines", Yahoo's "Sender best practices", Microsoft's "Outlook's new requirements for
high-volume senders" with Outlook.com's policies, and Apple's "Postmaster information for iCloud Mail".
"""

from enum import StrEnum

from newsletter.messages import MessageType
from newsletter.messages.deliverability import requirements as messages

MAILBOX_PROVIDERS = ("gmail", "yahoo", "microsoft", "apple")
NAMES = {"gmail": "Gmail", "yahoo": "Yahoo", "microsoft": "Microsoft", "apple": "Apple"}


class Requirement(StrEnum):
    """A requirement, by the name that machine-readable output has for it."""

    SPF = "spf"
    DKIM = "dkim"
    DMARC = "dmarc"
    ALIGNMENT = "alignment"
    RECEIVING = "receiving"
    REVERSE_DNS = "reverse-dns"
    TLS = "tls"
    ONE_CLICK = "one-click"
    DMARC_REPORTS = "dmarc-reports"
    FEEDBACK_ID = "feedback-id"
    BIMI = "bimi"
    TRACKING = "tracking"


REQUIRED_BY: dict[Requirement, tuple[str, ...]] = {
    Requirement.SPF: MAILBOX_PROVIDERS,
    Requirement.DKIM: MAILBOX_PROVIDERS,
    Requirement.DMARC: MAILBOX_PROVIDERS,
    Requirement.ALIGNMENT: ("gmail", "yahoo", "microsoft"),
    Requirement.RECEIVING: ("yahoo", "microsoft"),
    Requirement.REVERSE_DNS: MAILBOX_PROVIDERS,
    Requirement.TLS: ("gmail",),
    Requirement.ONE_CLICK: ("gmail", "yahoo"),
}
"""What is not here is optional."""

TITLES: dict[Requirement, MessageType] = {
    Requirement.SPF: messages.SPF,
    Requirement.DKIM: messages.DKIM_PROVIDER,
    Requirement.DMARC: messages.DMARC,
    Requirement.ALIGNMENT: messages.ALIGNMENT,
    Requirement.RECEIVING: messages.RECEIVING,
    Requirement.REVERSE_DNS: messages.REVERSE_DNS,
    Requirement.TLS: messages.TLS,
    Requirement.ONE_CLICK: messages.ONE_CLICK,
    Requirement.DMARC_REPORTS: messages.DMARC_REPORTS,
    Requirement.FEEDBACK_ID: messages.FEEDBACK_ID,
    Requirement.BIMI: messages.BIMI,
}
"""What a check is about; one of a DKIM key names it, and one of tracking the service."""

PURPOSES: dict[Requirement, MessageType] = {
    Requirement.SPF: messages.WHY_SPF,
    Requirement.DKIM: messages.WHY_DKIM,
    Requirement.DMARC: messages.WHY_DMARC,
    Requirement.ALIGNMENT: messages.WHY_ALIGNMENT,
    Requirement.RECEIVING: messages.WHY_RECEIVING,
    Requirement.REVERSE_DNS: messages.WHY_REVERSE_DNS,
    Requirement.TLS: messages.WHY_TLS,
    Requirement.ONE_CLICK: messages.WHY_ONE_CLICK,
    Requirement.DMARC_REPORTS: messages.WHY_DMARC_REPORTS,
    Requirement.FEEDBACK_ID: messages.WHY_FEEDBACK_ID,
    Requirement.BIMI: messages.WHY_BIMI,
    Requirement.TRACKING: messages.WHY_TRACKING,
}
"""What each is for, and what happens without it."""
