"""`newsletter check-machine`: what a machine lacks before anything is set up on it. No configuration is needed."""

import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from newsletter.cli.common import WRONG, emit, fail, fail_if_any, new_table
from newsletter.web.listener import CannotListen, open_listener

GOOD, NOTE, WARNING, BAD = "good", "note", "warning", "bad"
PYTHON = (3, 11)
MEMORY, SPACE = 512, 2_000
"""Megabytes of memory and of disk space that a small site needs."""

SECONDS = 10.0
"""How long a mail server may take to answer."""

UNSYNCHRONIZED = 5
"""What adjtimex(2) returns if nothing sets the clock (TIME_ERROR)."""


class MachineFinding(NamedTuple):
    """What was looked at, the verdict, and a sentence with the remedy."""

    about: str
    verdict: str
    sentence: str


app = typer.Typer()


@app.command("check-machine", epilog="Example: newsletter check-machine example.org")
def check_machine(
    domain: Annotated[
        str | None, typer.Argument(metavar="DOMAIN", help="The domain that emails will be sent from.")
    ] = None,
    host: Annotated[str, typer.Option(help="The address that the web server will listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port that it will listen on.")] = 8000,
    smtp: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="The mail server that you will send through.")
    ] = None,
) -> None:
    """Check a machine before you set up a site on it.

    Python, memory, disk space, port, clock and time zones; with DOMAIN, its DNS and whether port 25 is open to the
    outside; with --smtp, whether that mail server can be reached. No email is sent.
    """
    findings = [*_of_machine(), _port(host, port)]
    servers: list[tuple[str, int]] = []
    if domain is not None:
        dns_finding, mail_servers = _dns(domain)
        findings.append(dns_finding)
        servers += [(server, 25) for server in mail_servers[:1]]
    if smtp is not None:
        server, _, number = smtp.rpartition(":")
        if not server or not number.isdecimal():
            fail("--smtp must be a host and a port, such as smtp.example.org:587", WRONG)
        servers.append((server, int(number)))
    findings += [_outgoing(*address) for address in servers]
    if not servers:
        findings.append(MachineFinding("outgoing mail", NOTE, "not checked; --smtp HOST:PORT tries a mail server"))
    _report(findings)


def _report(findings: Sequence[MachineFinding]) -> None:
    from rich.table import Column

    table = new_table(
        (Column(no_wrap=True), Column(no_wrap=True), Column(overflow="fold")),
        ((finding.verdict, finding.about, finding.sentence) for finding in findings),
        show_header=False,
    )
    emit({"checks": [finding._asdict() for finding in findings]}, table)
    fail_if_any([f"{finding.about}: {finding.sentence}" for finding in findings if finding.verdict == BAD])


def _of_machine() -> Iterator[MachineFinding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < PYTHON:
        yield MachineFinding("Python", BAD, f"{version} is too old; install 3.11 or newer")
    else:
        yield MachineFinding("Python", GOOD, version)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1_000_000
    enough = memory >= MEMORY
    yield MachineFinding(
        "memory", GOOD if enough else WARNING, f"{memory:,} MB" + ("" if enough else f"; {MEMORY} MB or more is better")
    )
    free = shutil.disk_usage(Path.cwd()).free // 1_000_000
    enough = free >= SPACE
    text = f"{free:,} MB are free in this folder"
    yield MachineFinding(
        "disk", GOOD if enough else WARNING, text if enough else f"{text}; images and backups need more"
    )
    yield _time_zones()
    yield _clock()


def _time_zones() -> MachineFinding:
    try:
        ZoneInfo("Europe/Oslo")
    except ZoneInfoNotFoundError:
        return MachineFinding("time zones", BAD, "the system has no time zones; install the package tzdata")
    return MachineFinding("time zones", GOOD, f"this machine's is {time.tzname[0]}; each newsletter has its own")


def _clock() -> MachineFinding:
    """Return whether something sets the clock (adjtimex(2)), on which times of sending and login codes depend."""
    import ctypes

    now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    if state == UNSYNCHRONIZED:
        return MachineFinding(
            "clock", WARNING, f"{now}, but nothing keeps it right; turn on NTP ('timedatectl set-ntp true')"
        )
    if state < 0:
        return MachineFinding("clock", NOTE, f"{now}; whether something keeps it right can't be seen here")
    return MachineFinding("clock", GOOD, now)


def _port(host: str, port: int) -> MachineFinding:
    about = f"port {port}"
    try:
        open_listener(host, port).close()
    except CannotListen as problem:
        return MachineFinding(about, BAD, str(problem))
    return MachineFinding(about, GOOD, f"free on {host}")


def _dns(domain: str) -> tuple[MachineFinding, tuple[str, ...]]:
    """Return what DNS says of a domain, and its mail servers."""
    from newsletter.deliverability.lookups import LookupFailed, Lookups

    lookups, about = Lookups(), f"DNS of {domain}"
    try:
        mail_servers = tuple(server for server in lookups.mail_servers(domain) if server != ".")
        has_records = mail_servers or lookups.addresses(domain) or lookups.ask(domain, "NS")
    except LookupFailed as problem:
        return MachineFinding(about, BAD, f"{problem}; see whether this machine has a name server"), ()
    if not has_records:
        return MachineFinding(about, BAD, "it has no records; register the domain, or correct its name"), ()
    if not mail_servers:
        sentence = (
            "it has no mail server (MX), so that nobody can answer your emails; set one up, or use another domain"
        )
        return MachineFinding(about, WARNING, sentence), ()
    return MachineFinding(
        about, GOOD, f"mail to it goes to {mail_servers[0]}; 'newsletter check --dns' checks the rest"
    ), mail_servers


def _outgoing(server: str, port: int) -> MachineFinding:
    """Return whether a mail server greets us."""
    about = f"port {port} outgoing"
    try:
        with socket.create_connection((server, port), SECONDS) as connection:
            greeting = connection.recv(3) if port != 465 else b"220"
    except (socket.gaierror, UnicodeError):
        return MachineFinding(about, BAD, f"{server} has no address; check the name, and this machine's name server")
    except OSError as e:
        sentence = f"{server} can't be reached ({e.strerror or e}); many hosting companies block this port"
        remedy = "ask them to open it, or send through an email service's API"
        return MachineFinding(about, BAD if port != 25 else WARNING, f"{sentence}: {remedy}")
    if greeting != b"220":
        return MachineFinding(
            about, WARNING, f"{server} answers, but doesn't greet as a mail server; is the port right?"
        )
    return MachineFinding(about, GOOD, f"{server} can be reached")
