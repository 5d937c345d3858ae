"""Messages to people, as codes with parameters; one module for each stage has the sentences.

Below everything else, and pure: no Django, no database.
"""

from newsletter.messages import (
    bounces,
    configuration,
    delivery,
    editions,
    failures,
    general,
    history,
    importing,
    lint,
    notices,
    posts,
    schedule,
    sending,
    sources,
)
from newsletter.messages.deliverability import checks as deliverability_checks
from newsletter.messages.message import (
    CATALOGUE,
    ENGLISH,
    English,
    Message,
    MessageType,
    Param,
    Problem,
    Speech,
    from_json,
    from_text,
    message_of,
    render,
)

STAGES = (
    sources,
    posts,
    editions,
    lint,
    importing,
    history,
    schedule,
    sending,
    delivery,
    bounces,
    notices,
    failures,
    deliverability_checks,
    configuration,
    general,
)
"""The modules that hold the sentences."""

__all__ = [
    "CATALOGUE",
    "ENGLISH",
    "STAGES",
    "English",
    "Message",
    "MessageType",
    "Param",
    "Problem",
    "Speech",
    "from_json",
    "from_text",
    "message_of",
    "render",
]
