"""The bounce mailbox, read over IMAP (RFC 3501): its unread emails, one after the other.

Promises: certificates and names are verified, and nothing but a server on loopback is spoken to in clear; nothing is
marked before its reader says so, and nothing is ever deleted; whatever goes wrong is one sentence; an answer takes a
bounded amount of time and memory.
"""

import contextlib
import errno
import imaplib
import os
import re
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator
from io import BufferedReader
from types import TracebackType
from typing import Any, Self, cast

from newsletter.config import Imap
from newsletter.deliverability.dmarc.attachments import LARGEST_EMAIL
from newsletter.domain.hosts import is_loopback
from newsletter.editions.problems import Impossible
from newsletter.messages import Message, bounces as messages

SECONDS = 30
"""How long the server may say nothing."""

MOST_SECONDS, MOST_OCTETS = 300.0, 50_000_000
"""What the answer to one command may take: a server that ignores how much of an email is asked for sends all of it."""

TLS_PORT = 993
SEEN, FLAGGED = r"\Seen", r"\Flagged"
_BEYOND_ASCII = re.compile(r"&|[^\x20-\x7e]+")


class MailboxProblem(Impossible):
    """The mailbox can't be read now; the message says why and what to do."""


class BoundedImap(imaplib.IMAP4):
    """imaplib's client, which alone would wait for an answer without end, and keep it in memory."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.begin()
        super().__init__(*args, **kwargs)

    def begin(self) -> None:
        """Allow the answer to another command."""
        self._end, self._octets_left = time.monotonic() + MOST_SECONDS, MOST_OCTETS

    def read(self, size: int) -> bytes:
        """Return so many octets. Raises OSError beyond the limits."""
        self._check(size)
        return b"".join(self._parts(size))

    def readline(self) -> bytes:
        """Return a line. Raises OSError beyond the limits."""
        return b"".join(self._parts(MOST_OCTETS, b"\n"))

    def _parts(self, octets: int, end: bytes | None = None) -> Iterator[bytes]:
        """Yield the octets as they come, until there are so many or one of them is `end`."""
        file = cast(BufferedReader, self.file)
        while octets > 0 and (coming := file.peek()):
            line_length = coming.find(end) + 1 if end else 0
            part = file.read(line_length or min(len(coming), octets))
            self._octets_left -= len(part)
            self._check(0)
            yield part
            octets = 0 if line_length else octets - len(part)

    def _check(self, octets: int) -> None:
        if octets > self._octets_left:
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        if time.monotonic() > self._end:
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))


class BoundedImapWithTls(BoundedImap, imaplib.IMAP4_SSL):
    """The same with TLS from the first octet."""


class ImapMailbox:
    """An open folder; a context manager. Raises MailboxProblem if the server does not work as expected."""

    def __init__(self, settings: Imap, tls: ssl.SSLContext | None = None) -> None:
        self.settings = settings
        self._imap: Any = None
        self._tls = tls or ssl.create_default_context()

    def __enter__(self) -> Self:
        try:
            with self._problems(messages.UNREACHABLE(where=self._where)):
                self._connect()
            with self._problems(messages.LOGIN_REFUSED(where=self._where)):
                self._log_in()
            with self._problems(messages.NO_FOLDER(where=self._where, folder=self.settings.folder)):
                self._data(self._imap.select(_mailbox_name(self.settings.folder)))
        except MailboxProblem:
            self._leave()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._leave()

    def unread(self, *, flagged: bool = False) -> list[str]:
        """Return the UIDs of unread emails: those that are not flagged, or those that are."""
        with self._problems(messages.SEARCH_FAILED(where=self._where)):
            answer = self._data(self._imap.uid("SEARCH", "UNSEEN", "FLAGGED" if flagged else "UNFLAGGED"))
        return answer[0].decode("ascii", "replace").split() if answer and isinstance(answer[0], bytes) else []

    def mail(self, uid: str) -> bytes | None:
        """Return the beginning of an email, left unread; None if it is gone meanwhile."""
        with self._problems(messages.FETCH_FAILED(where=self._where)):
            answer = self._data(self._imap.uid("FETCH", uid, f"(BODY.PEEK[]<0.{LARGEST_EMAIL}>)"))
        return next((part[1] for part in answer if isinstance(part, tuple)), None)

    def mark(self, uid: str, flag: str) -> None:
        """Set SEEN or FLAGGED on an email."""
        with self._problems(messages.MARK_FAILED(where=self._where)):
            self._data(self._imap.uid("STORE", uid, "+FLAGS.SILENT", f"({flag})"))

    def _connect(self) -> None:
        host, port = self.settings.host, self.settings.port
        if port == TLS_PORT:
            self._imap = BoundedImapWithTls(host, port, ssl_context=self._tls, timeout=SECONDS)
            return
        self._imap = BoundedImap(host, port, timeout=SECONDS)
        if not is_loopback(host):
            with self._problems(messages.NO_TLS(where=self._where)):
                self._encrypt()

    def _encrypt(self) -> None:
        if "STARTTLS" not in self._imap.capabilities:
            raise imaplib.IMAP4.error("no STARTTLS")
        self._imap.starttls(self._tls)

    def _log_in(self) -> None:
        """By SASL PLAIN where it is offered, which takes any characters (RFC 4616), else by LOGIN."""
        user, password = self.settings.user, self.settings.password
        if "AUTH=PLAIN" in self._imap.capabilities:
            self._data(self._imap.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode()))
        else:
            self._imap.login(user, password)

    def _leave(self) -> None:
        """Say good-bye, and close in any case."""
        if self._imap is None:
            return
        with contextlib.suppress(imaplib.IMAP4.error, OSError, ValueError):
            self._imap.logout()
        with contextlib.suppress(OSError):
            self._imap.shutdown()

    @staticmethod
    def _data(answer: tuple[str, list[Any]]) -> list[Any]:
        """Return the data of a response. Raises an error unless it is OK."""
        if answer[0] != "OK":
            raise imaplib.IMAP4.error(answer[0])
        return answer[1]

    @contextlib.contextmanager
    def _problems(self, refusal: Message) -> Iterator[None]:
        if self._imap is not None:
            self._imap.begin()
        try:
            yield
        except (imaplib.IMAP4.abort, OSError, ValueError) as e:  # ValueError: imaplib can't read a number or a word
            cause = e.strerror if isinstance(e, OSError) and e.strerror else type(e).__name__
            raise MailboxProblem(messages.CONNECTION_FAILED(where=self._where, cause=cause)) from e
        except imaplib.IMAP4.error as e:
            raise MailboxProblem(refusal) from e

    @property
    def _where(self) -> str:
        return f"{self.settings.host}:{self.settings.port}"


def _mailbox_name(folder: str) -> str:
    """Return a folder's name, quoted, in IMAP's own UTF-7 (RFC 3501 5.1.3)."""
    encoded = _BEYOND_ASCII.sub(lambda match: _shifted(match[0]), folder)
    return '"' + encoded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shifted(text: str) -> str:
    if text == "&":
        return "&-"
    return "&" + b64encode(text.encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"
