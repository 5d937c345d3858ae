"""A mail server that does what a script says, step by step, and keeps the mails that it took.

    async with Smtpd(RCPT=["550 5.1.1 no", ...]) as server: ...

Each phase has a list of actions, used up in order over all connections; when it is empty the server behaves. An
action is a reply (lines parted by CRLF), or one of `CLOSE` (without a word), `SILENT` (never answers),
`Say(reply, …)`. Where the script says nothing a `mood` may, by the recipient.
"""

import asyncio
import base64
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

FEATURES = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 52428800", "DSN")
PHASES = (
    "GREETING",
    "EHLO",
    "HELO",
    "STARTTLS",
    "AUTH",
    "MAIL",
    "RCPT",
    "DATA",
    "BODY",
    "DOT",
    "RSET",
    "QUIT",
    "OTHER",
)
MOODY = ("RCPT", "DATA", "BODY", "DOT")


@dataclass(frozen=True)
class Say:
    """A reply; `close` after it, `split` into single octets, or `take` the mail all the same (after a final dot)."""

    reply: str = ""
    close: bool = False
    split: bool = False
    take: bool = False
    silent: bool = False


CLOSE = Say(close=True)
SILENT = Say(silent=True)
Action = str | Say
Mood = Callable[[str, str], Action | None]
"""Told a phase (RCPT, DATA, BODY or DOT) and the recipient, what to do; None: behave."""


@dataclass
class Taken:
    """A mail that the server took."""

    sender: str
    recipient: str
    content: bytes


class Hangup(Exception):
    """The server closes."""


@dataclass
class Smtpd:
    """The server; `features` is what EHLO offers, `login` what AUTH accepts ("user:password").

    After `per_connection` mails on a connection it says 421 to MAIL, and counts that in `turned_away`; so it does to
    connections beyond `at_once`. `latency`: seconds before each reply. `private`: nothing without a login.
    """

    script: dict[str, deque[Action]] = field(default_factory=dict)
    features: Sequence[str] = FEATURES
    login: str = ""
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    per_connection: int = 0
    at_once: int = 0
    latency: float = 0.0
    private: bool = False
    mood: Mood | None = None
    turned_away: int = 0
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    greeted: int = 0
    port: int = 0

    @classmethod
    def of(cls, features: Sequence[str] = FEATURES, login: str = "", **script: Sequence[Action]) -> Self:
        """A server with a script, one keyword a phase."""
        assert set(script) <= set(PHASES)
        return cls({phase: deque(actions) for phase, actions in script.items()}, features, login)

    async def __aenter__(self) -> Self:
        """Listen on a free port of loopback."""
        self._sessions: set[asyncio.Task[None]] = set()
        ssl_now = self.tls if self.implicit else None
        self._server = await asyncio.start_server(self._session, "127.0.0.1", self.port, limit=1 << 20, ssl=ssl_now)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close everything."""
        self._server.close()
        for task in list(self._sessions):
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def recipients(self) -> list[str]:
        """Who has a mail, in order."""
        return [mail.recipient for mail in self.taken]

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._sessions.add(task)
        self.greeted += 1
        if self.at_once and len(self._sessions) > self.at_once:
            self.turned_away += 1
            self.script.setdefault("GREETING", deque()).append(Say("421 4.7.0 too many connections", close=True))
        try:
            await _Session(self, reader, writer).run()
        except (Hangup, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._sessions.discard(task)
            writer.close()


class _Session:
    def __init__(self, server: Smtpd, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.sender, self.recipient, self.asked = "", "", ""
        self.mails = 0
        self.known = False

    async def run(self) -> None:
        await self.say("GREETING", "220 double.example ESMTP")
        while True:
            line = (await self.reader.readuntil(b"\n")).decode().rstrip("\r\n")
            self.server.commands.append(line)
            verb = line.split()[0].upper() if line.split() else ""
            await getattr(self, f"do_{verb.lower()}", self.do_other)(line)

    async def say(self, phase: str, usual: str) -> str:
        """Answer as scripted, else as usual; gives back what was answered."""
        action = self.action(phase)
        said = Say(usual) if action is None else action if isinstance(action, Say) else Say(action)
        if self.server.latency:
            await asyncio.sleep(self.server.latency)
        if said.silent:
            await asyncio.Event().wait()
        octets = (said.reply + "\r\n").encode() if said.reply else b""
        for part in [octets[i : i + 1] for i in range(len(octets))] if said.split else [octets]:
            self.writer.write(part)
            await self.writer.drain()
            await asyncio.sleep(0)
        if said.close:
            if phase == "DOT" and said.take:
                self.keep()
            if said.reply:
                self.writer.close()
            raise Hangup
        return "250" if said.take else said.reply

    def action(self, phase: str) -> Action | None:
        """What the script has for the phase, or else the mood; None: as usual."""
        if script := self.server.script.get(phase):
            return script.popleft()
        return self.server.mood(phase, self.asked) if self.server.mood and phase in MOODY else None

    def keep(self) -> None:
        self.server.taken.append(Taken(self.sender, self.recipient, self.content))

    async def do_ehlo(self, line: str) -> None:
        words = ["double.example", *self.server.features]
        if self.server.tls and not self.writer.get_extra_info("ssl_object"):
            words.append("STARTTLS")
        lines = [f"250-{word}" for word in words[:-1]] + [f"250 {words[-1]}"]
        await self.say("EHLO", "\r\n".join(lines))

    async def do_helo(self, line: str) -> None:
        await self.say("HELO", "250 double.example")

    async def do_starttls(self, line: str) -> None:
        reply = await self.say("STARTTLS", "220 2.0.0 go on")
        if reply.startswith("220"):
            assert self.server.tls
            await self.writer.start_tls(self.server.tls)

    async def do_auth(self, line: str) -> None:
        way, *first = line.split()[1:]
        if way.upper() == "LOGIN":
            user = await self.challenge("VXNlcm5hbWU6")
            told = f"{user}:{await self.challenge('UGFzc3dvcmQ6')}"
        else:
            told = base64.b64decode(first[0]).decode() if first else await self.challenge("")
            told = ":".join(told.split("\0")[1:]) if way.upper() == "PLAIN" else told
        good = told == self.server.login
        if not good and way.upper() == "XOAUTH2":
            await self.challenge(base64.b64encode(b'{"status":"401"}').decode())
        self.known = (await self.say("AUTH", "235 2.7.0 ok" if good else "535 5.7.8 bad credentials"))[:3] == "235"

    async def challenge(self, text: str) -> str:
        self.writer.write(f"334 {text}\r\n".encode())
        return base64.b64decode((await self.reader.readuntil(b"\n")).strip()).decode()

    async def do_mail(self, line: str) -> None:
        self.sender = line[line.index("<") + 1 : line.index(">")]
        self.recipient = ""
        if self.server.private and not self.known:
            self.sender = ""
            self.writer.write(b"530 5.7.0 authentication required\r\n")
            return
        if self.server.per_connection and self.mails >= self.server.per_connection:
            self.server.turned_away += 1
            self.writer.write(b"421 4.7.0 too many mails\r\n")
            self.writer.close()
            raise Hangup
        self.mails += 1
        if not (await self.say("MAIL", "250 2.1.0 ok")).startswith("250"):
            self.sender = ""

    async def do_rcpt(self, line: str) -> None:
        address = self.asked = line[line.index("<") + 1 : line.index(">")]
        if (await self.say("RCPT", "250 2.1.5 ok" if self.sender else "503 5.5.1 MAIL first")).startswith("250"):
            self.recipient = address

    async def do_data(self, line: str) -> None:
        reply = await self.say("DATA", "354 go on" if self.recipient else "554 5.5.1 no valid recipients")
        if not reply.startswith("354"):
            return
        if (action := self.action("BODY")) is not None:
            await self.reader.readuntil(b"\n")
            self.server.script.setdefault("BODY", deque()).appendleft(action)
            await self.say("BODY", "")
        lines = []
        while (row := await self.reader.readuntil(b"\n")) != b".\r\n":
            lines.append(row.removeprefix(b"."))
        self.content = b"".join(lines)
        usual = "250 2.0.0 ok: queued as A1B2C3D4" if self.recipient else "554 5.5.1 no valid recipients"
        if (await self.say("DOT", usual)).startswith("250") and self.recipient:
            self.keep()
        self.sender = self.recipient = ""

    async def do_rset(self, line: str) -> None:
        self.sender = self.recipient = ""
        await self.say("RSET", "250 2.0.0 ok")

    async def do_quit(self, line: str) -> None:
        await self.say("QUIT", "221 2.0.0 bye")
        raise Hangup

    async def do_other(self, line: str) -> None:
        await self.say("OTHER", "502 5.5.2 not understood")
