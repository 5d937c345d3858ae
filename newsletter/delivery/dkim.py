"""DKIM signatures (RFC 6376, RFC 8463) over an edition's segments, and new keys.

relaxed/relaxed. The part of the body that all readers share is hashed once. Every header that a receiver may
rely on is named once more than it occurs, so that none can be added. Where a provider rewrites a header it is
left unsigned.
"""

import base64
import hashlib
import re
import time
from collections.abc import Sequence
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

Numbered = tuple[bytes | int, ...]
"""Pieces of a mail; a number stands for the reader's value of that number."""

SIGNED = (
    "from", "reply-to", "to", "cc", "subject", "date", "message-id", "list-id", "list-unsubscribe",
    "list-unsubscribe-post", "feedback-id", "auto-submitted", "mime-version", "content-type",
    "content-transfer-encoding",
)  # fmt: skip
REWRITTEN = {"amazon_ses": ("message-id", "date", "feedback-id")}
"""What a provider changes on the way."""

_SES_HOST = re.compile(r"email-smtp\.[a-z0-9-]+\.amazonaws\.com(\.cn)?", re.IGNORECASE)
_BLANKS = re.compile(rb"[ \t]+")
_TRAILING = re.compile(rb" (?=\r\n)")
_LINE = 72
SMALLEST_RSA = 1024


class DkimError(Exception):
    """A key that cannot sign; the sentence says why."""


def signed_headers(provider: str = "smtp", host: str = "") -> tuple[str, ...]:
    """The headers to sign for what goes out through a provider, or through an SMTP host of one."""
    if _SES_HOST.fullmatch(host):
        provider = "amazon_ses"
    return tuple(name for name in SIGNED if name not in REWRITTEN.get(provider, ()))


class Signer:
    """One key, ready to sign."""

    def __init__(self, dkim: Dkim, names: Sequence[str] = SIGNED) -> None:
        """Raises `DkimError` for a key that is none."""
        try:
            key = load_pem_private_key(dkim.key.encode(), None)
        except (ValueError, TypeError) as e:
            raise DkimError(
                f"the DKIM key of {dkim.selector}._domainkey.{dkim.domain} cannot be read; "
                "make one with 'newsletter dkim new'"
            ) from e
        if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
            raise DkimError("a DKIM key is RSA or Ed25519; make one with 'newsletter dkim new'")
        if isinstance(key, RSAPrivateKey) and key.key_size < SMALLEST_RSA:
            raise DkimError(f"a DKIM key of {key.key_size} bits is too small; make one of 2048 bits")
        self._key = key
        self._padding, self._hash = PKCS1v15(), SHA256()
        self.names = tuple(names)
        self.tags = (
            f"v=1; a={'rsa' if isinstance(key, RSAPrivateKey) else 'ed25519'}-sha256; "
            f"c=relaxed/relaxed; d={dkim.domain};\r\n s={dkim.selector}; t="
        ).encode()

    def sign(self, data: bytes) -> bytes:
        """The signature in base64."""
        if isinstance(self._key, Ed25519PrivateKey):
            return base64.b64encode(self._key.sign(hashlib.sha256(data).digest()))
        return base64.b64encode(self._key.sign(data, self._padding, self._hash))


class Signing:
    """The signatures of one edition's mails."""

    def __init__(self, signers: Sequence[Signer], headers: Sequence[tuple[str, Numbered]], body: Numbered) -> None:
        self._fields = [_Field(signer, headers) for signer in signers]
        self._body = body
        first, *rest = _canonical_pieces(body)
        shared = first if isinstance(first, bytes) else b""
        self._rest = tuple(rest) if shared else (first, *rest)
        self._shared = hashlib.sha256(shared)

    def header(self, values: Sequence[bytes]) -> bytes:
        """The DKIM-Signature fields of the mail with these values, with their CRLF; they come first in it."""
        body_hash = base64.b64encode(self._digest(values))
        when = b"%d" % time.time()
        return b"".join(field.made(values, body_hash, when) for field in self._fields)

    def _digest(self, values: Sequence[bytes]) -> bytes:
        """The hash of the canonical body (RFC 6376 3.4.4): pieces made canonical once, unless blanks meet."""
        if not all(_apart(values[piece]) for piece in self._rest if isinstance(piece, int)):
            return hashlib.sha256(canonical_body(_filled(self._body, values))).digest()
        digest = self._shared.copy()
        digest.update(_filled(self._rest, values))
        return digest.digest()


class _Field:
    """One key's DKIM-Signature field; what is the same in every mail is made canonical once."""

    def __init__(self, signer: Signer, headers: Sequence[tuple[str, Numbered]]) -> None:
        self._sign = signer.sign
        self._tags = signer.tags, b";\r\n h=%s;\r\n bh=" % _listed(signer.names, headers), b";\r\n b="
        self._own = tuple(_BLANKS.sub(b" ", tag.replace(b"\r\n", b"")) for tag in self._tags)
        self._signed = [_relaxed_if_same(field) for field in _picked(signer.names, headers)]

    def made(self, values: Sequence[bytes], body_hash: bytes, when: bytes) -> bytes:
        """The field of the mail with these values, with its CRLF."""
        fields = [f if isinstance(f, bytes) else _relaxed_field(_filled(f, values)) for f in self._signed]
        before, between, after = self._own
        signature = self._sign(b"".join([*fields, b"dkim-signature:", before, when, between, body_hash, after]))
        folded = b"\r\n ".join(signature[at : at + _LINE] for at in range(0, len(signature), _LINE))
        before, between, after = self._tags
        return b"".join([b"DKIM-Signature: ", before, when, between, body_hash, after, folded, b"\r\n"])


def canonical_body(body: bytes) -> bytes:
    """The relaxed canonical form of a body (RFC 6376 3.4.4)."""
    body = _TRAILING.sub(b"", _BLANKS.sub(b" ", body)).rstrip(b"\r\n")
    return body + b"\r\n" if body else b""


def _canonical_pieces(body: Numbered) -> list[bytes | int]:
    """The pieces as they are canonical, where no blanks meet over a slot; the last one is octets."""
    if len(body) == 1 and isinstance(body[0], bytes):
        return [canonical_body(body[0])]
    pieces = [_TRAILING.sub(b"", _BLANKS.sub(b" ", p)) if isinstance(p, bytes) else p for p in body]
    if isinstance(pieces[-1], bytes):
        pieces[-1] = pieces[-1].rstrip(b"\r\n") + b"\r\n"
    return pieces


def _apart(value: bytes) -> bool:
    """Whether the value keeps the blanks on its sides from meeting each other, or a line's end."""
    return bool(value) and value[0] not in b" \t\r\n" and value[-1] not in b" \t\r\n"


def _filled(pieces: Numbered, values: Sequence[bytes]) -> bytes:
    return b"".join(piece if isinstance(piece, bytes) else values[piece] for piece in pieces)


def _relaxed_field(field: bytes) -> bytes:
    """The relaxed canonical form of `name:value` with its CRLF (RFC 6376 3.4.2)."""
    name, _, value = field.partition(b":")
    return name + b":" + _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" \t") + b"\r\n"


def _relaxed_if_same(field: Numbered) -> bytes | Numbered:
    """The relaxed form of a field that no slot stands in; another one as it is."""
    return field if any(isinstance(piece, int) for piece in field) else _relaxed_field(_filled(field, ()))


def _picked(names: Sequence[str], headers: Sequence[tuple[str, Numbered]]) -> list[Numbered]:
    """The fields that are signed, in the order of the h tag, with their names; of equal ones the last first."""
    return [
        (name.encode() + b":", *pieces) for name in names for own, pieces in reversed(headers) if own.lower() == name
    ]


def _listed(names: Sequence[str], headers: Sequence[tuple[str, Numbered]]) -> bytes:
    """The h tag's value, folded: each name once more than it occurs."""
    own = [name.lower() for name, _ in headers]
    words = [name for name in names for _ in range(own.count(name) + 1)]
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > _LINE:
            lines.append(line)
            line = ""
        line += word + ":"
    return "\r\n ".join([*lines, line]).removesuffix(":").encode()


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key made new: the private one as PEM, and the DNS record that publishes the other half."""

    pem: str
    name: str
    record: str

    @property
    def zone_line(self) -> str:
        """The record as a zone file has it, in strings of at most 255 characters."""
        parts = " ".join(f'"{self.record[at : at + 255]}"' for at in range(0, len(self.record), 255))
        return f"{self.name}. IN TXT ( {parts} )"


def new_key(domain: str, selector: str, kind: Literal["rsa", "ed25519"] = "rsa") -> NewKey:
    """A new key: RSA of 2048 bits, or Ed25519 (RFC 8463; not every receiver knows it yet)."""
    key = generate_private_key(65537, 2048) if kind == "rsa" else Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    if isinstance(key, Ed25519PrivateKey):
        public = key.public_key().public_bytes_raw()
    else:
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    record = f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode('ascii')}"
    return NewKey(pem, f"{selector}._domainkey.{domain}", record)
