"""The tags of DKIM, DMARC and BIMI records (RFC 6376 3.2)."""


def tags(record: str) -> dict[str, str]:
    """Return the tags of a record, without blanks in their values."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, equals, value in pairs if equals}
