"""Decoding of documents, whatever they declare about their encoding, if anything.

Promises: never raises; bytes that are UTF-8 are read as UTF-8, even where another encoding is declared.
"""

import codecs
import re

from charset_normalizer import detect

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_WITHOUT_BOM = ((b"<\x00?\x00", "utf-16-le"), (b"\x00<\x00?", "utf-16-be"))
_DECLARED = re.compile(rb"""<(?:\?xml|meta)[^>]{0,300}?(?:encoding|charset)\s*+=\s*+["']?\s*+([A-Za-z0-9._:-]+)""")
_CHARSET = re.compile(r"""charset\s*+=\s*+["']?\s*+([A-Za-z0-9._:-]+)""", re.IGNORECASE)
# What browsers read instead (WHATWG Encoding, 4.2): the larger sets that contain the named ones.
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
}
# Names that browsers know (4.2) and Python doesn't.
_ALIASES = {"windows-874": "cp874", "iso-8859-8-i": "iso8859-8", "x-sjis": "cp932", "x-gbk": "gb18030"}
_WESTERN = {"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252"}
# Other codecs of Python's make no text of bytes (base64), or are no encodings of documents (idna).
_ENCODINGS = re.compile(r"ascii|utf-|iso8859|iso2022|cp\d|koi8|mac|gb|big5|shift|euc|hz|tis|johab")
_SEVEN_BIT = ("iso2022", "hz", "utf-7")


# Multi-byte sequences of well-formed UTF-8 (Unicode 3.9, table 3-7).
_SEQUENCE = (
    rb"(?:[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3})"
)
# Runs are short, because the regular expression keeps state for each of their octets.
_RUNS = re.compile(
    rb"((?:[\x00-\x7f]++|" + _SEQUENCE + rb"){1,4096}+)|((?:(?!" + _SEQUENCE + rb")[\x80-\xff]){1,4096}+)"
)
# Octets that are not UTF-8 stand alone or in twos in Western languages.
_DENSE = re.compile(rb"(?:(?!" + _SEQUENCE + rb")[\x80-\xff]){5,4096}+")
_ENOUGH = 50
_NOT_LATIN = re.compile(r"cp(?:866|874|932|949|950|125[1356])\Z|iso8859-[5-8]\Z|shift|euc|gb|big5|koi8|tis")
_SAMPLE = 50_000


def _partly_utf_8(body: bytes) -> str:
    """Decode UTF-8, and octets that are not UTF-8 as windows-1252, as undeclared Western feeds have it."""
    return "".join(m[1].decode("utf-8") if m[1] else m[2].decode("cp1252", "replace") for m in _RUNS.finditer(body))


def decode(body: bytes, content_type: str = "") -> str:
    """Return the text of a document: by its byte order mark, as UTF-8 where it is that, else as it or the header
    declares.

    Where nothing (or UTF-8, or Latin-1) is declared, what is no UTF-8 is windows-1252, byte by byte. If nothing (or
    UTF-8) is declared and many such bytes stand together, they say which encoding it is.
    """
    for start, encoding in (*_BOMS, *_WITHOUT_BOM):
        if body.startswith(start):
            return body.decode(encoding, "replace").lstrip("\ufeff")
    declared = _declared(body, content_type)
    if declared.startswith(_SEVEN_BIT):
        return body.decode(declared, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        encoding = _detected(body) if declared == "utf-8" else declared
        return _partly_utf_8(body) if encoding in _WESTERN else body.decode(encoding, "replace")


def _detected(body: bytes) -> str:
    """Return the encoding of a document without a right declaration, by Python's name; `utf-8` for a Western one."""
    end = body.rfind(b"<", 0, _SAMPLE) if len(body) > _SAMPLE else None  # where no character of two octets is cut
    sample = body[:end]
    beyond_ascii = sum(octet > 127 for octet in sample)
    if beyond_ascii < _ENOUGH or sum(map(len, _DENSE.findall(sample))) * 8 < beyond_ascii:
        return "utf-8"
    encoding = codecs.lookup(detect(sample)["encoding"] or "utf-8").name
    return encoding if _NOT_LATIN.match(encoding) else "utf-8"


def _declared(body: bytes, content_type: str) -> str:
    """Return the encoding that the document declares, else the header; by Python's name, `utf-8` where neither is
    known.
    """
    names = [m[1].decode("ascii") for m in (_DECLARED.search(body[:2000]),) if m]
    names += [m[1] for m in (_CHARSET.search(content_type),) if m]
    for name in names:
        try:
            encoding = codecs.lookup(_ALIASES.get(name.lower(), name)).name
        except (LookupError, ValueError):
            continue
        if _ENCODINGS.match(encoding):
            return _WIDER.get(encoding, encoding)
    return "utf-8"
