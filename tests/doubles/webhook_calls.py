"""What calls of email services to a webhook have in common: events, secrets, and keys of signatures."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from newsletter.bounces import webhook_secrets

FORM = "application/x-www-form-urlencoded"
KEY = "the key of the signatures"
MISSING = "550 5.1.1 <{address}>: Recipient address rejected: User unknown"
FULL = "452 4.2.2 Mailbox full"
CERTIFICATE = "https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0.pem"


@dataclass(frozen=True)
class Happened:
    """An event: `delivered`, `deferred`, `hard`, `soft`, `complained` or `unsubscribed`."""

    kind: str
    message_id: str
    address: str
    at: datetime = datetime(2026, 2, 6, 17, 30, tzinfo=UTC)

    @property
    def seconds(self) -> int:
        """Seconds since the epoch."""
        return int(self.at.timestamp())

    @property
    def reply(self) -> str:
        """What the receiving server said."""
        return (MISSING if self.kind == "hard" else FULL).format(address=self.address)


@dataclass(frozen=True)
class Call:
    """A request."""

    body: bytes
    headers: Mapping[str, str]
    content_type: str = "application/json"

    def without_proof(self) -> "Call":
        """Return the call without secret and signature."""
        kept = {n: v for n, v in self.headers.items() if n in ("x-amz-sns-message-type", "x-amz-sns-message-id")}
        if self.content_type == FORM:
            return replace(self, headers=kept)
        inside = json.loads(self.body)
        if isinstance(inside, dict):
            inside = {n: v for n, v in inside.items() if n not in ("signature", "auth", "Signature")}
        return replace(self, body=json.dumps(inside).encode(), headers=kept)


def basic(provider: str, **more: str) -> dict[str, str]:
    """Return the header field with the secret of a webhook's address."""
    credentials = f"{webhook_secrets.USER}:{webhook_secrets.current(provider)}"
    return {"Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}", **more}


def as_json(value: object) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value).encode()


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """A key of Postal and Amazon."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    """A key of SendGrid."""
    return ec.generate_private_key(ec.SECP256R1())


def public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """Return the public key as these services show it."""
    octets = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(octets).decode()


@cache
def certificate() -> bytes:
    """Return the certificate of Amazon's key, as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(rsa_key().public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return made.sign(rsa_key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


ALL = ("delivered", "deferred", "hard", "soft", "complained", "unsubscribed")
"""The kinds of events."""
