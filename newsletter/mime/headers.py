"""Header field values: mailboxes, unstructured text and encoded words (RFC 5322, RFC 2047).

Values are folded for lines of at most 78 octets, and have no other line breaks.
"""

import base64
import re
from email.header import Header
from unicodedata import category

import idna

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/^_`{|}~ -]+")
_UNFIT = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_LONGEST_NAME = 60
_LONGEST_WORD = 70
_LINE = 62
"""The octets of a phrase and an address on one line, which leaves room for the field's name and "<>"."""
_WORD_OCTETS = 42
_LINE_OCTETS = 36
"""The octets of an encoded word behind a field's name, with which a line has 76 (RFC 2047 2)."""


def mailbox(name: str, address: bytes) -> bytes:
    """Return a mailbox (RFC 5322 3.4): the name as atoms, a quoted string or encoded words, then `<address>`.

    Returns only the address if the name is empty.
    """
    name = clean_name(name)
    return with_phrase(name, address) if name else address


def with_phrase(name: str, inside: bytes) -> bytes:
    """Return `name <inside>`, folded before the bracket if the line would be too long; `<inside>` without a name."""
    if not name:
        return b"<" + inside + b">"
    encoded = phrase(name)
    gap = b"\r\n <" if len(encoded) - encoded.rfind(b"\n") + len(inside) > _LINE else b" <"
    return encoded + gap + inside + b">"


def phrase(name: str) -> bytes:
    """Return a display name as atoms, a quoted string or encoded words."""
    if len(name) <= _LONGEST_NAME:
        if _PLAIN_NAME.fullmatch(name):
            return name.encode("ascii")
        if name.isascii() and "=?" not in name:
            escaped = name.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'.encode("ascii")
    return encoded_words(name)


def line(text: str) -> bytes:
    """Return the value of an unstructured field as `unstructured` does, but fast enough for each message.

    `text` is clean and on one line.
    """
    if text.isascii() and len(text) <= _LONGEST_NAME and "=?" not in text:
        return text.encode("ascii")
    return encoded_words(text, _LINE_OCTETS)


def unstructured(field: str, text: str) -> bytes:
    """Return the value of an unstructured field such as Subject, folded, in encoded words if it is not ASCII."""
    text = one_line(text)
    plain = text.isascii() and "=?" not in text and all(len(word) <= _LONGEST_WORD for word in text.split())
    value = Header(text, "us-ascii" if plain else "utf-8", header_name=field, maxlinelen=75)
    return value.encode(linesep="\r\n").encode("ascii")


def encoded_words(text: str, octets_each: int = _WORD_OCTETS) -> bytes:
    """Return encoded words (RFC 2047) of at most 75 octets and whole characters each, with folds between them.

    `email.header.Header` takes thirty times as long, which is too slow for something done for each message.
    """
    words, run = [], b""
    for character in text:
        octets = character.encode()
        if len(run) + len(octets) > octets_each:
            words.append(run)
            run = b""
        run += octets
    return b"\r\n ".join(b"=?utf-8?b?" + base64.b64encode(word) + b"?=" for word in [*words, run])


def clean_name(name: str) -> str:
    """Return a name without control characters, lone surrogates and marks that change the direction of text.

    White space is collapsed. The joiners that Persian, Indic scripts and emoji need are kept; a name of nothing else
    becomes "".
    """
    if not name.isprintable():
        name = _UNFIT.sub("", name)
        if all(character.isspace() or category(character) == "Cf" for character in name):
            return ""
    return " ".join(name.split())


def one_line(text: str) -> str:
    """Return text with white space collapsed and control characters removed."""
    return " ".join("".join(char for char in text if char.isspace() or category(char) not in ("Cc", "Cs")).split())


def ascii_domain(domain: str) -> str:
    """Return a domain as A-labels (RFC 5890). Raises `idna.IDNAError`."""
    return domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")


def ascii_address(address: str) -> bytes:
    """Return an address with its domain as A-labels; a local part outside ASCII stays UTF-8 (RFC 6531)."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{ascii_domain(domain)}".encode()
