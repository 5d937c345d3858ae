"""Bodies of email messages."""

from email.message import EmailMessage, Message
from typing import Any


def body_of(message: "Message[Any, Any]", kind: str) -> str:
    """Return the text of a message's body, "plain" or "html"."""
    assert isinstance(message, EmailMessage)
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())
