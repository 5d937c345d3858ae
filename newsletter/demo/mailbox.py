"""The demo's mailbox: an SMTP server on loopback that keeps what it receives, and pages that show it.

Nothing is forwarded. A message is shown in a frame that runs no scripts and can't access the page around it; its images
may load, and its links open in a new window.
"""

import email.policy
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter.demo.serving import HOST, NOT_FOUND, Answer, DemoProblem

SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'"
MAIL_POLICY = f"default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; sandbox {SANDBOX}"
WIDTHS = {"phone": 375, "desktop": 700}
TEXT = "text/plain; charset=utf-8"


@dataclass(slots=True)
class MailCatcher:
    """Messages as files in a folder, numbered in the order of their arrival."""

    folder: Path
    links: Mapping[str, str] = field(default_factory=dict)
    taken: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - its name there
        """Keep a message; called by the SMTP server, one after the other."""
        number = max(self.numbers(), default=0) + 1
        (self.folder / f"{number:05}.eml").write_bytes(cast(bytes, envelope.content))
        self.taken += 1
        return f"250 2.0.0 taken as {number}"

    def numbers(self) -> list[int]:
        """Return the numbers of the messages."""
        return sorted(int(path.stem) for path in self.folder.glob("*.eml"))

    def mail(self, number: int) -> EmailMessage | None:
        """Return a message, or None."""
        path = self.folder / f"{number:05}.eml"
        if not path.exists():
            return None
        return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)

    def __call__(self, path: str, parameters: Mapping[str, str]) -> Answer:
        """Return a page: `/`, `/7`, or what its frames show: `/7/html`, `/7/text`, `/7/source`."""
        if path == "/":
            return _page("Mailbox", self._list())
        number, _, part = path[1:].partition("/")
        mail = self.mail(int(number)) if number.isdecimal() else None
        if mail is None:
            return NOT_FOUND
        if part == "":
            return _page(_header(mail, "Subject"), _reading(mail, int(number), parameters.get("as", "phone")))
        return _part(mail, part)

    def _list(self) -> str:
        ways = " · ".join(f'<a href="{escape(url)}">{escape(name)}</a>' for name, url in self.links.items())
        rows = []
        for number in reversed(self.numbers()):
            if mail := self.mail(number):
                subject = f'<a href="/{number}">{escape(_header(mail, "Subject"))}</a>'
                rows.append(f"<tr><td>{number}<td>{escape(_header(mail, 'To'))}<td>{subject}</tr>")
        table = f"<table><tr><th>No<th>To<th>Subject</tr>{''.join(rows)}</table>" if rows else "<p>No mail yet.</p>"
        return f"<p>{ways}</p>{table}"


@contextmanager
def receiving(mailbox: MailCatcher, port: int) -> Iterator[None]:
    """Receive messages on this port of loopback while the block runs. Raises DemoProblem if the port is in use."""
    _check_free(port)
    controller = Controller(mailbox, hostname=HOST, port=port, server_hostname="mailbox.example", ready_timeout=30)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def _check_free(port: int) -> None:
    """Raise DemoProblem if the port is in use; the controller would wait until its timeout."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as e:
            raise DemoProblem(f"can't take mails on {HOST}:{port}: {e.strerror}; perhaps another demo runs here") from e


def _reading(mail: EmailMessage, number: int, way: str) -> str:
    """Return a page with the headers, and the message in a frame as wide as a phone or desktop, as text, or as its
    source.
    """
    facts = "".join(f"<tr><th>{name}<td>{escape(_header(mail, name))}</tr>" for name in ("From", "To", "Date"))
    ways = " · ".join(
        f"<b>{name}</b>" if name == way else f'<a href="/{number}?as={name}">{name}</a>'
        for name in (*WIDTHS, "text", "source")
    )
    part, width = ("html", WIDTHS[way]) if way in WIDTHS else (way if way == "source" else "text", 900)
    frame = f'<iframe title="The mail" sandbox="{SANDBOX}" src="/{number}/{part}" style="width:{width}px"></iframe>'
    return f'<p><a href="/">All mails</a></p><table>{facts}</table><p>{ways}</p>{frame}'


def _part(mail: EmailMessage, part: str) -> Answer:
    if part == "source":
        return Answer(mail.as_bytes(), TEXT, policy=MAIL_POLICY)
    body = mail.get_body(("html",) if part == "html" else ("plain",)) if part in ("html", "text") else None
    if body is None:
        return NOT_FOUND
    content = cast(str, body.get_content())
    if part == "html":
        return Answer(content.replace("<head>", '<head><base target="_blank">', 1).encode(), policy=MAIL_POLICY)
    return Answer(content.encode(), TEXT, policy=MAIL_POLICY)


def _page(title: str, body: str) -> Answer:
    style = (
        "body{margin:2rem;font:1rem/1.5 system-ui,sans-serif;color-scheme:light dark}h1{font-size:1.4rem}"
        "th,td{text-align:left;padding:.15rem 1rem .15rem 0;vertical-align:top}"
        "iframe{max-width:100%;height:75vh;border:1px solid;background:#fff}"
    )
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    html = f'<!DOCTYPE html>\n<html lang="en"><head>{head}<style>{style}</style></head>'
    return Answer(f"{html}<body><h1>{escape(title)}</h1>{body}</body></html>\n".encode(), policy=PAGE_POLICY)


def _header(mail: EmailMessage, name: str) -> str:
    return str(mail.get(name, ""))
