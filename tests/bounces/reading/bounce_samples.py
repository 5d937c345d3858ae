"""Mails that come back, as servers write them."""

import json
import re

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


def amazon(event: dict[str, object], *, enveloped: bool = False, broken_at: int = 900) -> bytes:
    """A notification of Amazon SES that SNS sends by email, in its envelope or without; long lines are broken."""
    told = json.dumps(event)
    told = json.dumps({"Type": "Notification", "Message": told}, indent=1) if enveloped else told
    told = re.sub(rf"(.{{{broken_at}}})(?=.)", "\\1!\n ", told)
    return f"""\
From: Bounces <no-reply@sns.amazonaws.com>
To: bounce@example.org
Subject: AWS Notification Message
Message-ID: <a1@eu-west-1.amazonses.com>
Content-Type: text/plain; charset=UTF-8

{told}

--
If you wish to stop receiving notifications from this topic, please visit the link below.
""".encode()


def amazon_event(kind: str, **said: object) -> dict[str, object]:
    """An event of that kind about the sample message; `said` is what it says of it."""
    headers = [
        {"name": "Message-ID", "value": "<0a1b2c@example.org>"},
        {"name": "List-Unsubscribe", "value": f"<https://example.org/u/{'t' * 28}>"},
    ]
    name = kind[0].lower() + kind[1:]
    return {"notificationType": kind, name: said, "mail": {"source": VERP, "headers": headers}}


def junk_mail_report() -> bytes:
    """A complaint of Microsoft's Junk Mail Reporting Program, which has no feedback report."""
    return f"""\
From: staff@hotmail.com
To: abuse@example.org
Subject: complaint about message from 192.0.2.1
Message-ID: <j1@outlook.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: message/rfc822

X-HmXmrOriginalRecipient: kari@reader.example
Return-Path: {VERP}
{RETURNED.format(address="kari@reader.example", token="t" * 28)}
Hei
--b--
""".encode()


_DAEMON = b"From: MAILER-DAEMON@mx.example\r\n"
_CHARSETS = (b"idna", b"punycode", b"undefined", b"\0", b"hex", b"rot13", b"unicode_escape", b"\xff")
MALFORMED = (
    _DAEMON + b"Subject: =?utf-8?b?abcde?=\r\n\r\nx",
    _DAEMON + b"Subject: =?idna?b?YWJj?= =?punycode?q?a=80?= =?undefined?q?a?=\r\n\r\nx",
    _DAEMON + b"Subject: =?utf-8\0?q?a?=\r\n\r\nx",
    *(
        _DAEMON + b"Content-Type: text/plain; charset=" + c + b"\r\n\r\n-\xff\xfe\x80 550 no such user"
        for c in _CHARSETS
    ),
    *(_DAEMON + b"Content-Type: text/plain; charset*=" + c + b"'y'%00\r\n\r\nx" for c in (b"x", b"idna", b"\0")),
    *(_DAEMON + b"Content-Type: multipart/report; boundary*=" + c + b"'y'%ff\r\n\r\nx" for c in (b"idna", b"\0")),
    _DAEMON + b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 666 a\r\n\xff",
    _DAEMON + b"Content-Transfer-Encoding: base64\r\n\r\nabcde",
)
"""Messages whose encodings or parameters are malformed in ways at which Python's email package raises."""
