"""A small IMAP server with one folder, which keeps its mails, their flags and what it was told.

    with Imap([b"From: …"]) as server: ...

It answers what a reader of bounces asks: CAPABILITY, LOGIN or AUTHENTICATE PLAIN, SELECT, UID SEARCH, FETCH and STORE,
LOGOUT. `script` maps a command to the line that answers its next call instead ("" hangs up without a word, and after
what begins with "*" nothing follows).
"""

import base64
import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

USER, PASSWORD = "bounce@example.org", "sesam"


@dataclass
class Kept:
    """A mail and its flags."""

    content: bytes
    flags: set[str] = field(default_factory=set)


class Imap:
    """The server; it listens on loopback, with TLS from the first octet where it has a context."""

    def __init__(
        self,
        mails: Sequence[bytes] = (),
        *,
        folder: str = '"INBOX"',
        plain: bool = False,
        tls: ssl.SSLContext | None = None,
        script: dict[str, str] | None = None,
    ) -> None:
        self.mails = {str(uid): Kept(mail) for uid, mail in enumerate(mails, 1)}
        self.folder, self.plain, self.tls, self.script = folder, plain, tls, dict(script or {})
        self.commands: list[str] = []

    def __enter__(self) -> Self:
        """Listen on a free port."""
        self._server = _Server(self._handler(), self.tls)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def flags(self) -> list[set[str]]:
        """The flags of each mail, in order."""
        return [kept.flags for kept in self.mails.values()]

    def _handler(self) -> type[socketserver.StreamRequestHandler]:
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _Session(server, self).run()

        return Handler


class _Server(socketserver.ThreadingTCPServer):
    def __init__(self, handler: type[socketserver.StreamRequestHandler], tls: ssl.SSLContext | None) -> None:
        self.tls = tls
        super().__init__(("127.0.0.1", 0), handler)

    def get_request(self) -> tuple[socket.socket, object]:
        """The next connection; one whose TLS fails is skipped."""
        connection, peer = super().get_request()
        if self.tls:
            with connection:
                connection = self.tls.wrap_socket(connection, server_side=True)
        return connection, peer


class _Session:
    def __init__(self, server: Imap, handler: socketserver.StreamRequestHandler) -> None:
        self.server, self.reader, self.writer = server, handler.rfile, handler.wfile

    def run(self) -> None:
        self.say("* OK double ready")
        for line in iter(self.reader.readline, b""):
            tag, _, told = line.decode().rstrip("\r\n").partition(" ")
            self.server.commands.append(told)
            verb = re.match(r"(?:UID )?\S+", told)
            answer = self.answer(verb[0].upper() if verb else "", told)
            if not answer:
                return
            self.say(answer if answer.startswith("*") else f"{tag} {answer}")
            if told.upper() == "LOGOUT":
                return

    def say(self, line: str) -> None:
        self.writer.write(line.encode() + b"\r\n")

    def answer(self, verb: str, told: str) -> str:
        """What ends the answer; what comes before it is said here."""
        if verb in self.server.script:
            return self.server.script.pop(verb)
        method = getattr(self, f"do_{verb.lower().replace(' ', '_')}", None)
        return method(told) if method else "BAD unknown"

    def do_capability(self, told: str) -> str:
        self.say("* CAPABILITY IMAP4rev1" + (" AUTH=PLAIN" if self.server.plain else ""))
        return "OK done"

    def do_login(self, told: str) -> str:
        return "OK done" if told == f'LOGIN {USER} "{PASSWORD}"' else "NO wrong"

    def do_authenticate(self, told: str) -> str:
        self.say("+ ")
        said = base64.b64decode(self.reader.readline()).decode().split("\0")
        return "OK done" if said == ["", USER, PASSWORD] else "NO wrong"

    def do_select(self, told: str) -> str:
        if told != f"SELECT {self.server.folder}":
            return "NO no such folder"
        self.say(f"* {len(self.server.mails)} EXISTS")
        return "OK [READ-WRITE]"

    def do_uid_search(self, told: str) -> str:
        flagged = told.endswith(" FLAGGED")
        unseen = {uid: kept for uid, kept in self.server.mails.items() if r"\Seen" not in kept.flags}
        found = [uid for uid, kept in unseen.items() if (r"\Flagged" in kept.flags) is flagged]
        self.say("* SEARCH " + " ".join(found))
        return "OK done"

    def do_uid_fetch(self, told: str) -> str:
        found = re.fullmatch(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", told)
        assert found is not None
        uid, octets = found.groups()
        if kept := self.server.mails.get(uid):
            content = kept.content[: int(octets)]
            self.say(f"* {uid} FETCH (UID {uid} BODY[]<0> {{{len(content)}}}")
            self.writer.write(content + b")\r\n")
        return "OK done"

    def do_uid_store(self, told: str) -> str:
        found = re.fullmatch(r"UID STORE (\d+) \+FLAGS\.SILENT \((\S+)\)", told)
        assert found is not None
        uid, flag = found.groups()
        self.server.mails[uid].flags.add(flag)
        return "OK done"

    def do_logout(self, told: str) -> str:
        self.say("* BYE")
        return "OK done"
