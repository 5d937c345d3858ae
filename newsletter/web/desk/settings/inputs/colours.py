"""A field for a colour: a hexadecimal code, beside which static/desk/colours.js puts a picker and the contrast."""

from django.utils.translation import gettext_lazy as _

from newsletter.web.desk.settings.fields import Words


def colour_attributes() -> dict[str, Words]:
    """Return the attributes of a colour's text field, with what the script says."""
    return {
        "autocomplete": "off",
        "data-colour": "",
        "data-pick": _("Pick a colour"),
        "data-contrast": _("Contrast with white: {ratio} to 1"),
        "data-low": _("hard to read as text"),
        "data-unset": _("Not set"),
    }
