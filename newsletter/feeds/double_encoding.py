"""Repair of text that was encoded twice."""

import re

_DOUBLED = re.compile(r"[\xc2-\xf4][\x80-\xbf\u0152-\u2122]")
_OCTETS = {chr(octet): octet for octet in range(256)} | {
    bytes([octet]).decode("cp1252"): octet
    for octet in range(0x80, 0xA0)
    if octet not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)  # not assigned in windows-1252
}


def undo_double_encoding(text: str) -> str:
    """Return the text that was encoded in UTF-8, read as Latin-1 or windows-1252, and encoded again: `sê` for `sÃª`.

    Other text is returned as it is, and so is text of which a part only was encoded twice.
    """
    if not _DOUBLED.search(text):
        return text
    try:
        return bytes(map(_OCTETS.__getitem__, text)).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return text
