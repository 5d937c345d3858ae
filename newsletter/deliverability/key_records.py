"""DKIM key records (RFC 6376 3.6.1, RFC 8463): what a verifier finds, and why it ignores a key."""

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.deliverability.tags import pairs

ED25519_BYTES = 32


class KeyFault(StrEnum):
    """Why a verifier ignores a key; each is a reason of RFC 6376 3.6.1."""

    VERSION = "v"
    REPEATED = "repeated"
    REVOKED = "revoked"
    HASH = "h"
    TYPE = "k"
    KEY = "p"
    SERVICE = "s"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key record: the key's type and length, the key as base64, and whether it is in test (t=y)."""

    type: str
    key: str
    bits: int
    testing: bool
    fault: KeyFault | None


def is_key_record(text: str) -> bool:
    """Return whether a TXT record has a key, if only an empty or a wrong one."""
    return any(name == "p" for name, _ in pairs(text))


def read(text: str) -> KeyRecord:
    """Return what a verifier makes of a key record; names of tags are in small letters (3.2)."""
    fields = [(name, "".join(value.split())) for name, value in pairs(text)]
    tags = dict(reversed(fields))
    kind, key = tags.get("k", "rsa"), tags.get("p", "")
    length = bits(kind, key)
    return KeyRecord(kind, key, length, "y" in tags.get("t", "").split(":"), _fault(fields, tags, valid_key=length > 0))


def _fault(fields: list[tuple[str, str]], tags: dict[str, str], *, valid_key: bool) -> KeyFault | None:
    names = [name for name, _ in fields]
    if "v" in tags and (names[0] != "v" or tags["v"] != "DKIM1"):
        return KeyFault.VERSION
    if len(names) != len(set(names)):
        return KeyFault.REPEATED
    if not tags.get("p"):
        return KeyFault.REVOKED
    if tags.get("h") and "sha256" not in tags["h"].split(":"):
        return KeyFault.HASH
    if not {"*", "email"} & set(tags.get("s", "*").split(":")):
        return KeyFault.SERVICE
    if tags.get("k", "rsa") not in ("rsa", "ed25519"):
        return KeyFault.TYPE
    return None if valid_key else KeyFault.KEY


def bits(kind: str, encoded: str) -> int:
    """Return the length of a public key; 0 for one that isn't of this type, or invalid."""
    try:
        octets = base64.b64decode(encoded, validate=True)
        if kind == "ed25519":
            return ED25519_BYTES * 8 if len(octets) == ED25519_BYTES else 0
        key = load_der_public_key(octets)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return 0
    return key.key_size if isinstance(key, RSAPublicKey) else 0
