"""Keys for DKIM (RFC 6376, RFC 8463): new ones, the DNS record of one, and signing with one.

Only what signs or makes keys imports this module, because it loads cryptography.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from newsletter.config import Dkim
from newsletter.messages import Problem, delivery as messages

SMALLEST_RSA = 1024


class DkimError(Problem):
    """A key that can't sign; the message says why."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key: its kind as in the tag a=, and what returns the signature of data."""

    kind: Literal["rsa", "ed25519"]
    sign: Callable[[bytes], bytes]


def signing_key(dkim: Dkim) -> SigningKey:
    """Return the key to sign with. Raises `DkimError` for an invalid one."""
    key = _private_key(dkim)
    if isinstance(key, Ed25519PrivateKey):
        return SigningKey("ed25519", lambda data: key.sign(hashlib.sha256(data).digest()))
    padding, algorithm = PKCS1v15(), SHA256()
    return SigningKey("rsa", lambda data: key.sign(data, padding, algorithm))


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key: the private key as PEM, and the DNS record that publishes the public key."""

    pem: str
    name: str
    record: str

    @property
    def zone_line(self) -> str:
        """The record for a zone file, in strings of at most 255 characters."""
        parts = " ".join(f'"{self.record[start : start + 255]}"' for start in range(0, len(self.record), 255))
        return f"{self.name}. IN TXT ( {parts} )"


def new_key(domain: str, selector: str, kind: Literal["rsa", "ed25519"] = "rsa") -> NewKey:
    """Generate a key: RSA with 2048 bits, or Ed25519 (RFC 8463; not supported by every receiver yet)."""
    key = generate_private_key(65537, 2048) if kind == "rsa" else Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    return NewKey(pem, f"{selector}._domainkey.{domain}", _record(key))


def public_record(dkim: Dkim) -> str:
    """Return the DNS record that publishes a key. Raises `DkimError` for an invalid key."""
    return _record(_private_key(dkim))


def _private_key(dkim: Dkim) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        key = load_pem_private_key(dkim.key.encode(), None)
    except (ValueError, TypeError) as e:
        name = f"{dkim.selector}._domainkey.{dkim.domain}"
        raise DkimError(messages.DKIM_UNREADABLE(name=name)) from e
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise DkimError(messages.DKIM_TYPE())
    if isinstance(key, RSAPrivateKey) and key.key_size < SMALLEST_RSA:
        raise DkimError(messages.DKIM_SMALL(bits=key.key_size))
    return key


def _record(key: RSAPrivateKey | Ed25519PrivateKey) -> str:
    if isinstance(key, Ed25519PrivateKey):
        kind, public = "ed25519", key.public_key().public_bytes_raw()
    else:
        kind, public = "rsa", key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode('ascii')}"
