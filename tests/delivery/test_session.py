"""Setting up: features, encryption that is verified, logins, and what cannot be sent here."""

import datetime
import ipaddress
import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from newsletter.config import Smtp
from newsletter.delivery.engine import EndReason
from newsletter.delivery.reply import Reply
from newsletter.delivery.smtp.features import Features
from newsletter.delivery.smtp.session import (
    Busy,
    LoginFailed,
    SessionError,
    TlsFailed,
    Unreachable,
    check_connection,
    security_of,
)
from newsletter.domain.outcome import Fault, OutcomeKind
from newsletter.mime.message_builder import MessageBuilder
from tests.delivery.conftest import Send, impatient
from tests.delivery.samples import desk, encoded, recipient
from tests.doubles.smtpd import CLOSE, FEATURES, SILENT, Say, Smtpd

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)
LOGIN_FEATURES = (*FEATURES, "AUTH PLAIN LOGIN XOAUTH2")


def certificate(folder: Path, *, name: str = "127.0.0.1", until: datetime.datetime = NOW + DAY) -> Path:
    """A self-signed certificate with its key, in one file."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "double")])
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - 3 * DAY)
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(pem + made.public_bytes(Encoding.PEM))
    return path


def tls_server(path: Path, *, implicit: bool = False, **script: Sequence[str | Say]) -> Smtpd:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server = Smtpd.of(LOGIN_FEATURES, "user:secret", **script)
    server.tls, server.implicit = context, implicit
    return server


def smtp_for(server: Smtpd, seconds: float = 30.0, **settings: object) -> Smtp:
    return Smtp(host="127.0.0.1", port=server.port, timeouts=impatient(seconds), **settings)


@pytest.mark.parametrize("implicit", [False, True])
async def test_mails_go_out_encrypted_where_the_certificate_is_good(
    implicit: bool, tmp_path: Path, send_all: Send
) -> None:
    path = certificate(tmp_path)
    recipients = desk(30)
    async with tls_server(path, implicit=implicit) as server:
        security = "tls" if implicit else "starttls"
        settings = {"security": security, "ca": str(path), "user": "user", "password": "secret"}
        await send_all(recipients, server, smtp=settings, patience=5.0)
    assert recipients.kinds() == {"accepted": 30}
    assert len(server.taken) == 30


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("case", ["expired", "wrong name", "unknown"])
async def test_a_certificate_that_is_not_good_pauses_the_edition_and_sends_nothing(
    case: str, implicit: bool, tmp_path: Path, send_all: Send
) -> None:
    until = NOW - DAY if case == "expired" else NOW + DAY
    path = certificate(tmp_path, name="other.example" if case == "wrong name" else "127.0.0.1", until=until)
    settings = {"security": "tls" if implicit else "starttls"} | ({} if case == "unknown" else {"ca": str(path)})
    recipients = desk(3)
    async with tls_server(path, implicit=implicit) as server:
        ended = await send_all(recipients, server, smtp=settings)
    assert ended.reason is EndReason.DONE
    assert server.taken == []
    assert sorted(recipients.back) == [0, 1, 2]
    words = {"expired": "expired", "wrong name": "mismatch", "unknown": "self-signed"}[case]
    assert words in str(recipients.pauses["k/2026-W06"])


async def test_without_starttls_nothing_is_sent_in_clear(send_all: Send) -> None:
    recipients = desk(1)
    async with Smtpd.of() as server:
        await send_all(recipients, server, smtp={"security": "starttls"})
    assert "does not offer STARTTLS" in str(recipients.pauses["k/2026-W06"])
    assert server.taken == []


async def test_a_refused_starttls_is_no_reason_to_go_on_in_clear(tmp_path: Path) -> None:
    async with tls_server(certificate(tmp_path), STARTTLS=["454 4.7.0 not now"]) as server:
        with pytest.raises(TlsFailed, match="refused STARTTLS: 454"):
            await check_connection(smtp_for(server, security="starttls"))


@pytest.mark.parametrize("fault", [CLOSE, SILENT, "Hm?", "421 4.3.2 bye", Say("220 go on", split=True)], ids=str)
async def test_a_starttls_that_fails_once_is_tried_anew(fault: str | Say, tmp_path: Path, send_all: Send) -> None:
    path, recipients = certificate(tmp_path), desk(2)
    async with tls_server(path, STARTTLS=[fault]) as server:
        await send_all(recipients, server, smtp={"security": "starttls", "ca": str(path)}, patience=5.0)
    assert recipients.kinds() == {"accepted": 2}
    assert recipients.pauses == {}


async def test_a_server_that_breaks_off_in_the_handshake_is_unreachable(tmp_path: Path) -> None:
    path = certificate(tmp_path)
    async with tls_server(path, STARTTLS=[Say("220 go on", close=True)]) as server:
        with pytest.raises(Unreachable):
            await check_connection(smtp_for(server, security="starttls", ca=str(path)))


async def test_capabilities_from_before_tls_are_discarded(tmp_path: Path) -> None:
    path = certificate(tmp_path)
    before = "250-double.example\r\n250-STARTTLS\r\n250 AUTH EVIL"
    async with tls_server(path, EHLO=[before]) as server:
        found = await check_connection(smtp_for(server, security="starttls", ca=str(path)))
    assert found.encryption == "TLSv1.3"
    assert found.features.auth == ("PLAIN", "LOGIN", "XOAUTH2")


async def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    async with tls_server(certificate(tmp_path)) as server:
        with pytest.raises(TlsFailed, match=r"missing\.pem"):
            await check_connection(smtp_for(server, security="starttls", ca=str(tmp_path / "missing.pem")))


@pytest.mark.parametrize("way", ["auto", "plain", "login", "xoauth2"])
async def test_logins_in_every_way(way: str) -> None:
    token = "user=user\1auth=Bearer secret\1\1"
    async with Smtpd.of(LOGIN_FEATURES, token if way == "xoauth2" else "user:secret") as server:
        found = await check_connection(smtp_for(server, user="user", password="secret", auth=way))
    assert found.logged_in
    assert found.encryption == ""
    assert found.greeting == "double.example ESMTP"


@pytest.mark.parametrize("way", ["plain", "login", "xoauth2"])
async def test_a_refused_login_pauses_the_edition_and_costs_nobody(way: str, send_all: Send) -> None:
    recipients = desk(5)
    async with Smtpd.of(LOGIN_FEATURES, "user:other") as server:
        await send_all(recipients, server, smtp={"user": "user", "password": "secret", "auth": way})
    assert "refused the login of user: 535 5.7.8" in str(recipients.pauses["k/2026-W06"])
    assert sorted(recipients.back) == [0, 1, 2, 3, 4]
    assert recipients.outcomes == {}


@pytest.mark.parametrize("features", [FEATURES, (*FEATURES, "AUTH GSSAPI")])
async def test_a_server_that_offers_no_login_is_an_error(features: Sequence[str]) -> None:
    async with Smtpd.of(features, "user:secret") as server:
        with pytest.raises(LoginFailed, match="does not offer the login that is configured"):
            await check_connection(smtp_for(server, user="user", password="secret"))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("400 later", Busy),
        ("421 4.3.2 bye", Busy),
        ("454 4.7.0 later", Busy),
        ("499 later", Busy),
        ("500 5.5.1 what?", LoginFailed),
        (CLOSE, Unreachable),
        (SILENT, Unreachable),
        ("Hm?", Unreachable),
    ],
    ids=str,
)
async def test_a_login_that_cannot_be_checked_now_is_no_refusal(fault: str | Say, error: type[SessionError]) -> None:
    seconds = 1.0 if fault is SILENT else 30.0
    async with Smtpd.of(LOGIN_FEATURES, "user:secret", AUTH=[fault]) as server:
        with pytest.raises(error):
            await check_connection(smtp_for(server, seconds, user="user", password="secret"))


@pytest.mark.parametrize("phase", ["GREETING", "EHLO"])
@pytest.mark.parametrize(
    ("reply", "error"), [("450 not now", Busy), ("499 no", Busy), ("500 no", Unreachable), ("554 no", Unreachable)]
)
async def test_only_a_temporary_refusal_of_the_session_means_that_the_server_is_busy(
    phase: str, reply: str, error: type[SessionError]
) -> None:
    script = {phase: [reply], "HELO": [reply]}
    async with Smtpd.of(**script) as server:
        with pytest.raises(error, match=reply):
            await check_connection(smtp_for(server))


@pytest.mark.parametrize("code", [500, 502, 504])
async def test_a_server_that_does_not_know_ehlo_is_greeted_with_helo(code: int) -> None:
    async with Smtpd.of(EHLO=[f"{code} what?"]) as server:
        found = await check_connection(smtp_for(server, hello="brev.example.org"))
    assert server.commands == ["EHLO brev.example.org", "HELO brev.example.org", "QUIT"]
    assert found.features == Features()


@pytest.mark.parametrize("code", [501, 503, 550])
async def test_a_server_that_refuses_ehlo_is_not_greeted_again(code: int) -> None:
    async with Smtpd.of(EHLO=[f"{code} no"]) as server:
        with pytest.raises(Unreachable, match=f"accepts no email: {code}"):
            await check_connection(smtp_for(server))
    assert len(server.commands) == 1


async def test_a_server_that_wants_a_login_pauses_the_edition(send_all: Send) -> None:
    recipients = desk(4)
    async with Smtpd.of(MAIL=["530 5.7.0 authentication required"] * 9) as server:
        await send_all(recipients, server, connections=1)
    assert "refused the login" in str(recipients.pauses["k/2026-W06"])
    assert {o.kind for outcomes in recipients.outcomes.values() for o in outcomes} == {OutcomeKind.DEFERRED}


@pytest.mark.parametrize("quits", [[], [CLOSE], ["421 bye"]])
async def test_checking_sends_no_mail(quits: list[str | Say]) -> None:
    async with Smtpd.of(QUIT=quits) as server:
        found = await check_connection(smtp_for(server))
    assert found.features.pipelining
    assert found.features.size == 52428800
    assert [command.split()[0] for command in server.commands] == ["EHLO", "QUIT"]


async def test_a_port_without_a_server_is_reported_plainly() -> None:
    async with Smtpd.of() as server:
        smtp = smtp_for(server)
    with pytest.raises(Unreachable, match=r"no connection to 127\.0\.0\.1:\d+ \(Connection refused\);"):
        await check_connection(smtp)


async def test_a_server_that_does_not_answer_to_tls_is_unreachable() -> None:
    async with Smtpd.of(GREETING=[SILENT]) as server:
        smtp = Smtp(host="127.0.0.1", port=server.port, security="tls", timeouts=impatient(0.2))
        with pytest.raises(Unreachable, match=r"did not answer within 0\.2 seconds"):
            await check_connection(smtp)


async def test_a_host_is_greeted_by_the_configured_name() -> None:
    async with Smtpd.of() as server:
        await check_connection(smtp_for(server, hello="brev.example.org"))
    assert server.commands[0] == "EHLO brev.example.org"


async def test_ipv6_has_a_literal_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Smtpd.of() as server:
        monkeypatch.setattr("newsletter.delivery.smtp.session._local_host", lambda transport: "fe80::1%eth0")
        await check_connection(smtp_for(server))
    assert server.commands[0] == "EHLO [IPv6:fe80::1]"


@pytest.mark.parametrize(
    ("host", "port", "security", "wanted"),
    [
        ("localhost", 25, "auto", "none"),
        ("127.0.0.2", 25, "auto", "none"),
        ("::1", 587, "auto", "none"),
        ("mail.example.org", 587, "auto", "starttls"),
        ("mail.example.org", 465, "auto", "tls"),
        ("mail.example.org", 25, "none", "none"),
        ("localhost", 25, "starttls", "starttls"),
    ],
)
def test_the_security_that_auto_selects(host: str, port: int, security: str, wanted: str) -> None:
    assert security_of(Smtp(host=host, port=port, security=security)) == wanted


async def test_an_address_that_needs_smtputf8_is_sent_where_the_server_takes_it(send_all: Send) -> None:
    recipients = desk(["pål@reader.example"])
    async with Smtpd.of() as server:
        await send_all(recipients, server)
    assert server.recipients == ["pål@reader.example"]
    (mail,) = [command for command in server.commands if command.startswith("MAIL")]
    assert " BODY=8BITMIME SMTPUTF8 RET=HDRS" in mail


async def test_an_address_that_needs_smtputf8_is_refused_elsewhere(send_all: Send) -> None:
    recipients = desk(["pål@reader.example", "per@reader.example"])
    features = [word for word in FEATURES if word != "SMTPUTF8"]
    async with Smtpd.of(features) as server:
        await send_all(recipients, server, connections=1)
    (outcome,) = recipients.outcomes[0]
    assert (outcome.kind, outcome.fault, outcome.status) == (OutcomeKind.REFUSED, Fault.RECIPIENT, "5.6.7")
    assert server.recipients == ["per@reader.example"]


async def test_a_mail_larger_than_the_server_takes_is_not_sent(send_all: Send) -> None:
    recipients = desk(2, encoded(html="<p>x</p>\n" * 500))
    async with Smtpd.of(["PIPELINING", "SIZE 1000"]) as server:
        await send_all(recipients, server, connections=1)
    assert {o.status for outcomes in recipients.outcomes.values() for o in outcomes} == {"5.3.4"}
    assert not any(command.startswith("MAIL") for command in server.commands)


@pytest.mark.parametrize(("less", "sent"), [(0, True), (1, False)])
def test_a_mail_of_exactly_the_greatest_size_is_sent(less: int, sent: bool) -> None:
    message = MessageBuilder(encoded()).build(recipient(1))
    problem = Features(size_known=True, size=message.size - less).problem_with(message)
    assert (problem is None) is sent


def test_the_name_of_a_server_is_no_extension() -> None:
    assert Features.of(Reply(250, (b"DSN says hello",))) == Features.of(Reply(250, (b"mail.example",)))
    assert Features.of(Reply(250, (b"mail.example", b"dsn"))).dsn


def test_a_server_that_offers_nothing_gets_no_extension() -> None:
    message = MessageBuilder(encoded()).build(recipient(1))
    assert Features().commands(message).startswith(b"MAIL FROM:<brev@example.org>\r\n")
    assert Features().problem_with(MessageBuilder(encoded(subject="Blåbær".encode())).build(recipient(1)))
    assert Features().problem_with(MessageBuilder(encoded()).build(recipient(1, "pål@reader.example")))


async def test_eight_bit_content_is_not_sent_to_a_seven_bit_server(send_all: Send) -> None:
    eight_bit = encoded(subject="Blåbær".encode())
    recipients = desk(1, eight_bit)
    async with Smtpd.of(["PIPELINING"]) as server:
        await send_all(recipients, server)
    assert recipients.outcomes[0][0].status == "5.6.3"


@pytest.mark.parametrize(
    ("features", "mail", "rcpt"),
    [
        (["PIPELINING", "DSN"], "MAIL FROM:<brev@example.org> RET=HDRS", " NOTIFY=FAILURE"),
        (["PIPELINING"], "MAIL FROM:<brev@example.org>", ""),
        (["PIPELINING", "SIZE"], "MAIL FROM:<brev@example.org> SIZE=", ""),
        (["", "SIZE many", "X-UNKNOWN"], "MAIL FROM:<brev@example.org> SIZE=", ""),
    ],
)
async def test_only_offered_extensions_are_used(features: list[str], mail: str, rcpt: str, send_all: Send) -> None:
    async with Smtpd.of(features) as server:
        await send_all(desk(1), server)
    said = {command.split()[0]: command for command in server.commands}
    assert said["MAIL"].startswith(mail)
    assert said["RCPT"] == f"RCPT TO:<r0@reader.example>{rcpt}"


@pytest.mark.parametrize("host", ["..", f"{'æ' * 80}.example", f"{'a' * 64}.example"])
async def test_a_host_that_is_no_name_has_no_connection(host: str) -> None:
    with pytest.raises(Unreachable, match="no connection to "):
        await check_connection(Smtp(host=host, security="none"))
