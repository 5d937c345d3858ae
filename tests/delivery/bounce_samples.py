"""Mails that come back, as servers write them."""

VERP = "bounce+a-1-0123456789ab@example.org"

RETURNED = """\
From: Kinaforum <brev@example.org>
To: {address}
Subject: Uke 6
Message-ID: <0a1b2c@example.org>
List-Unsubscribe: <https://example.org/u/{token}>, <mailto:bounce+u-{token}@example.org>
"""


def report(
    *,
    to: str = VERP,
    address: str = "kari@reader.example",
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <kari@reader.example>: Recipient address rejected: User unknown",
    message_id: str = "<r1@mx.example>",
    token: str = "t" * 28,
    prose: str = "I'm sorry to have to inform you that your message could not be delivered.",
    returned: str = RETURNED,
) -> bytes:
    """A delivery report (RFC 3464) as Postfix sends it."""
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: {message_id}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

{prose}

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: {diagnostic}

--b
Content-Type: text/rfc822-headers

{returned.format(address=address, token=token)}
--b--
""".replace("\n", "\r\n").encode()


def prose(
    text: str, *, to: str = VERP, sender: str = "MAILER-DAEMON@mx.example", subject: str = "failure notice"
) -> bytes:
    """A bounce that is told in words only, as qmail and many others do."""
    return f"""\
From: {sender}
To: {to}
Subject: {subject}
Message-ID: <p1@mx.example>

{text}
""".encode()


def complaint(
    *, kind: str = "abuse", to: str = "abuse@example.org", return_path: str = VERP, token: str = "t" * 28
) -> bytes:
    """A feedback report (RFC 5965) as mailbox providers send it."""
    return f"""\
From: Feedback <feedback@arf.example>
To: {to}
Subject: FW: Uke 6
Message-ID: <c1@arf.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an email abuse report.

--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Feedback/1.0
Version: 1
Original-Mail-From: <{return_path}>
Original-Rcpt-To: kari@reader.example

--b
Content-Type: message/rfc822

{RETURNED.format(address="kari@reader.example", token=token)}
Hei
--b--
""".encode()
