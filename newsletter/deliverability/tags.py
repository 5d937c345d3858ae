"""Tag lists, as in DKIM, DMARC and BIMI records (RFC 6376 3.2)."""


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
