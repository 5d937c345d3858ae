"""Messages to people, as codes with parameters; one module for each stage has the sentences.

Below everything else, and pure: no Django, no database.
"""

from newsletter.messages import (
    accounts,
    archives,
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
from newsletter.messages.deliverability import dmarc, header_fields, records, requirements, servers, signatures, spf
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
    is_known,
    message_of,
    render,
)

STAGES = (
    sources,
    posts,
    editions,
    lint,
    importing,
    archives,
    accounts,
    history,
    schedule,
    sending,
    delivery,
    bounces,
    notices,
    failures,
    signatures,
    dmarc,
    header_fields,
    records,
    requirements,
    servers,
    spf,
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
    "is_known",
    "message_of",
    "render",
]
