"""ETags of editions, with which If-Match keeps two writers from overwriting each other (RFC 9110 8.8.3 and 13.1.1).

An ETag begins with the edition's revision; the rest is a hash of the document that was read. It is strong.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from newsletter.api.refusals import Refused
from newsletter.messages import api as messages

_TAGS = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


def etag(revision: int, document: Mapping[str, Any]) -> str:
    """Return the ETag of an edition's document."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, default=str)
    return f'"{revision}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


def check_if_match(header: str | None, current: str, name: str) -> None:
    """Raise Refused if a write names no ETag (428, RFC 6585 3) or another one than the edition has (412)."""
    if header is None:
        raise Refused(HTTPStatus.PRECONDITION_REQUIRED, messages.IF_MATCH_MISSING())
    if header.strip() != "*" and current not in _TAGS.findall(header):
        raise Refused(HTTPStatus.PRECONDITION_FAILED, messages.IF_MATCH_FAILED(name=name), {"ETag": current})


def none_matches(header: str | None, current: str) -> bool:
    """Return whether an edition is other than what the client has (If-None-Match, RFC 9110 13.1.2)."""
    if header is None:
        return True
    return header.strip() != "*" and current not in [tag.removeprefix("W/") for tag in _TAGS.findall(header)]
