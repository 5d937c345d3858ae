"""DKIM signatures (RFC 6376, RFC 8463) over an edition's email, and new keys.

Canonicalization is relaxed/relaxed. The part of the body that all recipients share is hashed once. Every header field
that a receiver may rely on is listed once more than it occurs, so that none can be added (RFC 6376 5.4.2). Fields that
a provider rewrites are not signed.
"""

import base64
import hashlib
import re
import time
from collections.abc import Sequence
from functools import partial

from newsletter.config import Dkim
from newsletter.mime.message_builder import NumberedPieces, SignerFactory

SIGNED = (
    "from", "reply-to", "to", "cc", "subject", "date", "message-id", "list-id", "list-unsubscribe",
    "list-unsubscribe-post", "feedback-id", "auto-submitted", "mime-version", "content-type",
    "content-transfer-encoding",
)  # fmt: skip
REWRITTEN = {"amazon_ses": ("message-id", "date", "feedback-id")}
"""Header fields that a provider changes."""

_SES_HOST = re.compile(r"email-smtp\.[a-z0-9-]+\.amazonaws\.com(\.cn)?", re.IGNORECASE)
_BLANKS = re.compile(rb"[ \t]+")
_TRAILING = re.compile(rb" (?=\r\n)")
_LINE = 72


def signed_headers(provider: str = "smtp", host: str = "") -> tuple[str, ...]:
    """Return the header fields to sign for a provider, or for an SMTP host that belongs to one."""
    if _SES_HOST.fullmatch(host):
        provider = "amazon_ses"
    return tuple(name for name in SIGNED if name not in REWRITTEN.get(provider, ()))


class Signer:
    """A private key for a domain and selector."""

    def __init__(self, dkim: Dkim, names: Sequence[str] = SIGNED) -> None:
        """Read the key. Raises `DkimError` if it is invalid."""
        # cryptography takes 8 MB, which programs that sign nothing don't need.
        from newsletter.delivery.dkim_keys import signing_key

        key = signing_key(dkim)
        self._sign = key.sign
        self.names = tuple(names)
        self.tags = (
            f"v=1; a={key.kind}-sha256; c=relaxed/relaxed; d={dkim.domain};\r\n s={dkim.selector}; t="
        ).encode()

    def sign(self, data: bytes) -> bytes:
        """Return the signature in base64."""
        return base64.b64encode(self._sign(data))


class MessageSignatures:
    """The signatures for one edition's messages."""

    def __init__(
        self, signers: Sequence[Signer], headers: Sequence[tuple[str, NumberedPieces]], body: NumberedPieces
    ) -> None:
        self._fields = [_Field(signer, headers) for signer in signers]
        self._body = body
        first, *rest = _canonical_pieces(body)
        shared = first if isinstance(first, bytes) else b""
        self._rest = tuple(rest) if shared else (first, *rest)
        self._shared = hashlib.sha256(shared)

    def header(self, values: Sequence[bytes]) -> bytes:
        """Return the DKIM-Signature fields for these values, with their CRLF; they come first in the message."""
        body_hash = base64.b64encode(self._digest(values))
        when = b"%d" % time.time()
        return b"".join(field.value(values, body_hash, when) for field in self._fields)

    def _digest(self, values: Sequence[bytes]) -> bytes:
        """Return the hash of the canonical body (RFC 6376 3.4.4); its pieces are canonicalized once, unless blanks
        meet.
        """
        if not all(_separates_blanks(values[piece]) for piece in self._rest if isinstance(piece, int)):
            return hashlib.sha256(canonical_body(_join(self._body, values))).digest()
        digest = self._shared.copy()
        digest.update(_join(self._rest, values))
        return digest.digest()


class _Field:
    """One key's DKIM-Signature field; what is the same in every message is canonicalized once."""

    def __init__(self, signer: Signer, headers: Sequence[tuple[str, NumberedPieces]]) -> None:
        self._sign = signer.sign
        self._tags = signer.tags, b";\r\n h=%s;\r\n bh=" % _h_tag(signer.names, headers), b";\r\n b="
        self._own = tuple(_BLANKS.sub(b" ", tag.replace(b"\r\n", b"")) for tag in self._tags)
        self._signed = [_relaxed_if_same(field) for field in _signed_fields(signer.names, headers)]

    def value(self, values: Sequence[bytes], body_hash: bytes, when: bytes) -> bytes:
        """Return the field for these values, with its CRLF."""
        fields = [f if isinstance(f, bytes) else _relaxed_field(_join(f, values)) for f in self._signed]
        before, between, after = self._own
        signature = self._sign(b"".join([*fields, b"dkim-signature:", before, when, between, body_hash, after]))
        folded = b"\r\n ".join(signature[start : start + _LINE] for start in range(0, len(signature), _LINE))
        before, between, after = self._tags
        return b"".join([b"DKIM-Signature: ", before, when, between, body_hash, after, folded, b"\r\n"])


def signing(signers: Sequence[Signer]) -> SignerFactory | None:
    """Return what signs the messages of a `MessageBuilder`; None without keys."""
    return partial(MessageSignatures, tuple(signers)) if signers else None


def canonical_body(body: bytes) -> bytes:
    """Return the relaxed canonical form of a body (RFC 6376 3.4.4)."""
    body = _TRAILING.sub(b"", _BLANKS.sub(b" ", body)).rstrip(b"\r\n")
    return body + b"\r\n" if body else b""


def _canonical_pieces(body: NumberedPieces) -> list[bytes | int]:
    """Return the canonical pieces, if no blanks meet across a slot; the last one is octets."""
    if len(body) == 1 and isinstance(body[0], bytes):
        return [canonical_body(body[0])]
    pieces = [_TRAILING.sub(b"", _BLANKS.sub(b" ", p)) if isinstance(p, bytes) else p for p in body]
    if isinstance(pieces[-1], bytes):
        pieces[-1] = pieces[-1].rstrip(b"\r\n") + b"\r\n"
    return pieces


def _separates_blanks(value: bytes) -> bool:
    """Return whether the value separates the blanks on both sides of it from each other, and from a line end."""
    return bool(value) and value[0] not in b" \t\r\n" and value[-1] not in b" \t\r\n"


def _join(pieces: NumberedPieces, values: Sequence[bytes]) -> bytes:
    return b"".join(piece if isinstance(piece, bytes) else values[piece] for piece in pieces)


def _relaxed_field(field: bytes) -> bytes:
    """Return the relaxed canonical form of `name:value`, with its CRLF (RFC 6376 3.4.2)."""
    name, _, value = field.partition(b":")
    return name + b":" + _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" \t") + b"\r\n"


def _relaxed_if_same(field: NumberedPieces) -> bytes | NumberedPieces:
    """Return the relaxed form of a field without slots; a field with slots is returned unchanged."""
    return field if any(isinstance(piece, int) for piece in field) else _relaxed_field(_join(field, ()))


def _signed_fields(names: Sequence[str], headers: Sequence[tuple[str, NumberedPieces]]) -> list[NumberedPieces]:
    """Return the fields that are signed, with their names, in the order of the h tag; of several equal ones, the last
    first.
    """
    return [
        (name.encode() + b":", *pieces)
        for name in names
        for header, pieces in reversed(headers)
        if header.lower() == name
    ]


def _h_tag(names: Sequence[str], headers: Sequence[tuple[str, NumberedPieces]]) -> bytes:
    """Return the folded value of the h tag: each name once more than it occurs."""
    header_names = [name.lower() for name, _ in headers]
    words = [name for name in names for _ in range(header_names.count(name) + 1)]
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > _LINE:
            lines.append(line)
            line = ""
        line += word + ":"
    return "\r\n ".join([*lines, line]).removesuffix(":").encode()
