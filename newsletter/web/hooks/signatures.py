"""Signatures of webhooks that Anymail doesn't check without further packages, or not at all.

Resend signs as Standard Webhooks describe it (standardwebhooks.com, also known as Svix). Amazon SNS signs each
notification with a key whose certificate is at an address in the notification; only addresses of Amazon are fetched.
"""

import binascii
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import requests
from anymail.exceptions import AnymailWebhookValidationFailure
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

TOLERANCE = 300
"""Seconds that a signed call may be old, or in the future."""
_AMAZON = re.compile(r"sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_HASHES: Mapping[str, Callable[[], hashes.HashAlgorithm]] = {"1": hashes.SHA1, "2": hashes.SHA256}
_SECONDS, _LARGEST = 5.0, 100_000

Fetch = Callable[[str], bytes]


def check_standard(secret: str, body: bytes, headers: Mapping[str, str], now: float) -> None:
    """Check the signature of a call after Standard Webhooks. Raises AnymailWebhookValidationFailure."""
    name, timestamp, signatures = (headers.get(f"svix-{part}", "") for part in ("id", "timestamp", "signature"))
    if not (name and signatures and timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        raise AnymailWebhookValidationFailure("the signature is missing")
    if abs(now - int(timestamp)) > TOLERANCE:
        raise AnymailWebhookValidationFailure("the signature is too old")
    try:
        key = b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = secret.encode()
    digest = hmac.digest(key, b".".join((name.encode(), timestamp.encode(), body)), "sha256")
    expected = b"v1," + b64encode(digest)
    if not any(hmac.compare_digest(signature.encode(), expected) for signature in signatures.split()):
        raise AnymailWebhookValidationFailure("the signature is wrong")


def check_sns(message: Mapping[str, Any], fetch: Fetch) -> None:
    """Check the signature of a notification of Amazon SNS. Raises AnymailWebhookValidationFailure."""
    algorithm = _HASHES.get(str(message.get("SignatureVersion")))
    address = str(message.get("SigningCertURL", ""))
    if algorithm is None or not is_amazons(address) or not urlsplit(address).path.endswith(".pem"):
        raise AnymailWebhookValidationFailure("the certificate is not Amazon's")
    try:
        certificate = x509.load_pem_x509_certificate(fetch(address))
        key, signature = certificate.public_key(), b64decode(str(message.get("Signature", "")), validate=True)
        if not isinstance(key, rsa.RSAPublicKey) or not _is_valid_now(certificate):
            raise AnymailWebhookValidationFailure("the certificate is invalid")
        key.verify(signature, _signed(message), padding.PKCS1v15(), algorithm())
    except (InvalidSignature, ValueError) as e:  # binascii.Error is a ValueError
        raise AnymailWebhookValidationFailure("the signature is wrong") from e


def is_amazons(address: str) -> bool:
    """Return whether an address is one of Amazon SNS, over https."""
    try:
        parts = urlsplit(address)
        plain = parts.scheme == "https" and parts.netloc == parts.hostname
    except ValueError:
        return False
    return plain and _AMAZON.fullmatch(parts.netloc) is not None


def _is_valid_now(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_before_utc <= datetime.now(UTC) <= certificate.not_valid_after_utc


def _signed(message: Mapping[str, Any]) -> bytes:
    """Return what Amazon signs: names and values of some fields in lines, in alphabetical order."""
    names = _NOTIFICATION if message.get("Type") == "Notification" else _CONFIRMATION
    return "".join(f"{name}\n{message[name]}\n" for name in names if message.get(name) is not None).encode()


@lru_cache(maxsize=8)
def fetch_certificate(address: str) -> bytes:
    """Return what is at an address of Amazon; it is kept. Raises requests.RequestException."""
    return fetch(address)


def fetch(address: str) -> bytes:
    """Return what is at an address of Amazon. Raises requests.RequestException."""
    with requests.get(address, timeout=_SECONDS, allow_redirects=False, stream=True) as answer:
        answer.raise_for_status()
        content: bytes = answer.raw.read(_LARGEST, decode_content=True)
        return content
