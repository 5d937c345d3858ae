"""The settings page of a newsletter's cadences: how often readers can choose to get it, and what differs then."""

from collections.abc import Iterable
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from newsletter.web.desk.settings.fields import Kind, SettingField, SettingsPage, Words

TITLES: tuple[tuple[str, Words], ...] = (
    ("post", _("Every post")),
    ("day", _("Daily")),
    ("week", _("Weekly")),
    ("month", _("Monthly")),
)
OF_EACH = ("draft", "send", "approval", "subject", "minimum_posts", "maximum_posts", "body", "template")
"""The keys that each cadence besides the period may have of its own."""
TIMES = ("draft", "send")
"""Those whose help is about the defaults of all frequencies."""
NOT_OF_POST = ("draft", "send", "minimum_posts")
"""Those that make no sense for an edition with a single post, which is made when the post is found."""


def cadences_page(fields: Iterable[SettingField]) -> SettingsPage:
    """Return the page; `fields` are those of a newsletter, from which each cadence's own are made."""
    by_key = {field.key: field for field in fields}
    for key in TIMES:
        by_key[key] = replace(by_key[key], help="")
    own = tuple(
        replace(by_key[key], key=f"cadence.{cadence}.{key}", cadences=(cadence,))
        for cadence, _title in TITLES
        for key in OF_EACH
        if not (cadence == "post" and key in NOT_OF_POST)
    )
    return SettingsPage(
        "cadences",
        _("How often"),
        "newsletters.NAME",
        (
            SettingField(
                "cadences",
                _("Readers can choose"),
                _("The newsletter’s own frequency must be among them. If none is ticked, subscribers can’t choose."),
                Kind.CHOICES,
                TITLES,
            ),
            *own,
        ),
        intro=_(
            "Readers choose on the preferences page, and get each post once even if they switch. Below, enter what is "
            "different for editions of a frequency other than the newsletter's own; blank fields use the newsletter's "
            "settings. With “Every post”, an edition is made when a post is found, and sent when it is approved."
        ),
        groups=tuple((f"cadence.{cadence}", title) for cadence, title in TITLES),
    )


def as_documented(key: str) -> str:
    """Return a key as documents write it: `newsletters.NAME.cadence.CADENCE.draft`."""
    for cadence, _title in TITLES:
        key = key.replace(f".cadence.{cadence}.", ".cadence.CADENCE.")
    return key
