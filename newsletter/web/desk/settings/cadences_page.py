"""The settings page of a newsletter's cadences: how often subscribers can choose to get it, and what differs then."""

from collections.abc import Iterable
from dataclasses import replace

from django.forms import Form
from django.utils.translation import gettext_lazy as _

from newsletter.messages import Message
from newsletter.messages.configuration import CADENCE_OF_PERIOD, CADENCE_TABLE
from newsletter.web.desk.settings.fields import SettingField, SettingsPage, Words

TITLES: tuple[tuple[str, Words], ...] = (
    ("post", _("Every post")),
    ("day", _("Daily")),
    ("week", _("Weekly")),
    ("month", _("Monthly")),
)
_TICK = _("Tick “%(frequency)s” too: subscribers who don’t choose get the newsletter that often.")
_TICK_OR_CLEAR = _("Tick “%(frequency)s”, or clear its settings below.")
_CLEAR = _("Clear the settings of “%(frequency)s” below, because the newsletter’s other pages have them.")
_TICK_FIRST = _("Subscribers can’t choose “%(frequency)s” yet. Tick it on the page “How often” first.")
_CLEAR_FIRST = _("“%(frequency)s” has settings on the page “How often”. Clear them there first.")
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
    of_cadences = tuple(
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
                _("Subscribers can choose"),
                _(
                    "Also tick how often the newsletter is sent now (“Frequency” on the page “Schedule”): subscribers "
                    "who don’t choose get it that often. If you tick nothing, there is no choice."
                ),
                choices=TITLES,
            ),
            *of_cadences,
        ),
        intro=_(
            "Subscribers choose when they sign up, and can change it on their preferences page. Nobody gets a post "
            "twice, even after a change. Below, enter what is different for daily editions, for example; blank fields "
            "use the newsletter’s other settings. With “Every post”, each post gets an email of its own, which is "
            "drafted when the post is found and sent when it is approved."
        ),
        groups=tuple((f"cadence.{cadence}", title) for cadence, title in TITLES),
    )


def beside_field(problem: Message, form: Form) -> tuple[str, str] | None:
    """Return the field that a contradiction of frequencies is about, and what to do in the form's own words.

    None for other problems, and in forms that have no such field.
    """
    parameter = {CADENCE_OF_PERIOD.code: "period", CADENCE_TABLE.code: "cadence"}.get(problem.code)
    field = next((key for key in ("cadences", "period") if key in form.fields), None)
    if parameter is None or field is None:
        return None
    cadence, lacking = str(problem.param(parameter)), CADENCE_OF_PERIOD.matches(problem)
    if field == "cadences":
        ticked = cadence in (form.cleaned_data.get("cadences") or ())
        sentence = _TICK if lacking else _CLEAR if ticked else _TICK_OR_CLEAR
    else:
        sentence = _TICK_FIRST if lacking else _CLEAR_FIRST
    return field, str(sentence) % {"frequency": dict(TITLES).get(cadence, cadence)}


def as_documented(key: str) -> str:
    """Return a key as documents write it: `newsletters.NAME.cadence.CADENCE.draft`."""
    for cadence, _title in TITLES:
        key = key.replace(f".cadence.{cadence}.", ".cadence.CADENCE.")
    return key
