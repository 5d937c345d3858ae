"""Whose fault a bounce was, for the sentences that mail servers use: at least one for each rule."""

import pytest

from newsletter.delivery.bounces.words import LONGEST, fault_of_status, fault_of_words, names_no_host, redacted_line
from newsletter.domain.outcome import Fault

NO_HOST = (
    "No such domain",
    "Unknown host",
    "Illegal host/domain name",
    "NXDOMAIN",
    "The domain has a null MX",
    "Host not found",
    "I couldn't find any host named reader.example",
    "Host or domain name not found",
    "Host reader.example not found",
    "Unrouteable address",
    "Domain name does not exist",
    "Domain can not be found",
    "Bad destination host",
    "No MX record found",
    "This domain does not accept mail",
)
SAID = [
    *((said, Fault.READER) for said in NO_HOST),
    # Temporary, whatever else is said.
    ("Recipient not found, please try again", Fault.CONNECTION),
    ("User unknown, try again later", Fault.CONNECTION),
    ("User unknown. Try later", Fault.CONNECTION),
    ("Message blocked by graylist", Fault.CONNECTION),
    ("Recipient unknown: grey-listed", Fault.CONNECTION),
    # About the sender, in words that are otherwise about the recipient.
    ("Sender address does not exist: mailbox not found", Fault.POLICY),
    ("Domain of sender address not found", Fault.POLICY),
    ("No such user here (sender verification failed)", Fault.POLICY),
    ("Invalid HELO, no such host", Fault.POLICY),
    ("EHLO command: unknown host", Fault.POLICY),
    ("No such user: you are not a member", Fault.POLICY),
    ("Unknown recipient, members only", Fault.POLICY),
    ("Invalid recipient for a closed group", Fault.POLICY),
    ("Unknown user on allowlist", Fault.POLICY),
    ("No such user: identity brev is not verified", Fault.POLICY),
    ("Unauthenticated mail to unknown user", Fault.POLICY),
    ("No such user; purported responsible address refused", Fault.POLICY),
    ("Unknown user after MAIL FROM", Fault.POLICY),
    ("Unknown user, MAIL FROM <> rejected", Fault.POLICY),
    ("Mail to/from an address that has been disabled", Fault.POLICY),
    # The mailbox exists.
    ("Recipient's mailbox is full", Fault.MAILBOX),
    ("User is overquota", Fault.MAILBOX),
    ("Limit exceeded, quota 10 MB", Fault.MAILBOX),
    ("Disk full", Fault.MAILBOX),
    ("Mailbox size limit for this user", Fault.MAILBOX),
    ("Insufficient system storage", Fault.MAILBOX),
    ("Cannot open /var/mail: no such user", Fault.MAILBOX),
    ("Unable to lock the mailbox: user unknown", Fault.MAILBOX),
    ("Could not create the folder", Fault.MAILBOX),
    ("Failed to write the message", Fault.MAILBOX),
    ("The account was disabled", Fault.MAILBOX),
    ("Inactive user, not found", Fault.MAILBOX),
    ("This address has been discontinued", Fault.MAILBOX),
    ("Account suspended", Fault.MAILBOX),
    ("User deactivated, unknown user", Fault.MAILBOX),
    ("Mailbox is locked", Fault.MAILBOX),
    ("Account has expired", Fault.MAILBOX),
    ("Mail has not been collected for a long time", Fault.MAILBOX),
    ("User is not accepting messages", Fault.MAILBOX),
    ("Mailbox on hold", Fault.MAILBOX),
    ("Mailbox is frozen", Fault.MAILBOX),
    # There is no such mailbox.
    ("Mailbox not found", Fault.READER),
    ("The email account that you tried to reach does not exist", Fault.READER),
    ("Address is not recognised here", Fault.READER),
    ("Unknown user", Fault.READER),
    ("No such person at this address", Fault.READER),
    ("Non-existent recipient", Fault.READER),
    ("Illegal alias", Fault.READER),
    ("That is not our customer", Fault.READER),
    ("Mailbox no longer available", Fault.READER),
    ("The user has moved", Fault.READER),
    ("Unknown local-part", Fault.READER),
    ("User not local", Fault.READER),
    ("No mailbox here by that name", Fault.READER),
    ("It doesn't have a reader.example account", Fault.READER),
    ("550 RESOLVER.ADR.RecipNotFound", Fault.READER),
    ("User doesn't have an inbox", Fault.READER),
    ("There is no user of this kind", Fault.READER),
    ("Destinataire inconnu", Fault.READER),
    ("Empfänger unbekannt", Fault.READER),
    ("La dirección no existe", Fault.READER),
    ("She has changed her address", Fault.READER),
    ("Recipient address rejected: Access denied", Fault.READER),
    # The server's policy.
    ("Looks like spam", Fault.POLICY),
    ("Your address is blocked", Fault.POLICY),
    ("You are on a black list", Fault.POLICY),
    ("See https://lists.example/bl?ip=192.0.2.1", Fault.POLICY),
    ("Refused (BL)", Fault.POLICY),
    ("Found in an RBL", Fault.POLICY),
    ("Found in a DNSBL", Fault.POLICY),
    ("The sender is banned", Fault.POLICY),
    ("Bulk email is refused", Fault.POLICY),
    ("UBE is refused", Fault.POLICY),
    ("Unsolicited email", Fault.POLICY),
    ("Poor reputation", Fault.POLICY),
    ("Too many complaints", Fault.POLICY),
    ("Refused by local policy", Fault.POLICY),
    ("Relay not possible", Fault.POLICY),
    ("Access denied", Fault.POLICY),
    ("Authentication required", Fault.POLICY),
    ("SPF check failed", Fault.POLICY),
    ("DKIM check failed", Fault.POLICY),
    ("DMARC check failed", Fault.POLICY),
    ("Refused for security reasons", Fault.POLICY),
    ("Insecure email", Fault.POLICY),
    ("You have no permission", Fault.POLICY),
    ("Denied by the administrator", Fault.POLICY),
    ("Message filtered", Fault.POLICY),
    ("Prohibited", Fault.POLICY),
    ("The recipient is overwhelmed", Fault.POLICY),
    ("You are sending too fast", Fault.POLICY),
    ("Too many recipients", Fault.POLICY),
    ("Too many messages", Fault.POLICY),
    ("Rate limit", Fault.POLICY),
    ("Frequency limit reached", Fault.POLICY),
    ("Throttled", Fault.POLICY),
    ("Too many connections", Fault.POLICY),
    ("Unexpected volume of email", Fault.POLICY),
    ("No PTR for your address", Fault.POLICY),
    ("Reverse DNS failed", Fault.POLICY),
    ("Invalid IP", Fault.POLICY),
    ("Name mismatches client IP", Fault.POLICY),
    ("IP name lookup failed", Fault.POLICY),
    ("Not accepting connections", Fault.POLICY),
    ("Service refused", Fault.POLICY),
    # The content.
    ("A virus was found", Fault.CONTENT),
    ("Malware was found", Fault.CONTENT),
    ("This attachment is refused", Fault.CONTENT),
    ("Content was rejected", Fault.CONTENT),
    ("Message size exceeds the limit", Fault.CONTENT),
    ("Message too big", Fault.CONTENT),
    ("It is too large", Fault.CONTENT),
    ("Header error", Fault.CONTENT),
    ("Duplicate header", Fault.CONTENT),
    ("Multiple addresses in From", Fault.CONTENT),
    ("Violates RFC 5322", Fault.CONTENT),
    ("8-bit characters are refused", Fault.CONTENT),
    # The server was not reached.
    ("Connection timed out", Fault.CONNECTION),
    ("Message expired", Fault.CONNECTION),
    ("Retry timeout", Fault.CONNECTION),
    ("Could not deliver for four days", Fault.CONNECTION),
    ("Not delivered within four days", Fault.CONNECTION),
    ("Delivery failed 12 attempts", Fault.CONNECTION),
    ("Server not responding", Fault.CONNECTION),
    ("No answer from host", Fault.CONNECTION),
    ("Host didn't respond", Fault.CONNECTION),
    ("It has been failing for a long time", Fault.CONNECTION),
    ("Queue too long", Fault.CONNECTION),
    ("Connection refused", Fault.CONNECTION),
    ("Unable to connect", Fault.CONNECTION),
    ("Could not establish an SMTP session", Fault.CONNECTION),
    ("Too many hops", Fault.CONNECTION),
    ("Hop count exceeded", Fault.CONNECTION),
    ("Mail loop", Fault.CONNECTION),
    ("I/O error", Fault.CONNECTION),
    ("Name server failed", Fault.CONNECTION),
    ("DNS failed", Fault.CONNECTION),
    ("Network down", Fault.CONNECTION),
    ("A temporary failure", Fault.CONNECTION),
    ("System error", Fault.CONNECTION),
    # A bare rejection is about the recipient.
    ("Requested action not taken: mailbox unavailable", Fault.READER),
    ("Address rejected", Fault.READER),
    ("Recipient rejected", Fault.READER),
    ("No valid recipients", Fault.READER),
    ("This is not a valid mailbox", Fault.READER),
    # Nothing known.
    ("Hello", Fault.NONE),
]


@pytest.mark.parametrize(("said", "fault"), SAID)
def test_a_servers_words_say_whose_fault_it_was(said: str, fault: Fault) -> None:
    assert fault_of_words(said) is fault


@pytest.mark.parametrize("said", NO_HOST)
def test_a_domain_that_is_missing_or_takes_no_email_is_recognised(said: str) -> None:
    assert names_no_host(said)


@pytest.mark.parametrize("said", ["Unknown user", "Mailbox not found", ""])
def test_a_missing_mailbox_is_not_a_missing_domain(said: str) -> None:
    assert not names_no_host(said)


def test_words_beyond_the_longest_text_do_not_count() -> None:
    within = "-" * (LONGEST - len("no such domain"))
    assert (fault_of_words(f"{within}no such domain"), names_no_host(f"{within}no such domain")) == (Fault.READER, True)
    assert (fault_of_words(f"-{within}no such domain"), names_no_host(f"-{within}no such domain")) == (
        Fault.NONE,
        False,
    )


@pytest.mark.parametrize("status", ["", "4.0.0", "5.7.0", "5.1.0", "5.5.4"])
def test_a_status_without_a_meaning_of_its_own_blames_nobody(status: str) -> None:
    assert fault_of_status(status) is Fault.NONE


@pytest.mark.parametrize(
    ("status", "fault"), [("5.1.1", Fault.READER), ("5.2.2", Fault.MAILBOX), ("5.7.1", Fault.POLICY)]
)
def test_a_status_says_whose_fault_it_was(status: str, fault: Fault) -> None:
    assert fault_of_status(status) is fault


def test_a_line_for_the_log_has_no_breaks_and_no_addresses() -> None:
    assert redacted_line("  550 <kari@reader.example>\r\n\tunknown ") == "550 <…> unknown"
