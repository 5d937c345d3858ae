"""`config.toml` as frozen dataclasses.

Promises: whoever holds a `Config` holds valid values; every error names its key and says what was meant;
nothing else in the project reads the file or the environment.
"""

from newsletter.config.load import ConfigError, current, find, load, parse, use
from newsletter.config.model import (
    SHIPPED_TEMPLATES,
    Bounces,
    Collect,
    Config,
    Delivery,
    Dkim,
    DomainPace,
    Filter,
    Imap,
    Newsletter,
    Site,
    Smtp,
    Source,
    Theme,
    Timeouts,
    WarmUp,
    Web,
)
from newsletter.config.values import Mailbox, Moment, Rate, parse_duration, parse_size

__all__ = [
    "SHIPPED_TEMPLATES",
    "Bounces",
    "Collect",
    "Config",
    "ConfigError",
    "Delivery",
    "Dkim",
    "DomainPace",
    "Filter",
    "Imap",
    "Mailbox",
    "Moment",
    "Newsletter",
    "Rate",
    "Site",
    "Smtp",
    "Source",
    "Theme",
    "Timeouts",
    "WarmUp",
    "Web",
    "current",
    "find",
    "load",
    "parse",
    "parse_duration",
    "parse_size",
    "use",
]
