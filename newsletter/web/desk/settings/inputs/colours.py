"""A field for a colour: a hexadecimal code, beside which static/desk/colours.js puts a picker and the contrast."""

from django.utils.translation import gettext_lazy as _

from newsletter.render.theme.colours import DARK_BOX
from newsletter.web.desk.settings.fields import Words

BLACK_OR_WHITE = ""

_WITH_BACKGROUND = _("Contrast with the background: {ratio} to 1")
_OF_TEXT = _("Contrast of the text on it: {ratio} to 1")
_HARD, _ADJUSTED = _("hard to read"), _("made readable where it is text")
_MEASURED: dict[str, tuple[str, Words, Words]] = {
    "theme.accent": ("theme.background", _WITH_BACKGROUND, _ADJUSTED),
    "theme.accent_dark": (DARK_BOX, _("Contrast with the background in dark mode: {ratio} to 1"), _ADJUSTED),
    "theme.text": ("theme.background", _WITH_BACKGROUND, _HARD),
    "theme.background": ("theme.text", _OF_TEXT, _HARD),
    "theme.band": (BLACK_OR_WHITE, _OF_TEXT, _HARD),
}
_ON_WHITE = ("#ffffff", _("Contrast with white: {ratio} to 1"), _ADJUSTED)


def colour_attributes(key: str = "") -> dict[str, Words]:
    """Return the attributes of a colour's text field, with what the script says.

    The contrast is with the colour in the field that `data-other` names, or with that colour; with black or white,
    whichever is easier to read, if it is empty.
    """
    other, contrast, low = _MEASURED.get(key, _ON_WHITE)
    return {
        "autocomplete": "off",
        "data-colour": "",
        "data-pick": _("Pick a colour"),
        "data-other": other,
        "data-contrast": contrast,
        "data-low": low,
        "data-unset": _("Not set"),
    }
