"""Email addresses: what is wrong with one, and which domains lead to the same mailboxes."""

from newsletter.messages import Message, subscriptions as messages

LONGEST_DOMAIN = 253
GMAIL, GOOGLEMAIL = "gmail.com", "googlemail.com"
"""Google's own domains: an address at one of them is the same mailbox at the other."""
_ALSO_BEFORE = "!#$%&'*+-/=?^_`{|}~."
"""What the part before the @ may have besides letters and digits (RFC 5322 3.2.3)."""


def fault(text: str) -> Message:
    """Return what is wrong with a text that is not an email address.

    The sentences of email-validator are English only.
    """
    local, at, domain = text.strip().rpartition("@")
    if not at:
        return messages.NO_AT()
    return _of_parts(local, domain) or messages.DOMAIN()


def _of_parts(local: str, domain: str) -> Message | None:
    strange = [c for c in local if not (c.isalnum() or c in _ALSO_BEFORE)]
    strange += [c for c in domain if not (c.isalnum() or c in "-.")]
    characters = " ".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in dict.fromkeys(strange))
    faults = (
        (not local, messages.NO_LOCAL()),
        (not domain, messages.NO_DOMAIN()),
        ("<" in strange or ">" in strange, messages.NOT_ALONE()),
        ("@" in local, messages.SEVERAL()),
        (any(c.isspace() for c in strange), messages.HAS_SPACE()),
        (bool(strange), messages.CHARACTERS(characters=characters)),
        (any(".." in f".{part}." for part in (local, domain)), messages.PERIODS()),
        ("." not in domain, messages.NO_PERIOD()),
        (len(domain) > LONGEST_DOMAIN, messages.TOO_LONG()),
    )
    return next((message for is_so, message in faults if is_so), None)


def mailbox_domain(domain: str) -> str:
    """Return the domain that stands for all that lead to the same mailboxes, in small letters.

    Limits count by it. Addresses stay as they are: one at gmail.com and one at googlemail.com are two subscribers.
    """
    lower = domain.lower()
    return GMAIL if lower == GOOGLEMAIL else lower
