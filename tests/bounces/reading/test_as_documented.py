"""Bounces as the documents of mail servers and services describe them; most were written before the rules were read."""

from newsletter.bounces.reading import BounceKind
from newsletter.bounces.reading.parsing import read
from tests.bounces.reading.bounce_samples import prose, report

HARD, SOFT = BounceKind.HARD, BounceKind.SOFT
TO = "kari@reader.example"
RCPT = "(in reply to RCPT TO command)"
MAIL_RU = f"Message was not accepted -- invalid mailbox.  Local mailbox {TO} is unavailable"
REPORTS = (
    # server and document, kind, status, the reply, what the report says in words
    ("Postfix smtpd(8)", HARD, "5.1.1", f"550 5.1.1 <{TO}>: Recipient address rejected: User unknown", RCPT),
    ("Exchange Online, edge blocking", HARD, "5.4.1", "550 5.4.1 Recipient address rejected: Access denied.", RCPT),
    ("Postfix access(5)", SOFT, "5.7.1", f"554 5.7.1 <{TO}>: Recipient address rejected: Access denied", RCPT),
    ("Exchange 5.1.10", HARD, "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", ""),
    ("Exchange AuthRequired", SOFT, "5.7.1", "550 5.7.1 RESOLVER.RST.AuthRequired; authentication required", ""),
    ("Exchange quota", SOFT, "5.2.2", "554 5.2.2 mailbox full; QuotaExceededException", ""),
    ("Exchange Online 5.7.606", SOFT, "5.7.606", "550 5.7.606 Access denied, banned sending IP [192.0.2.1]", RCPT),
    ("Exchange Online 5.4.310", HARD, "5.4.310", "550 5.4.310 DNS domain reader.example does not exist", ""),
    ("Gmail NoSuchUser", HARD, "5.1.1", "550-5.1.1 The email account that you tried to reach does not exist.", RCPT),
    ("Gmail OverQuotaPerm", SOFT, "5.2.2", "552-5.2.2 The recipient's inbox is out of storage space.", RCPT),
    ("Gmail DisabledUser", SOFT, "5.2.1", "550 5.2.1 The email account that you tried to reach is disabled.", RCPT),
    ("Gmail 5.7.26", SOFT, "5.7.26", "550-5.7.26 blocked because the sender is unauthenticated.", RCPT),
    ("Outlook.com", HARD, "5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", RCPT),
    ("Outlook.com S3150", SOFT, "5.7.1", "550 5.7.1 messages from [192.0.2.1] weren't sent; block list (S3150).", RCPT),
    ("Yahoo", HARD, "5.0.0", "554 delivery error: dd This user doesn't have a yahoo.com account", ""),
    ("Yahoo 5.7.9", SOFT, "5.7.9", "554 5.7.9 Message not accepted for policy reasons.", RCPT),
    ("iCloud", HARD, "5.1.1", f"550 5.1.1 unknown or illegal alias: {TO}", RCPT),
    ("mail.ru", HARD, "5.0.0", f"550 Message was not accepted -- invalid mailbox. {TO} user not found", RCPT),
    ("Yandex", HARD, "5.7.1", "550 5.7.1 No such user!", RCPT),
    ("Orange 416", HARD, "5.1.1", "550 5.1.1 Adresse d au moins un destinataire invalide. OFR_416 [416]", RCPT),
    ("Orange 417", SOFT, "5.1.1", "552 5.1.1 Boite du destinataire pleine. Recipient overquota. OFR_417", RCPT),
    (
        "Postfix smtp(8), no host",
        HARD,
        "5.4.4",
        "Host or domain name not found. Name service error: Host not found",
        "",
    ),
    ("Postfix smtp(8), no answer", SOFT, "4.4.3", "Host or domain name not found. Host not found, try again", ""),
    ("Postfix, RFC 7505", HARD, "5.1.0", "Domain reader.example does not accept mail (nullMX)", ""),
    ("Domino", HARD, "5.1.1", f"550 {TO}... No such user", "User kari not listed in Domino Directory"),
    ("Dovecot", SOFT, "5.2.2", f"552 5.2.2 <{TO}> Quota exceeded (mailbox for user is full)", ""),
    ("Mimecast, prohibition", SOFT, "5.0.0", "550 Administrative prohibition - envelope blocked", RCPT),
    ("Mimecast, recipient", HARD, "5.0.0", "550 Invalid Recipient", RCPT),
    ("Proofpoint", SOFT, "5.7.1", "554 Blocked - see https://ipcheck.example/?ip=192.0.2.1", RCPT),
    ("RFC 5321 551", HARD, "5.1.6", "551 5.1.6 User not local; please try another address", RCPT),
    ("Cyrus", HARD, "5.1.1", "550-Mailbox unknown. Either there is no mailbox associated with this name", RCPT),
    ("Cisco", SOFT, "5.1.0", "550 #5.1.0 Address rejected brev@example.org", RCPT),
    ("Postfix, sender", SOFT, "5.1.8", "550 5.1.8 <brev@example.org>: Sender address rejected: Domain not found", ""),
    ("mail.ru, after DATA", HARD, "5.0.0", f"550 {MAIL_RU}: user is terminated", "(in reply to end of DATA command)"),
    ("mail.ru, disabled", SOFT, "5.0.0", f"550 {MAIL_RU}: account is disabled", RCPT),
    ("Exchange Online 5.1.90", SOFT, "5.1.90", "550 5.1.90 you've reached your daily limit for message recipients", ""),
    ("Sendmail, null MX", HARD, "5.7.27", "550 Host does not accept mail", ""),
    ("RFC 7505 4.2", SOFT, "5.7.27", "550 5.7.27 Sender address has null MX", RCPT),
    ("RFC 7505 4.1", HARD, "5.1.10", "556 5.1.10 Recipient address has null MX", RCPT),
    ("RFC 3463 X.1.5", SOFT, "5.1.5", "550 5.1.5 Refused", RCPT),
    ("Sendmail, 5 days", SOFT, "4.4.7", "451 reader.example: Name server timeout", "could not be delivered for 5 days"),
)
QMAIL = "Hi. This is the qmail-send program.\nThis is a permanent error; I've given up.\n\n<{to}>:\n{reason}\n"
EXIM = "A message that you sent could not be delivered. This is a permanent error.\n\n  {to}\n    {reason}\n"
IN_WORDS = (
    ("qmail-local(8)", HARD, QMAIL, "Sorry, no mailbox here by that name. (#5.1.1)"),
    ("qmail-remote(8)", HARD, QMAIL, "Sorry, I couldn't find any host named reader.example. (#5.1.2)"),
    ("qmail-send(8)", SOFT, QMAIL, "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)"),
    ("Exim, routing", HARD, EXIM, "Unrouteable address"),
    ("Exim, null MX", HARD, EXIM, "an MX or SRV record indicated no SMTP service"),
    (
        "Exim, retries",
        SOFT,
        EXIM,
        "host mx.reader.example [192.0.2.7]\n    Connection timed out: retry timeout exceeded",
    ),
    ("GroupWise", HARD, "The message was undeliverable to:\n\t{to} ({reason})\n", "user not found"),
)


def test_reports_are_judged_as_the_servers_documents_say() -> None:
    wrong = {
        document: (returned.kind, returned.status)
        for document, kind, status, reply, words in REPORTS
        if (returned := read(report(status=status, diagnostic=f"smtp; {reply}", prose=words))).kind is not kind
        or returned.recipients != (TO,)
    }
    assert wrong == {}


def test_bounces_in_words_are_judged_as_the_servers_documents_say() -> None:
    wrong = {
        document: (returned.kind, returned.recipients)
        for document, kind, form, reason in IN_WORDS
        if (returned := read(prose(form.format(to=TO, reason=reason)))).kind is not kind or returned.recipients != (TO,)
    }
    assert wrong == {}


def test_words_of_the_returned_newsletter_do_not_count() -> None:
    quoting = "Subject: What does 550 5.1.1 User unknown mean?\nMessage-ID: <0a1b2c@example.org>\n"
    full = report(status="5.2.2", diagnostic="smtp; 552 5.2.2 Mailbox size limit exceeded", returned=quoting)
    assert read(full).kind is SOFT
