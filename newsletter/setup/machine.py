"""The language and time zone that the machine is set to."""

import os
from pathlib import Path
from zoneinfo import available_timezones

from newsletter.setup.site_page import language_tag

_LOCALTIME = Path("/etc/localtime")


def machine_language() -> str:
    """Return the language of the environment's locale (POSIX: LC_ALL, LC_MESSAGES, LANG), or "" without one."""
    locale = next((value for key in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(key))), "")
    bare = locale.partition(".")[0].partition("@")[0]
    return "" if bare in ("C", "POSIX") else language_tag(bare)


def machine_timezone() -> str:
    """Return the machine's time zone ($TZ, else /etc/localtime), or "" if it has none that IANA knows."""
    zone = os.environ.get("TZ", "").lstrip(":")
    if zone in available_timezones():
        return zone
    if not _LOCALTIME.is_symlink():
        return ""
    _, marker, name = str(_LOCALTIME.resolve()).partition("zoneinfo/")
    return name if marker and name in available_timezones() else ""
