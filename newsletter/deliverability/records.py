"""DNS records as text: lists of tags, lines of a zone file (RFC 1035 5.1), and the fields of a DNS provider's form.

Tags are those of DKIM, DMARC and BIMI records (RFC 6376 3.2).
"""

import re

LONGEST_STRING = 255
"""A TXT record consists of strings of at most this many characters (RFC 1035 3.3.14)."""
_ESCAPED_OR_BETWEEN = re.compile(r'\\(.)|" "', re.DOTALL)
"""An escaped character, or what stands between two strings."""


def txt(name: str, text: str) -> str:
    """Return a TXT record as a line of a zone."""
    strings = [text[at : at + LONGEST_STRING] for at in range(0, len(text), LONGEST_STRING)]
    quoted = " ".join('"' + string.replace("\\", "\\\\").replace('"', '\\"') + '"' for string in strings)
    return f"{name}. IN TXT ( {quoted} )" if strings[1:] else f"{name}. IN TXT {quoted}"


def fields(line: str) -> dict[str, str]:
    """Return a line of a zone as the fields of a DNS provider's form; the strings of a TXT record are joined."""
    name, _, rest = line.partition(". IN ")
    kind, _, data = rest.partition(" ")
    if kind == "TXT":
        data = _ESCAPED_OR_BETWEEN.sub(r"\1", data.strip("( )")[1:-1])
    return {"name": name, "type": kind, "value": data, "line": line}


def pairs(record: str) -> list[tuple[str, str]]:
    """Return the names and values of a record in order, without blanks around them."""
    parts = (part.partition("=") for part in record.split(";"))
    return [(name.strip(), value.strip()) for name, equals, value in parts if equals]


def tags(record: str) -> dict[str, str]:
    """Return the tags of a record, without blanks in their values; of a repeated one the first."""
    values: dict[str, str] = {}
    for name, value in pairs(record):
        values.setdefault(name, "".join(value.split()))
    return values
