"""Messages to people, as codes with parameters; one module for each stage has the sentences.

Below everything else, and pure: no Django, no database.
"""

from newsletter.messages import (
    acts,
    api,
    archives,
    bounces,
    configuration,
    delivery,
    editions,
    failures,
    general,
    lint,
    notices,
    posts,
    schedule,
    sending,
    sources,
    subscriptions,
    team_accounts,
    tool_accounts,
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
    subscriptions,
    archives,
    tool_accounts,
    acts,
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
    team_accounts,
    api,
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
