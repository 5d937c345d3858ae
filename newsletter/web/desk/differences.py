"""What changed between two states that the log or the history has, as titles with values before and after."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from django.utils.translation import gettext as _

from newsletter.editions.history import FIELDS as TEXTS
from newsletter.messages import from_json
from newsletter.web.desk.formatting import capital, message, moment
from newsletter.web.desk.logged_fields import name_of, title_of

SILENT = ("content", "position", "moved_rank", "id")
"""What the audit log keeps of a post or a block for the program alone."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def difference(before: Any, after: Any, zone: tzinfo = UTC) -> list[tuple[str, str, str]]:
    """Return the differences between two states: title, before, after; only changed values, at any depth.

    Of a post its headline stands for its number; marks of what it holds, and its place, are no news to anybody.
    """
    return list(_differing("", "", before, after, zone))


def _differing(name: str, key: str, before: Any, after: Any, zone: tzinfo) -> Iterator[tuple[str, str, str]]:
    if not (_is_tree(before) or _is_tree(after)):
        old, new = _plain(key, before, zone), _plain(key, after, zone)
        if old != new:
            yield name, old, new
        return
    was = before if _is_tree(before) else {}
    now = after if _is_tree(after) else {}
    name = str(now.get("headline") or was.get("headline") or name)
    for field in [*was, *(each for each in now if each not in was)]:
        if field not in SILENT:
            title = capital(message(TEXTS[field]())) if field in TEXTS else title_of(str(field))
            inner = f"{name}, {title}" if name and name != "posts" else title
            yield from _differing(inner, str(field), was.get(field), now.get(field), zone)


def _is_tree(value: Any) -> bool:
    return isinstance(value, Mapping) and not _is_message(value)


def _is_message(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == {"code", "params"}


def _plain(key: str, value: Any, zone: tzinfo) -> str:
    """Return a value in words: a time as pages write it, and what has a name by its name."""
    if isinstance(value, str):
        return moment(datetime.fromisoformat(value), zone) if _TIME.match(value) else name_of(key, value)
    if _is_message(value):
        return message(from_json(value))
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(key, v, zone) for v in value)
    return str(value)
