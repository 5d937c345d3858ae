"""DKIM records (RFC 6376): those of our keys, compared with the keys, or those of a provider that signs."""

import base64
import binascii
from collections.abc import Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from newsletter.config import Dkim
from newsletter.delivery.dkim_keys import SMALLEST_RSA, DkimError, public_record
from newsletter.messages import message_of
from newsletter.messages.deliverability import checks as messages
from newsletter.scheduling.check import Verdict
from newsletter.scheduling.deliverability.check_result import CheckResult
from newsletter.scheduling.deliverability.lookups import Lookups, txt
from newsletter.scheduling.deliverability.route import MailService
from newsletter.scheduling.deliverability.tags import tags

ED25519_BYTES = 32


def own_key(key: Dkim, keys: Sequence[Dkim], lookups: Lookups) -> CheckResult:
    """Check the record of a key of config.toml. Raises dns.exception.DNSException."""
    name = f"{key.selector}._domainkey.{key.domain}"
    try:
        wanted = public_record(key)
    except DkimError as problem:
        return CheckResult(Verdict.BAD, message_of(problem))
    record = txt(name, wanted)
    found = _records(name, lookups)
    if not found:
        return CheckResult(Verdict.BAD, messages.NO_DKIM_RECORD(name=name), record)
    if len(found) > 1:
        return CheckResult(Verdict.BAD, messages.SEVERAL_RECORDS(name=name, count=len(found), type="DKIM"))
    if found[0]["p"] and found[0]["p"] != tags(wanted)["p"]:
        return CheckResult(Verdict.BAD, messages.OTHER_DKIM_KEY(name=name), record)
    return published(name, found[0], record, beside_rsa=_has_rsa(keys))


def published(name: str, found: dict[str, str], record: str = "", *, beside_rsa: bool = False) -> CheckResult:
    """Return what a record says about its key."""
    if not found["p"]:
        return CheckResult(Verdict.BAD, messages.DKIM_REVOKED(name=name), record)
    if "y" in found.get("t", "").lower().split(":"):
        return CheckResult(Verdict.WARNING, messages.DKIM_TESTING(name=name), record)
    kind, bits = found.get("k", "rsa").lower(), _bits(found["p"])
    if kind == "ed25519" and bits == ED25519_BYTES * 8:
        if beside_rsa:
            return CheckResult(Verdict.GOOD, messages.DKIM_BESIDE(name=name))
        return CheckResult(Verdict.WARNING, messages.DKIM_ED25519(name=name))
    if kind != "rsa" or bits <= ED25519_BYTES * 8:
        return CheckResult(Verdict.BAD, messages.DKIM_INVALID(name=name), record)
    if bits < SMALLEST_RSA:
        return CheckResult(Verdict.BAD, messages.DKIM_SHORT(name=name, bits=bits))
    return CheckResult(Verdict.GOOD, messages.DKIM_RSA(name=name, bits=bits))


def key_of_provider(domain: str, service: MailService, lookups: Lookups) -> CheckResult:
    """Check the records of a provider that signs. Raises dns.exception.DNSException."""
    for selector in service.selectors:
        name = f"{selector}._domainkey.{domain}"
        if found := _records(name, lookups):
            seen = published(name, found[0])
            if seen.verdict is not Verdict.GOOD:
                return seen
            return CheckResult(Verdict.GOOD, messages.SIGNED_BY(provider=service.name, name=name))
    if service.selectors:
        name = f"{service.selectors[0]}._domainkey.{domain}"
        return CheckResult(Verdict.WARNING, messages.NO_KEY_OF_PROVIDER(provider=service.name, name=name))
    return CheckResult(Verdict.NOTE, messages.SIGNING_UNSEEN(provider=service.name, domain=domain))


def _records(name: str, lookups: Lookups) -> list[dict[str, str]]:
    return [found for text in lookups.texts(name) if "p" in (found := tags(text))]


def _has_rsa(keys: Sequence[Dkim]) -> bool:
    return any(tags(public_record(key)).get("k") == "rsa" for key in keys)


def _bits(encoded: str) -> int:
    """Return the length of a public key; 0 for an invalid one."""
    try:
        octets = base64.b64decode(encoded, validate=True)
        if len(octets) == ED25519_BYTES:
            return ED25519_BYTES * 8
        key = load_der_public_key(octets)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return 0
    return key.key_size if isinstance(key, RSAPublicKey) else 0
