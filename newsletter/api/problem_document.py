"""A problem document (RFC 9457), the body of every refusal of the API.

It needs nothing of the API itself, so that what stands in front of it answers in the same way.
"""

import json
from http import HTTPStatus
from typing import Any

from newsletter.messages import Message

API_ROOT = "/api/"
MEDIA_TYPE = "application/problem+json"
EXPLANATIONS = "/api/v1/problems/"
"""Where the codes are explained."""


def problem_document(status: HTTPStatus, message: Message, more: dict[str, Any]) -> bytes:
    """Return the document of a refusal as JSON, with further members."""
    document = {
        "type": EXPLANATIONS + message.code,
        "title": status.phrase,
        "status": status.value,
        "detail": str(message),
        "code": message.code,
        "params": message.to_json()["params"],
        **more,
    }
    return json.dumps(document, ensure_ascii=False).encode()
