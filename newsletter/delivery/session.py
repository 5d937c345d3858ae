"""Opening a connection to a mail server: greeting, EHLO, STARTTLS, login; and trying just that for `check
--connect`.

Promises: certificates are verified, names too; with `auto` nothing but a server on loopback is spoken to in
clear, and no password goes there in clear unless the configuration says so. What fails is told apart: waiting
may help (`Unreachable`, `Busy`), or it will not (`TlsFailed`, `LoginFailed`).
"""

import asyncio
import base64
import ipaddress
import ssl
from dataclasses import dataclass

from newsletter.config import Smtp
from newsletter.delivery.features import Features
from newsletter.delivery.outcome import Phase
from newsletter.delivery.reply import Reply
from newsletter.delivery.smtp import Broken, Connection

LOGINS = ("PLAIN", "LOGIN")
"""What is chosen of a server's offers by itself, the best first."""


class SessionError(Exception):
    """No session; the message is a sentence."""


class Unreachable(SessionError):
    """No answer, or none that helps; later there may be one."""


class Busy(SessionError):
    """The server is there, and wants no more connections at present (421, or 4yz in its greeting)."""


class TlsFailed(SessionError):
    """No encryption, or not with whom it should be."""


class LoginFailed(SessionError):
    """The server refused user and password, or offers no way to say them."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a try found: the server's greeting, the encryption (such as `TLSv1.3`, "" for none), and whether it
    logged in.
    """

    greeting: str
    encryption: str
    logged_in: bool
    features: Features


async def open_session(smtp: Smtp) -> Connection:
    """A connection that is ready for mails; raises `SessionError`."""
    return (await _open(smtp))[0]


async def check_connection(smtp: Smtp) -> Checked:
    """Connect, log in and leave; no mail is sent. Raises `SessionError`."""
    connection, greeting = await _open(smtp)
    encrypted = connection.transport.get_extra_info("ssl_object")
    found = Checked(
        greeting.text,
        encrypted.version() if encrypted else "",
        bool(smtp.user),
        connection.features,
    )
    try:
        await connection.ask(b"QUIT\r\n", Phase.QUIT)
    except Broken:
        return found  # a server may close on QUIT without a word
    connection.end("done")
    return found


def security_of(smtp: Smtp) -> str:
    """`tls`, `starttls` or `none`: what `auto` stands for at this host and port."""
    if smtp.security != "auto":
        return smtp.security
    if smtp.port == 465:
        return "tls"
    return "none" if is_loopback(smtp.host) else "starttls"


def is_loopback(host: str) -> bool:
    """Whether the name or number is this machine's own, by itself."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


async def _open(smtp: Smtp) -> tuple[Connection, Reply]:
    where = f"{smtp.host}:{smtp.port}"
    connection = await _connect(smtp, where)
    ready = False
    try:
        greeting = await _ready(connection, await connection.ask(b"", Phase.GREETING), where)
        await _hello(connection, smtp, where)
        if security_of(smtp) == "starttls":
            await _starttls(connection, smtp, where)
            await _hello(connection, smtp, where)
        if smtp.user:
            await _login(connection, smtp, where)
        ready = True
    except Broken as e:
        raise Unreachable(f"{where}: {e}") from e
    finally:
        if not ready:
            connection.end("no session")
    return connection, greeting


async def _connect(smtp: Smtp, where: str) -> Connection:
    loop = asyncio.get_running_loop()
    context = _context(smtp) if security_of(smtp) == "tls" else None
    seconds = smtp.timeouts.connect.total_seconds()
    try:
        async with asyncio.timeout(seconds):
            _, connection = await loop.create_connection(
                lambda: Connection(smtp.timeouts),
                smtp.host,
                smtp.port,
                ssl=context,
                server_hostname=smtp.host if context else None,
            )
    except ssl.SSLError as e:
        raise TlsFailed(_tls_problem(where, e)) from e
    except TimeoutError as e:
        raise Unreachable(f"{where} does not answer within {seconds:g} s") from e
    except OSError as e:
        raise Unreachable(f"no connection to {where}: {e.strerror or e}") from e
    return connection


async def _ready(connection: Connection, reply: Reply, where: str) -> Reply:
    if 400 <= reply.code < 500:
        raise Busy(f"{where} said {reply}")
    if not reply.positive:
        raise Unreachable(f"{where} takes no mail: {reply}")
    return reply


async def _hello(connection: Connection, smtp: Smtp, where: str) -> None:
    name = smtp.hello or _own_literal(connection.transport)
    reply = await connection.ask(b"EHLO %s\r\n" % name.encode("ascii"), Phase.EHLO)
    if reply.positive:
        connection.features = Features.of(reply)
        return
    if reply.code in (500, 502, 504):
        reply = await connection.ask(b"HELO %s\r\n" % name.encode("ascii"), Phase.EHLO)
    await _ready(connection, reply, where)


def _own_literal(transport: asyncio.Transport) -> str:
    """This end's address as EHLO writes it where no name is configured (RFC 5321 4.1.3)."""
    host = _own_host(transport)
    return f"[IPv6:{host.partition('%')[0]}]" if ":" in host else f"[{host}]"


def _own_host(transport: asyncio.Transport) -> str:
    return str(transport.get_extra_info("sockname")[0])


async def _starttls(connection: Connection, smtp: Smtp, where: str) -> None:
    if not connection.features.starttls:
        raise TlsFailed(
            f"{where} offers no STARTTLS, and nothing is sent in clear; look at delivery.smtp.port and security"
        )
    reply = await connection.ask(b"STARTTLS\r\n", Phase.STARTTLS)
    if reply.code == 421:
        raise Busy(f"{where} said {reply}")
    if not reply.positive:
        raise TlsFailed(f"{where} refused STARTTLS: {reply}")
    connection.forget()
    try:
        transport = await asyncio.get_running_loop().start_tls(
            connection.transport,
            connection,
            _context(smtp),
            server_hostname=smtp.host,
            ssl_handshake_timeout=smtp.timeouts.connect.total_seconds(),
        )
    except ssl.SSLError as e:
        raise TlsFailed(_tls_problem(where, e)) from e
    except OSError as e:
        raise Unreachable(f"{where} broke off in the TLS handshake: {e}") from e
    if transport is None:
        raise Unreachable(f"{where} broke off in the TLS handshake")
    connection.connection_made(transport)


def _context(smtp: Smtp) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=smtp.ca or None)
    except OSError as e:
        raise TlsFailed(f"the certificates of delivery.smtp.ca cannot be read: {smtp.ca}: {e.strerror or e}") from e


def _tls_problem(where: str, error: ssl.SSLError) -> str:
    why = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error.reason or str(error)
    why = why.rstrip(".")
    return f"TLS with {where} failed: {why}; check the host's name and certificate, or delivery.smtp.security"


async def _login(connection: Connection, smtp: Smtp, where: str) -> None:
    wanted = (smtp.auth.upper(),) if smtp.auth != "auto" else LOGINS
    way = next((w for w in wanted if w in connection.features.auth), None)
    if way is None:
        offered = ", ".join(connection.features.auth) or "none"
        raise LoginFailed(f"{where} offers no login by {' or '.join(wanted)} (it offers: {offered})")
    reply = await _authenticate(connection, smtp, way)
    if reply.code == 421 or 400 <= reply.code < 500:
        raise Busy(f"{where} cannot check the login now: {reply}")
    if reply.code != 235:
        raise LoginFailed(f"{where} refused the login of {smtp.user}: {reply}; check delivery.smtp.user and password")


async def _authenticate(connection: Connection, smtp: Smtp, way: str) -> Reply:
    """RFC 4954; every answer to a 334 is base64."""
    answers = {
        "PLAIN": [f"\0{smtp.user}\0{smtp.password}"],
        "LOGIN": [smtp.user, smtp.password],
        "XOAUTH2": [f"user={smtp.user}\1auth=Bearer {smtp.password}\1\1"],
    }[way]
    first = b"" if way == "LOGIN" else b" " + _base64(answers.pop(0))
    reply = await connection.ask(b"AUTH " + way.encode("ascii") + first + b"\r\n", Phase.AUTH)
    while reply.code == 334:
        # XOAUTH2 explains a refusal in a 334, and wants an empty answer before its 535.
        answer = _base64(answers.pop(0)) if answers else b""
        reply = await connection.ask(answer + b"\r\n", Phase.AUTH)
    return reply


def _base64(text: str) -> bytes:
    return base64.b64encode(text.encode())
