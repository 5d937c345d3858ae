"""Opening a connection to a mail server: greeting, EHLO, STARTTLS and login; also the check of `check --connect`.

Certificates and host names are verified. With `security = "auto"`, only a server on loopback is used without TLS, and
no password is sent there unless that is configured. Errors differ by whether waiting may help (`Unreachable`, `Busy`)
or not (`TlsFailed`, `LoginFailed`).
"""

import asyncio
import base64
import os
import ssl
from dataclasses import dataclass

from newsletter.config import Smtp
from newsletter.delivery.outcome import Phase
from newsletter.delivery.reply import Reply
from newsletter.delivery.smtp.connection import Connection
from newsletter.delivery.smtp.features import Features
from newsletter.delivery.smtp.states import ConnectionBroken, ServerClosing, UnexpectedReply
from newsletter.domain.hosts import is_loopback
from newsletter.messages import Message, Problem, delivery as messages
from newsletter.messages.general import ABOUT

MECHANISMS = ("PLAIN", "LOGIN")
"""The mechanisms that are chosen automatically, in order of preference."""


class SessionError(Problem):
    """The session can't be opened."""


class Unreachable(SessionError):
    """The server doesn't reply, or not usefully; it may later."""


class Busy(SessionError):
    """The server accepts no more connections at present (421, or 4yz in its greeting)."""


class TlsFailed(SessionError):
    """The connection can't be encrypted, or the certificate isn't valid."""


class LoginFailed(SessionError):
    """The server refused user and password, or offers no suitable mechanism."""


@dataclass(frozen=True, slots=True)
class ConnectionCheck:
    """The result of a check: the greeting, the TLS version (such as `TLSv1.3`, "" for none), whether it logged in."""

    greeting: str
    encryption: str
    logged_in: bool
    features: Features


async def open_session(smtp: Smtp) -> Connection:
    """Return a connection that is ready for messages. Raises `SessionError`."""
    return (await _open(smtp))[0]


async def check_connection(smtp: Smtp) -> ConnectionCheck:
    """Connect, log in and quit, without sending a message. Raises `SessionError`."""
    connection, greeting = await _open(smtp)
    encrypted = connection.transport.get_extra_info("ssl_object")
    check = ConnectionCheck(
        greeting.text,
        encrypted.version() if encrypted else "",
        bool(smtp.user),
        connection.features,
    )
    try:
        await connection.ask(b"QUIT\r\n", Phase.QUIT)
    except UnexpectedReply as e:
        raise Unreachable(ABOUT(subject=f"{smtp.host}:{smtp.port}", message=e.message)) from e
    except ConnectionBroken:
        return check  # a server may close on QUIT without a word
    connection.end(messages.ENDED())
    return check


def security_of(smtp: Smtp) -> str:
    """Return `tls`, `starttls` or `none`: what `auto` means for this host and port."""
    if smtp.security != "auto":
        return smtp.security
    if smtp.port == 465:
        return "tls"
    return "none" if is_loopback(smtp.host) else "starttls"


async def _open(smtp: Smtp) -> tuple[Connection, Reply]:
    where = f"{smtp.host}:{smtp.port}"
    connection = await _connect(smtp, where)
    ready = False
    try:
        greeting = _ready(await connection.ask(b"", Phase.GREETING), where)
        await _hello(connection, smtp, where)
        if security_of(smtp) == "starttls":
            await _starttls(connection, smtp, where)
            await _hello(connection, smtp, where)
        if smtp.user:
            await _login(connection, smtp, where)
        await connection.read_pending()
        ready = True
    except ServerClosing as e:
        raise Busy(ABOUT(subject=where, message=e.message)) from e
    except ConnectionBroken as e:
        raise Unreachable(ABOUT(subject=where, message=e.message)) from e
    finally:
        if not ready:
            connection.end(messages.ENDED())
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
        raise Unreachable(messages.NO_ANSWER(server=where, seconds=f"{seconds:g}")) from e
    except OSError as e:
        raise Unreachable(messages.NO_CONNECTION(server=where, cause=_cause(e))) from e
    except UnicodeError as e:  # an empty label of the host's name, or one of more than 63 octets (RFC 1034 3.1)
        raise Unreachable(messages.NO_CONNECTION(server=where, cause=str(e.__cause__ or e))) from e
    return connection


def _cause(error: OSError) -> str:
    """Return why there is no connection, in the system's words: those of asyncio have the address of the socket."""
    if error.errno is not None and error.errno > 0:  # it is below 0 for a name that has no address (socket.gaierror)
        return os.strerror(error.errno)
    return error.strerror or str(error)


def _ready(reply: Reply, where: str) -> Reply:
    """Return a positive reply. Raises `Busy` for 4yz, `Unreachable` for 5yz."""
    if reply.positive:
        return reply
    if reply.code < 500:
        raise Busy(messages.BUSY(server=where, reply=str(reply)))
    raise Unreachable(messages.TURNED_AWAY(server=where, reply=str(reply)))


async def _hello(connection: Connection, smtp: Smtp, where: str) -> None:
    name = smtp.hello or _address_literal(connection.transport)
    reply = await connection.ask(b"EHLO %s\r\n" % name.encode("ascii"), Phase.EHLO)
    if reply.positive:
        connection.features = Features.of(reply)
        return
    if reply.code in (500, 502, 504):
        reply = await connection.ask(b"HELO %s\r\n" % name.encode("ascii"), Phase.EHLO)
    _ready(reply, where)


def _address_literal(transport: asyncio.Transport) -> str:
    """Return the address literal for EHLO if no name is configured (RFC 5321 4.1.3)."""
    host = _local_host(transport)
    return f"[IPv6:{host.partition('%')[0]}]" if ":" in host else f"[{host}]"


def _local_host(transport: asyncio.Transport) -> str:
    return str(transport.get_extra_info("sockname")[0])


async def _starttls(connection: Connection, smtp: Smtp, where: str) -> None:
    if not connection.features.starttls:
        raise TlsFailed(messages.NO_STARTTLS(server=where))
    reply = await connection.ask(b"STARTTLS\r\n", Phase.STARTTLS)
    if reply.code == 421:
        raise Busy(messages.BUSY(server=where, reply=str(reply)))
    if not reply.positive:
        raise TlsFailed(messages.STARTTLS_REFUSED(server=where, reply=str(reply)))
    await connection.read_pending()
    connection.features = Features()  # nothing that was said before TLS counts (RFC 3207 4.2)
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
        raise Unreachable(messages.TLS_BROKE(server=where, cause=str(e))) from e
    if transport is None:
        raise Unreachable(messages.TLS_ENDED(server=where))
    connection.connection_made(transport)


def _context(smtp: Smtp) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=smtp.ca or None)
    except OSError as e:
        raise TlsFailed(messages.CERTIFICATES_UNREADABLE(file=smtp.ca, cause=e.strerror or str(e))) from e


def _tls_problem(where: str, error: ssl.SSLError) -> Message:
    why = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error.reason or str(error)
    return messages.TLS_FAILED(server=where, cause=why.rstrip("."))


async def _login(connection: Connection, smtp: Smtp, where: str) -> None:
    mechanisms = (smtp.auth.upper(),) if smtp.auth != "auto" else MECHANISMS
    mechanism = next((w for w in mechanisms if w in connection.features.auth), None)
    if mechanism is None:
        offered = connection.features.auth or messages.NO_METHOD()
        raise LoginFailed(messages.NO_LOGIN_METHOD(server=where, wanted=mechanisms, offered=offered))
    reply = await _authenticate(connection, smtp, mechanism)
    if 400 <= reply.code < 500:
        raise Busy(messages.LOGIN_POSTPONED(server=where, reply=str(reply)))
    if reply.code != 235:
        raise LoginFailed(messages.LOGIN_REFUSED(server=where, user=smtp.user, reply=str(reply)))


async def _authenticate(connection: Connection, smtp: Smtp, mechanism: str) -> Reply:
    """Authenticate (RFC 4954); every response to 334 is base64."""
    responses = {
        "PLAIN": [f"\0{smtp.user}\0{smtp.password}"],
        "LOGIN": [smtp.user, smtp.password],
        "XOAUTH2": [f"user={smtp.user}\1auth=Bearer {smtp.password}\1\1"],
    }[mechanism]
    initial = b"" if mechanism == "LOGIN" else b" " + _base64(responses.pop(0))
    reply = await connection.ask(b"AUTH " + mechanism.encode("ascii") + initial + b"\r\n", Phase.AUTH)
    for response in [*responses, ""]:  # XOAUTH2 explains a refusal in a 334, and wants an empty answer before its 535
        if reply.code == 334:
            reply = await connection.ask(_base64(response) + b"\r\n", Phase.AUTH)
    return reply


def _base64(text: str) -> bytes:
    return base64.b64encode(text.encode())
