"""What changed between two states that the log or the history has, as titles with values before and after."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from newsletter.editions.history import FIELDS as TEXTS
from newsletter.messages import from_json
from newsletter.web.desk.formatting import capital, message, moment

SILENT = ("content", "position", "moved_rank", "id")
"""What the audit log keeps of a post or a block for the program alone."""
TITLES = {
    "despite": gettext_lazy("Overridden errors"),
    "due": gettext_lazy("Sending time"),
    "days": gettext_lazy("Days after confirming"),
    "replaced by": gettext_lazy("Replaced by"),
    "people": gettext_lazy("Test emails"),
    "count": gettext_lazy("Number"),
    "provider": gettext_lazy("Email service"),
    "scopes": gettext_lazy("Permissions"),
    "left": gettext_lazy("Recovery codes left"),
    "role": gettext_lazy("Role"),
    "sends": gettext_lazy("May send"),
    "tags": gettext_lazy("Tags"),
    "newsletter": gettext_lazy("Newsletter"),
    "included": gettext_lazy("In the edition"),
    "headline_only": gettext_lazy("Headline only"),
    "choice": gettext_lazy("Decision of an editor"),
    "pinned": gettext_lazy("Pinned"),
    "moved_to": gettext_lazy("Moved to"),
    "title": gettext_lazy("Headline"),
    "text": gettext_lazy("Text"),
    "reason": gettext_lazy("Reason"),
    "headline": gettext_lazy("Headline"),
    "since": gettext_lazy("Posts from"),
    "until": gettext_lazy("Posts until"),
    "due_at": gettext_lazy("Sending time"),
    "blocks": gettext_lazy("Blocks"),
    "kind": gettext_lazy("Kind"),
    "url": gettext_lazy("Web address"),
    "button": gettext_lazy("Button text"),
    "when": gettext_lazy("When"),
    "after": gettext_lazy("Place"),
    "revision": gettext_lazy("Revision"),
    "lines": gettext_lazy("Lines"),
    "active": gettext_lazy("Active"),
    "waiting": gettext_lazy("Pending"),
    "suppressed": gettext_lazy("Blocked"),
    "present": gettext_lazy("Already there"),
    "refused": gettext_lazy("Refused"),
    "added": gettext_lazy("Added"),
    "updated": gettext_lazy("Updated"),
    "unchanged": gettext_lazy("Unchanged"),
    "removed": gettext_lazy("Removed"),
    "restored": gettext_lazy("Restored"),
    "kept": gettext_lazy("Kept"),
}
"""The titles of keys that the log and the history store, such as `headline_only`."""
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


def title_of(key: str) -> str:
    """Return the title of a key; the key itself if it is a name already, such as that of a newsletter."""
    return str(TITLES.get(key, key))


def name_of(key: str, value: str) -> str:
    """Return what the pages call a value of a key, such as the role `editor`; the value itself if it has no name."""
    names = {
        "role": {"admin": _("Admin"), "editor": _("Editor")},
        "choice": {"in": _("Included"), "out": _("Removed")},
        "kind": {"sponsor": _("Sponsor"), "event": _("Event"), "action": _("Call to action")},
        "after": {"top": _("Below the introduction"), "end": _("Above the sign-off")},
    }
    return names.get(key, {}).get(value, value)
