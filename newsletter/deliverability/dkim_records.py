"""DKIM key records (RFC 6376 3.6.1, RFC 8463): what a verifier finds, and why it ignores a key.

Those of our keys are compared with the keys; those of a provider that signs are looked up by its usual names.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.config import Dkim
from newsletter.deliverability.lookups import LookupFailed, Lookups
from newsletter.deliverability.records import pairs, txt
from newsletter.deliverability.services import MailService
from newsletter.delivery.dkim_keys import SMALLEST_RSA, DkimError, public_record
from newsletter.domain.check import CheckResult, Verdict
from newsletter.messages import MessageType, message_of
from newsletter.messages.deliverability import records as records_messages, signatures as messages
from newsletter.mime.headers import ascii_domain

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


FAULTS: dict[KeyFault, MessageType] = {
    KeyFault.VERSION: messages.DKIM_FAULT_V,
    KeyFault.REPEATED: messages.DKIM_FAULT_REPEATED,
    KeyFault.HASH: messages.DKIM_FAULT_H,
    KeyFault.SERVICE: messages.DKIM_FAULT_S,
    KeyFault.TYPE: messages.DKIM_FAULT_K,
    KeyFault.KEY: messages.DKIM_FAULT_P,
}


def check_own_key(key: Dkim, keys: Sequence[Dkim], lookups: Lookups) -> CheckResult:
    """Check the record of a key of config.toml; if it can't be looked up, the record that it should have is known."""
    name = f"{key.selector}._domainkey.{ascii_domain(key.domain).lower()}"
    try:
        expected = public_record(key)
    except DkimError as problem:
        return CheckResult(Verdict.BAD, message_of(problem))
    record = txt(name, expected)
    try:
        records = _records(name, lookups)
    except LookupFailed as failure:
        return CheckResult(Verdict.UNKNOWN, failure.message, record)
    if not records:
        return CheckResult(Verdict.BAD, messages.NO_DKIM_RECORD(name=name), record)
    if len(records) > 1:
        return CheckResult(
            Verdict.BAD, records_messages.SEVERAL_RECORDS(name=name, count=len(records), type="DKIM"), record
        )
    if records[0].key and records[0].key != read(expected).key:
        return CheckResult(Verdict.BAD, messages.OTHER_DKIM_KEY(name=name), record)
    return published(
        name, records[0], record, beside_rsa=any(read(public_record(other)).type == "rsa" for other in keys)
    )


def published(name: str, key: KeyRecord, record: str = "", *, beside_rsa: bool = False) -> CheckResult:
    """Return what a record says about its key."""
    if key.fault is KeyFault.REVOKED:
        return CheckResult(Verdict.BAD, messages.DKIM_REVOKED(name=name), record)
    if key.fault is not None:
        return CheckResult(Verdict.BAD, messages.DKIM_FAULT(name=name, cause=FAULTS[key.fault]()), record)
    if key.testing:
        return CheckResult(Verdict.WARNING, messages.DKIM_TESTING(name=name), record)
    if key.type == "ed25519":
        if beside_rsa:
            return CheckResult(Verdict.GOOD, messages.DKIM_BESIDE(name=name))
        return CheckResult(Verdict.WARNING, messages.DKIM_ED25519(name=name))
    if key.bits < SMALLEST_RSA:
        return CheckResult(Verdict.BAD, messages.DKIM_SHORT(name=name, bits=key.bits))
    return CheckResult(Verdict.GOOD, messages.DKIM_RSA(name=name, bits=key.bits))


def check_key_of_provider(domain: str, service: MailService, lookups: Lookups) -> CheckResult:
    """Check the records of a provider that signs. Raises LookupFailed."""
    worse: CheckResult | None = None
    for selector in service.selectors:
        name = f"{selector}._domainkey.{domain}"
        if records := _records(name, lookups):
            seen = published(name, records[0])
            if seen.verdict is Verdict.GOOD:
                return CheckResult(Verdict.GOOD, messages.SIGNED_BY(provider=service.name, name=name))
            worse = worse or seen
    if worse:
        return worse
    if service.selectors:
        name = f"{service.selectors[0]}._domainkey.{domain}"
        return CheckResult(Verdict.WARNING, messages.NO_KEY_OF_PROVIDER(provider=service.name, name=name))
    return CheckResult(Verdict.UNKNOWN, messages.SIGNING_UNSEEN(provider=service.name, domain=domain))


def _records(name: str, lookups: Lookups) -> list[KeyRecord]:
    """Return the TXT records of a name that have a key, if only an empty or a wrong one."""
    return [read(text) for text in lookups.texts(name) if any(tag == "p" for tag, _value in pairs(text))]
