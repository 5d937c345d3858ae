"""Domains whose addresses lead to the same mailboxes."""

GMAIL, GOOGLEMAIL = "gmail.com", "googlemail.com"
"""Google's own domains: an address at one of them is the same mailbox at the other."""


def mailbox_domain(domain: str) -> str:
    """Return the domain that stands for all that lead to the same mailboxes, in small letters.

    Limits count by it. Addresses stay as they are: one at gmail.com and one at googlemail.com are two subscribers.
    """
    lower = domain.lower()
    return GMAIL if lower == GOOGLEMAIL else lower
