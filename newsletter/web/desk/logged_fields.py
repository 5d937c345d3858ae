"""The titles of what the log and the history store under internal keys, such as `preheader`."""

from django.utils.translation import gettext as _


def title_of(key: str) -> str:
    """Return the title of a key; the key itself if it is a name already, such as that of a newsletter."""
    return _titles().get(key, key)


def name_of(key: str, value: str) -> str:
    """Return what the pages call a value of a key, such as the role `editor`; the value itself if it has no name."""
    names = {
        "role": {"admin": _("Admin"), "editor": _("Editor")},
        "choice": {"in": _("Included"), "out": _("Removed")},
        "kind": {"sponsor": _("Sponsor"), "event": _("Event"), "action": _("Call to action")},
        "after": {"top": _("Below the introduction"), "end": _("Above the sign-off")},
    }
    return names.get(key, {}).get(value, value)


def _titles() -> dict[str, str]:
    return {
        **_of_drafts(),
        "despite": _("Overridden errors"),
        "due": _("Sending time"),
        "days": _("Days after confirming"),
        "replaced by": _("Replaced by"),
        "people": _("Test emails"),
        "count": _("Number"),
        "provider": _("Email service"),
        "scopes": _("Permissions"),
        "left": _("Recovery codes left"),
        "role": _("Role"),
        "sends": _("May send"),
        "tags": _("Tags"),
        "newsletter": _("Newsletter"),
        **_of_imports(),
    }


def _of_drafts() -> dict[str, str]:
    return {
        "included": _("In the edition"),
        "headline_only": _("Headline only"),
        "choice": _("Decision of an editor"),
        "pinned": _("Pinned"),
        "moved_to": _("Moved to"),
        "title": _("Headline"),
        "text": _("Text"),
        "reason": _("Reason"),
        "headline": _("Headline"),
        "since": _("Posts from"),
        "until": _("Posts until"),
        "due_at": _("Sending time"),
        "blocks": _("Blocks"),
        "kind": _("Kind"),
        "url": _("Web address"),
        "button": _("Button text"),
        "when": _("When"),
        "after": _("Place"),
        "revision": _("Revision"),
    }


def _of_imports() -> dict[str, str]:
    return {
        "lines": _("Lines"),
        "active": _("Active"),
        "waiting": _("Pending"),
        "suppressed": _("Blocked"),
        "present": _("Already there"),
        "refused": _("Refused"),
        "added": _("Added"),
        "updated": _("Updated"),
        "unchanged": _("Unchanged"),
        "removed": _("Removed"),
        "restored": _("Restored"),
        "kept": _("Kept"),
    }
