"""`config.toml` as frozen dataclasses.

A `Config` has only valid values, and every error names its key and a remedy. Nothing else in the project reads the file
or the environment.
"""

from newsletter.config.load import ConfigError, ConfigProblem, find, load, parse
from newsletter.config.moments import next_moment
from newsletter.config.publication import (
    Cadence,
    CadenceSettings,
    ExcerptOf,
    Filter,
    Newsletter,
    Period,
    SourceSettings,
)
from newsletter.config.schema import (
    PLACEHOLDER_MAILBOX,
    PLACEHOLDER_POSTAL_ADDRESS,
    SHIPPED_TEMPLATES,
    Bounces,
    Collect,
    Config,
    DeliverySettings,
    Dkim,
    DomainPace,
    Guard,
    Imap,
    Log,
    Site,
    Smtp,
    Timeouts,
    WarmUp,
    Web,
)
from newsletter.config.snapshots import (
    Snapshot,
    changed_tables,
    check_change,
    current,
    object_with,
    recent,
    refresh,
    snapshot,
    use,
)
from newsletter.config.theme import Section, Theme
from newsletter.config.topics import TOPIC_NAME, Topic
from newsletter.config.values import Moment, NamedAddress, Rate, parse_duration, parse_size

__all__ = [
    "PLACEHOLDER_MAILBOX",
    "PLACEHOLDER_POSTAL_ADDRESS",
    "SHIPPED_TEMPLATES",
    "TOPIC_NAME",
    "Bounces",
    "Cadence",
    "CadenceSettings",
    "Collect",
    "Config",
    "ConfigError",
    "ConfigProblem",
    "DeliverySettings",
    "Dkim",
    "DomainPace",
    "ExcerptOf",
    "Filter",
    "Guard",
    "Imap",
    "Log",
    "Moment",
    "NamedAddress",
    "Newsletter",
    "Period",
    "Rate",
    "Section",
    "Site",
    "Smtp",
    "Snapshot",
    "SourceSettings",
    "Theme",
    "Timeouts",
    "Topic",
    "WarmUp",
    "Web",
    "changed_tables",
    "check_change",
    "current",
    "find",
    "load",
    "next_moment",
    "object_with",
    "parse",
    "parse_duration",
    "parse_size",
    "recent",
    "refresh",
    "snapshot",
    "use",
]
