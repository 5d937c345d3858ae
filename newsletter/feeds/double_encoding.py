"""Repair of text that was encoded twice."""

import re

_CONTINUATION = r"[\x80-\xbf\u0152-\u2122]"
# Text that was encoded once has these behind a letter, too: `weiß…` is no N'Ko, and `Strauß’` is a genitive.
_BEHIND_LETTERS = r"[\xa0\xab\xad\xae\xb0\xb2\xb3\xb9\xbb‘’“”–—…™‹›]"
_DOUBLED = re.compile(
    rf"[\xc2\xc3]{_CONTINUATION}|[\xc4-\xf4]{_CONTINUATION}{{0,2}}(?!{_BEHIND_LETTERS}){_CONTINUATION}"
)
_OCTETS = {chr(octet): octet for octet in range(256)} | {
    bytes([octet]).decode("cp1252"): octet
    for octet in range(0x80, 0xA0)
    if octet not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)  # not assigned in windows-1252
}


def undo_double_encoding(text: str) -> str:
    """Return the text that was encoded in UTF-8, read as Latin-1 or windows-1252, and encoded again: `sê` for `sÃª`.

    Other text is returned as it is, and so is text of which a part only was encoded twice, or which may as well have
    letters before punctuation.
    """
    if not _DOUBLED.search(text):
        return text
    try:
        return bytes(map(_OCTETS.__getitem__, text)).decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return text
