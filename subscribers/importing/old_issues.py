"""Recognizes exports of old issues, which `newsletter archive import` reads, and which have no subscribers."""

import re
from collections.abc import Sequence

START = 65_536
"""How many octets at the beginning of a file say what it is."""

CONTENT_FOLDER = "campaigns_content/"
"""The folder of Mailchimp's archive with the text of each campaign."""

_TABLES = (
    {"post_id", "post_date", "is_published"},  # Substack
    {"title", "subject", "send_date"},  # Mailchimp
    {"subject", "body", "publish_date"},  # Buttondown
)
_OF_ISSUES = re.compile(rb'"(?:db|posts)"\s*:\s*\[|"subject"\s*:')


def is_table(head: Sequence[str]) -> bool:
    """Return whether the first line of a CSV file is that of a table of issues."""
    columns = {cell.strip().lower().replace(" ", "_") for cell in head}
    return any(columns >= table for table in _TABLES)


def is_document(start: bytes) -> bool:
    """Return whether a file with this beginning is a JSON document of issues: of Ghost, Buttondown or listmonk."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    return text.startswith((b"{", b"[")) and bool(_OF_ISSUES.search(text))
