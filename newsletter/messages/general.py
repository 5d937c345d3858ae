"""General messages."""

from newsletter.messages.message import Message, MessageType, gettext_noop

TEXT = MessageType("text", gettext_noop("{words}"))
"""Words that are shown as they are: a server's, a library's, or those that an earlier version stored."""

ABOUT = MessageType("about", gettext_noop("{subject}: {message}"))
"""A message about something that has a name."""

QUOTED = MessageType("quoted", gettext_noop("“{title}”"))
"""A title in quotation marks."""

ALSO = MessageType("also", gettext_noop("{first}; {second}"))
"""Two messages, such as a cause and its remedy."""

SETTING = MessageType("setting", gettext_noop("{key}"))
"""A key of config.toml: commands name the key, and the desk the field that has it."""

SIZE = MessageType("size", gettext_noop("{number} {unit}"))
"""An amount of disk space."""


def size_of(octets: int) -> Message:
    """Return an amount of disk space in MB, from 1,000 MB on in GB with one decimal."""
    megabytes = octets // 1_000_000
    if megabytes < 1_000:
        return SIZE(number=megabytes, unit="MB")
    return SIZE(number=round(octets / 1_000_000_000, 1), unit="GB")
