"""The rules for the words of bounces: each has a source, and sentences that it decides."""

from newsletter.bounces.reading.rules import RULES, Cause, matching_rule
from newsletter.bounces.reading.words import LONGEST, cause_of_words, fault_of_status, fault_of_words, redacted_line
from newsletter.domain.outcome import Fault

SENTENCES = {
    Cause.NONE: ("Hello",),
    Cause.TRY_AGAIN: (
        "Recipient not found, please try again",
        "User unknown, try again later",
        "User unknown. Try later",
        "Message blocked by graylist",
        "Recipient unknown: grey-listed",
    ),
    Cause.SENDER: (
        "Sender address does not exist: mailbox not found",
        "Domain of sender address not found",
        "No such user here (sender verification failed)",
        "Invalid HELO, no such host",
        "EHLO command: unknown host",
        "No such user: you are not a member",
        "Unknown recipient, members only",
        "Invalid recipient for a closed group",
        "Unknown user on allowlist",
        "No such user: identity brev is not verified",
        "Unauthenticated mail to unknown user",
        "No such user; purported responsible address refused",
        "Unknown user after MAIL FROM",
        "Unknown user, MAIL FROM <> rejected",
        "Mail to/from an address that has been disabled",
        "Sender address rejected: Domain not found",
        "Helo command rejected: Host not found",
        "Sender address has null MX",
        "Client host rejected: cannot find your hostname",
    ),
    Cause.FULL: (
        "Recipient's mailbox is full",
        "User is overquota",
        "Limit exceeded, quota 10 MB",
        "Disk full",
        "Mailbox size limit for this user",
        "Insufficient system storage",
        "552 5.1.1 Boite du destinataire pleine",
        "Benutzer hat das Speichervolumen ueberschritten",
        "550 The recipient's mailbox space is not enough",
        "Postboksen til mottakeren er full",
        "Почтовый ящик переполнен",
        "メールボックスの容量が超過しています",
        "收件人邮箱已满",
    ),
    Cause.CLOSED: (
        "Mailbox no longer available",
        "This account has been closed",
        "Local mailbox is unavailable: user is terminated",
    ),
    Cause.LOCAL_FAULT: (
        "Cannot open /var/mail: no such user",
        "Unable to lock the mailbox: user unknown",
        "Could not create the folder",
        "Failed to write the message",
    ),
    Cause.DISABLED: (
        "The account was disabled",
        "Inactive user, not found",
        "This address has been discontinued",
        "Account suspended",
        "User deactivated, unknown user",
        "Mailbox is locked",
        "Account has expired",
        "Mail has not been collected for a long time",
        "User is not accepting messages",
        "Mailbox on hold",
        "Mailbox is frozen",
    ),
    Cause.DOCUMENTED: (
        "550 RESOLVER.ADR.RecipNotFound",
        "550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416 [416]",
        "550 5.1.1 RCP-P1 https://postmaster.example/response_codes#rcp",
        "550 5.7.1 No such user!",
        "550 Message was not accepted -- invalid mailbox. Local mailbox kari@a.example is unavailable: user not found",
        "550 Host does not accept mail",
        "554 delivery error: dd This user doesn't have a mail.example account (kari@mail.example) [0]",
    ),
    Cause.NO_MAILBOX: (
        "Mailbox not found",
        "The email account that you tried to reach does not exist",
        "Address is not recognised here",
        "Unknown user",
        "No such person at this address",
        "Non-existent recipient",
        "Illegal alias",
        "That is not our customer",
        "The user has moved",
        "Unknown local-part",
        "User not local",
        "No mailbox here by that name",
        "It doesn't have a reader.example account",
        "User doesn't have an inbox",
        "There is no user of this kind",
        "Destinataire inconnu",
        "Empfänger unbekannt",
        "La dirección no existe",
        "She has changed her address",
        "This is not a valid mailbox",
        "The recipient cannot be verified",
        "Unable to find recipient",
        "User kari not listed in Domino Directory",
        "Kari n'est pas dans l'annuaire Domino",
        "Пользователь не найден",
        "550 用户不存在",
        "宛先不明",
        "El usuario no existe",
        "Usuário inexistente",
        "Utente sconosciuto",
        "Mottakeren finnes ikke",
        "Fant ikke e-postadressen du skrev inn",
        "Gebruiker onbekend",
        "550 <kari@reader.example>: unknown",
        "The mailbox could not be found; however, the domain exists",
        "Sender: brev@example.org, recipient unknown",
    ),
    Cause.NO_DOMAIN: (
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
        "550 5.4.310 DNS domain reader.example does not exist",
        "Unroutable address",
        "getaddrinfo: Name or service not known",
        "an MX or SRV record indicated no SMTP service",
    ),
    Cause.POLICY: (
        "Looks like spam",
        "Your address is blocked",
        "You are on a black list",
        "See https://lists.example/bl?ip=192.0.2.1",
        "Refused (BL)",
        "Found in an RBL",
        "Found in a DNSBL",
        "The sender is banned",
        "Bulk email is refused",
        "UBE is refused",
        "Unsolicited email",
        "Poor reputation",
        "Too many complaints",
        "Refused by local policy",
        "Relay not possible",
        "Access denied",
        "Authentication required",
        "SPF check failed",
        "DKIM check failed",
        "DMARC check failed",
        "Refused for security reasons",
        "Insecure email",
        "You have no permission",
        "Denied by the administrator",
        "Message filtered",
        "Prohibited",
        "The recipient is overwhelmed",
        "You are sending too fast",
        "Too many recipients",
        "Too many messages",
        "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
        "550 5.4.5 Daily user sending limit exceeded",
        "Rate limit",
        "Frequency limit reached",
        "Throttled",
        "Too many connections",
        "Unexpected volume of email",
        "No PTR for your address",
        "Reverse DNS failed",
        "Invalid IP",
        "Name mismatches client IP",
        "IP name lookup failed",
        "Not accepting connections",
        "Service refused",
    ),
    Cause.CONTENT: (
        "A virus was found",
        "Malware was found",
        "This attachment is refused",
        "Content was rejected",
        "Message size exceeds the limit",
        "Message too big",
        "It is too large",
        "Header error",
        "Duplicate header",
        "Multiple addresses in From",
        "Violates RFC 5322",
        "8-bit characters are refused",
    ),
    Cause.NOT_REACHED: (
        "Connection timed out",
        "Message expired",
        "Retry timeout",
        "Could not deliver for four days",
        "Not delivered within four days",
        "Delivery failed 12 attempts",
        "Server not responding",
        "No answer from host",
        "Host didn't respond",
        "It has been failing for a long time",
        "Queue too long",
        "Connection refused",
        "Unable to connect",
        "Could not establish an SMTP session",
        "Too many hops",
        "Hop count exceeded",
        "Mail loop",
        "I/O error",
        "Name server failed",
        "DNS failed",
        "Network down",
        "A temporary failure",
        "System error",
    ),
    Cause.REJECTED: (
        "Recipient address rejected: Access denied",
        "Requested action not taken: mailbox unavailable",
        "Address rejected",
        "Recipient rejected",
        "No valid recipients",
    ),
}


def test_each_sentence_names_its_cause() -> None:
    wrong = {
        sentence: cause_of_words(sentence)
        for cause, sentences in SENTENCES.items()
        for sentence in sentences
        if cause_of_words(sentence) is not cause
    }
    assert wrong == {}


def test_each_rule_decides_a_sentence_and_has_a_source() -> None:
    deciding = {matching_rule(redacted_line(each)) for sentences in SENTENCES.values() for each in sentences}
    assert [rule.words for rule in RULES if rule not in deciding or not rule.source] == []


def test_the_faults_are_those_that_the_policy_knows() -> None:
    assert {cause: fault_of_words(sentences[0]) for cause, sentences in SENTENCES.items()} == {
        Cause.NONE: Fault.NONE,
        Cause.TRY_AGAIN: Fault.CONNECTION,
        Cause.SENDER: Fault.POLICY,
        Cause.FULL: Fault.MAILBOX,
        Cause.CLOSED: Fault.RECIPIENT,
        Cause.LOCAL_FAULT: Fault.MAILBOX,
        Cause.DISABLED: Fault.MAILBOX,
        Cause.DOCUMENTED: Fault.RECIPIENT,
        Cause.NO_MAILBOX: Fault.RECIPIENT,
        Cause.NO_DOMAIN: Fault.RECIPIENT,
        Cause.POLICY: Fault.POLICY,
        Cause.CONTENT: Fault.CONTENT,
        Cause.NOT_REACHED: Fault.CONNECTION,
        Cause.REJECTED: Fault.RECIPIENT,
    }


def test_words_beyond_the_longest_text_do_not_count() -> None:
    within = "-" * (LONGEST - len("no such domain"))
    causes = cause_of_words(f"{within}no such domain"), cause_of_words(f"-{within}no such domain")
    assert causes == (Cause.NO_DOMAIN, Cause.NONE)


def test_a_status_without_a_meaning_of_its_own_names_no_fault() -> None:
    assert {fault_of_status(status) for status in ("", "4.0.0", "5.7.0", "5.1.0", "5.5.4")} == {Fault.NONE}


def test_a_status_names_a_fault() -> None:
    statuses = {"5.1.1": Fault.RECIPIENT, "5.2.2": Fault.MAILBOX, "5.7.1": Fault.POLICY}
    assert {status: fault_of_status(status) for status in statuses} == statuses


def test_a_line_for_the_log_has_no_breaks_and_no_addresses() -> None:
    assert redacted_line("  550 <kari@reader.example>\r\n\tunknown ") == "550 <…> unknown"
